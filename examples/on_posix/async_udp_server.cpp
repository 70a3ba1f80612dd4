// SPDX-License-Identifier: MIT
// The UDP server's flow on duet's epoll loop, many datagrams a call: recvmmsg(2), sendmmsg(2). unixgram endpoints do as well.
// datagram_echo.hpp has it ready made, with what is missing here (loop guard, counters). usage: async_udp_server [ENDPOINT]
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/datagram.hpp"
#include "duet/on_posix/loop.hpp"

namespace {

class server {
 public:
  server(duet::on_posix::loop& loop, const duet::endpoint& at) : socket_(loop) {
    socket_.bind(at, options());
  }

  duet::endpoint local_endpoint() const { return socket_.local_endpoint(); }

  void receive() {
    socket_.async_receive_batch(in_, [this](std::error_code, std::size_t) {
      if (socket_.is_open()) send();  // an error is one datagram's, not the socket's
    });
  }

 private:
  /// The address that was asked, so that the answer comes from there: a wildcard has many.
  static duet::datagram_options options() {
    duet::datagram_options options;
    options.metadata.local_address = true;
    return options;
  }

  /// The bytes stay where they came to. What is cut is no echo.
  void send() {
    out_.clear();
    for (std::size_t each = 0; each < in_.size(); ++each) {
      if (!in_.truncated(each)) out_.add_reply(in_.bytes(each), in_, each);
    }
    socket_.async_send_batch(out_, [this](std::error_code, std::size_t) {
      if (socket_.is_open()) receive();
    });
  }

  duet::on_posix::datagram_socket socket_;
  duet::on_posix::incoming_batch in_{options()};
  duet::on_posix::outgoing_batch out_{options()};
};

}  // namespace

int main(int argc, char** argv) try {
  duet::on_posix::loop loop;
  duet::on_posix::signal_set signals(loop, {SIGINT, SIGTERM});
  signals.async_wait([&](std::error_code, int) { loop.stop(); });
  server echo(loop, duet::endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:9000"));
  std::cout << "listening " << echo.local_endpoint() << std::endl;
  echo.receive();
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The UDP client's flow on duet's epoll loop: the same steps, each a handler; connected, so that the server alone is heard and a port without
// one refuses; and a deadline for the answer, which may be lost. unixgram endpoints do as well. usage: async_udp_client ENDPOINT [TEXT]
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_posix/datagram.hpp"
#include "duet/on_posix/loop.hpp"

namespace {

class client {
 public:
  client(duet::on_posix::loop& loop, const duet::endpoint& to) : deadline_(loop), server_(loop) {
    // Of UNIX a socket without a name cannot be answered; the empty path asks the kernel for one.
    if (to.is_unix()) server_.bind(duet::endpoint::local(to.transport(), {}));
    server_.connect(to);
  }

  void send(const std::string& text) {
    server_.async_send(std::as_bytes(std::span(text)), [this](std::error_code ec, std::size_t) {
      if (ec) duet::throw_error(ec, "send");
      receive();
    });
  }

 private:
  void receive() {
    deadline_.expires_after(std::chrono::seconds(5));
    deadline_.async_wait([](std::error_code ec) {
      if (!ec) duet::throw_error(duet::error::timed_out, "receive");
    });
    server_.async_receive(std::as_writable_bytes(std::span(echo_)),
                          [this](std::error_code ec, std::size_t size) {
                            if (ec) duet::throw_error(ec, "receive");
                            deadline_.cancel();
                            server_.close();
                            std::cout << std::string(echo_.data(), size) << '\n';
                          });
  }

  duet::on_posix::timer deadline_;
  duet::on_posix::datagram_socket server_;
  std::array<char, 65535> echo_{};
};

}  // namespace

int main(int argc, char** argv) try {
  const std::string text = argc > 2 ? argv[2] : "hello, duet";
  duet::on_posix::loop loop;
  client one(loop, duet::endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:9000"));
  one.send(text);
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The arm `asio-stock` of the scenario `datagram`: the echo server that one writes after reading Asio's documentation: async_receive_from and
// async_send_to in turn, default executors, an io_context of default hints. Whatever the cell asks for, it moves one datagram a call
// and knows no more of it than who sent it. It uses nothing of duet but the text of endpoints and the common options.
#include <asio.hpp>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"

namespace {

using udp = asio::ip::udp;
using unixgram = asio::local::datagram_protocol;

template <class Protocol>
class datagram_server {
 public:
  datagram_server(asio::io_context& context, const typename Protocol::endpoint& where,
                  const duet::bench::arm_options& options)
      : socket_(context, where), options_(options), buffer_(options.datagram_bytes) {
    socket_.set_option(
        asio::socket_base::receive_buffer_size(static_cast<int>(options.receive_buffer_bytes)));
    receive();
  }

  typename Protocol::endpoint local_endpoint() const { return socket_.local_endpoint(); }

 private:
  void receive() {
    socket_.async_receive_from(asio::buffer(buffer_), sender_,
                               [this](std::error_code error, std::size_t size) {
                                 if (error) throw std::system_error(error);
                                 if (duet::bench::wants_answer(options_, buffer_.data(), size)) {
                                   send(size);
                                 } else {
                                   receive();
                                 }
                               });
  }

  void send(std::size_t size) {
    socket_.async_send_to(asio::buffer(buffer_, size), sender_,
                          [this](std::error_code error, std::size_t) {
                            if (error) throw std::system_error(error);
                            receive();
                          });
  }

  typename Protocol::socket socket_;
  typename Protocol::endpoint sender_;
  duet::bench::arm_options options_;
  std::vector<char> buffer_;
};

void run(asio::io_context& context, const duet::bench::arm_options& options) {
  if (!options.spin) context.run();
  while (options.spin) context.poll();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = duet::bench::parse_arm_options(argc, argv);
    const auto where = duet::endpoint::parse(options.listen);
    asio::io_context context;
    if (where.is_unix()) {
      const datagram_server<unixgram> echo(context, unixgram::endpoint(where.path()), options);
      duet::bench::announce(options.listen);
      run(context, options);
    } else {
      const udp::endpoint at(asio::ip::make_address(where.address().to_string()), where.port());
      const datagram_server<udp> echo(context, at, options);
      duet::bench::announce(where.with_port(echo.local_endpoint().port()).to_string());
      run(context, options);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "asio-stock: %s\n", error.what());
    return 1;
  }
}

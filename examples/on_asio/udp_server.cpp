// SPDX-License-Identifier: MIT
// The UDP server's flow, one blocking call after another on Asio: open, bind, receive_from, send_to, close.
// It answers every datagram with itself; unixgram endpoints do as well. Another such server behind a forged sender would bounce one for
// ever: datagram_echo.hpp has the guard against it. usage: udp_server [ENDPOINT]
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/on_asio/blocking_datagram.hpp"

namespace {

namespace blocking = duet::on_asio::blocking;

/// Sends back what came: `size` bytes, and no strlen. One that cannot be answered is no reason to end.
void echo(blocking::datagram_socket& server, std::span<std::byte> buffer) {
  duet::endpoint client;
  const std::size_t size = server.recvfrom(buffer, client);
  std::cout << "received " << size << " bytes of " << client << std::endl;
  std::error_code ec;
  server.sendto(buffer.first(size), client, 0, ec);
  if (ec) std::cout << "send_to: " << ec.message() << std::endl;
}

void serve(const duet::endpoint& at) {
  blocking::datagram_socket server = blocking::bind_datagram(at);  // open, bind
  std::cout << "listening " << server.local_endpoint() << std::endl;
  std::vector<std::byte> buffer(65535);  // none is longer: receive_from would cut it without a word
  for (;;) echo(server, buffer);
}

}  // namespace

int main(int argc, char** argv) try {
  serve(duet::endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:9000"));
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The UDP client's flow, one blocking call after another on Asio: open, send_to, receive_from, close.
// It sends a text as one datagram and prints what returns; unixgram endpoints do as well. If either datagram is lost it waits for ever:
// async_udp_client has a deadline. usage: udp_client ENDPOINT [TEXT]
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <string>

#include "duet/endpoint.hpp"
#include "duet/on_asio/blocking_datagram.hpp"

namespace {

namespace blocking = duet::on_asio::blocking;

void talk(const duet::endpoint& to, const std::string& text) {
  blocking::datagram_socket socket = blocking::open_datagram(to);  // open
  socket.sendto(std::as_bytes(std::span(text)), to);               // one call, one datagram
  std::string echo(65535, '\0');
  std::size_t size = 0;
  duet::endpoint from;
  do {  // anybody may send to this socket; what others send is not the answer
    size = socket.recvfrom(std::as_writable_bytes(std::span(echo)), from);
  } while (from != to);
  socket.close();
  std::cout << echo.substr(0, size) << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  talk(duet::endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:9000"),
       argc > 2 ? argv[2] : "hello, duet");
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

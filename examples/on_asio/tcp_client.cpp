// SPDX-License-Identifier: MIT
// The TCP client's flow, one blocking call after another on Asio: open, connect, write_some, read_some, close.
// It sends a text to an echo server and prints what returns. usage: tcp_client ENDPOINT [TEXT]
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <string>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/blocking.hpp"

namespace {

namespace blocking = duet::on_asio::blocking;

/// write_some may take fewer bytes than it is given.
void write_all(blocking::connection& to, std::span<const std::byte> from) {
  while (!from.empty()) from = from.subspan(to.write(from));
}

/// read_some may return fewer bytes than there is room for: TCP keeps the order of bytes, not where one write ended.
void read_all(blocking::connection& from, std::span<std::byte> to) {
  while (!to.empty()) {
    const std::size_t size = from.read(to);
    if (size == 0) duet::throw_error(duet::error::end_of_stream, "read");
    to = to.subspan(size);
  }
}

void talk(const duet::endpoint& to, const std::string& text) {
  blocking::connection server = blocking::connect(to);  // open, connect
  write_all(server, std::as_bytes(std::span(text)));
  std::string echo(text.size(), '\0');
  read_all(server, std::as_writable_bytes(std::span(echo)));
  server.close();
  std::cout << echo << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  talk(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"),
       argc > 2 ? argv[2] : "hello, duet");
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

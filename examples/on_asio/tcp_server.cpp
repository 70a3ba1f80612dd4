// SPDX-License-Identifier: MIT
// The TCP server's flow, one blocking call after another on Asio: open, bind, listen, accept, read_some, write_some, close.
// It serves one client at a time; the next ones wait in the queue that listen made. usage: tcp_server [ENDPOINT]
#include <array>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/on_asio/blocking.hpp"

namespace {

namespace blocking = duet::on_asio::blocking;

/// write_some may take fewer bytes than it is given.
void write_all(blocking::connection& to, std::span<const std::byte> from) {
  while (!from.empty()) from = from.subspan(to.write(from));
}

/// Sends back what comes, until the client has ended: then read returns 0, where Asio itself says error::eof.
void echo(blocking::connection& client) {
  std::array<std::byte, 4096> buffer;
  while (const std::size_t size = client.read(buffer)) {
    write_all(client, std::span(buffer).first(size));
  }
}

void serve(const duet::endpoint& at) {
  blocking::server server(at);  // open, bind, listen
  std::cout << "listening " << server.local_endpoint() << std::endl;
  for (;;) {
    blocking::connection client = server.accept();
    std::cout << "accepted " << client.remote_endpoint() << std::endl;
    try {
      echo(client);
    } catch (const std::system_error& lost) {  // this client's end, not the server's
      std::cout << lost.what() << std::endl;
    }
    client.close();
    std::cout << "closed" << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  serve(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

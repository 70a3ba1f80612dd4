// SPDX-License-Identifier: MIT
// The TCP server's flow, one blocking call after another on bare POSIX: socket, bind, listen, accept, read, write, close.
// It serves one client at a time; the next ones wait in the queue that listen(2) made. usage: tcp_server [ENDPOINT]
#include <array>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/on_posix/blocking.hpp"

namespace {

namespace blocking = duet::on_posix::blocking;

/// write(2) may take fewer bytes than it is given.
void write_all(blocking::connection& to, std::span<const std::byte> from) {
  while (!from.empty()) from = from.subspan(to.write(from));
}

/// Sends back what comes, until the client has ended: then read(2) returns 0.
void echo(blocking::connection& client) {
  std::array<std::byte, 4096> buffer;
  while (const std::size_t size = client.read(buffer)) {
    write_all(client, std::span(buffer).first(size));
  }
}

void serve(const duet::endpoint& at) {
  blocking::server server(at);  // socket, bind, listen
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
  // write(2) to a client that is gone: an error, not the end of this program.
  std::signal(SIGPIPE, SIG_IGN);
  serve(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The classic server: accept, fork, and the child serves that client and leaves. Clients are served at the same time with calls that block,
// and none can take another one's process down. usage: fork_server [ENDPOINT]
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>

#include "duet/endpoint.hpp"
#include "duet/on_posix/fork_server.hpp"

namespace {

namespace blocking = duet::on_posix::blocking;

/// write(2) may take fewer bytes than it is given.
void write_all(blocking::connection& to, std::span<const std::byte> from) {
  while (!from.empty()) from = from.subspan(to.write(from));
}

/// What a child does. It has this one connection; the listener is its parent's. Its result is what waitpid(2) tells the parent; if it throws,
/// 1. No destructor of main's objects runs in it, and nothing flushes std::cout but std::endl.
int serve(blocking::connection& client) {
  std::cout << "process " << ::getpid() << " serves " << client.remote_endpoint() << std::endl;
  std::array<std::byte, 4096> buffer;
  while (const std::size_t size = client.read(buffer)) {
    write_all(client, std::span(buffer).first(size));
  }
  std::cout << "process " << ::getpid() << " leaves" << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  // write(2) to a client that is gone: an error, not the end of the process. What is ignored here is ignored in children.
  std::signal(SIGPIPE, SIG_IGN);
  duet::fork_options options;
  options.max_children =
      100;  // while there are so many, clients wait in the queue that listen(2) made
  duet::on_posix::fork_server server(serve, options);
  const auto at = duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000");
  // std::endl again: what std::cout holds when a process is copied would be printed by both.
  std::cout << "listening " << server.listen(at) << std::endl;
  server.run();  // until a signal ends it, and its children with it
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

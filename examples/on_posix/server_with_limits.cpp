// SPDX-License-Identifier: MIT
// A server that you can leave running, on duet's epoll loop: caps, limits of time, a draining stop. It echoes. usage: server_with_limits [ENDPOINT]
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/server.hpp"
#include "duet/server_options.hpp"

namespace {

using namespace std::chrono_literals;
using duet::on_posix::session_ptr;

using buffer_ptr = std::shared_ptr<std::array<std::byte, 4096>>;

/// guard() holds the session, and ends it with what the handler throws; no other minds. A drain cancels the read.
void echo(const session_ptr& client, const buffer_ptr& buffer) {
  client->connection().async_read_some(
      *buffer, client->guard([=](std::error_code ec, std::size_t size) {
        if (ec) throw std::system_error(ec);
        client->connection().async_write(std::span(*buffer).first(size),
                                         client->guard([=](std::error_code failed, std::size_t) {
                                           if (failed) throw std::system_error(failed);
                                           echo(client, buffer);
                                         }));
      }));
}

duet::server_options limits() {
  duet::server_options options;
  options.max_connections = 1000;  // further ones wait in the kernel's backlog
  options.max_per_address = 100;
  options.limits.idle = 5min;
  options.limits.stall = 30s;  // a peer that takes nothing
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  duet::on_posix::loop loop;
  duet::on_posix::server server(loop, limits());
  const auto at = server.listen(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  server.start([](const session_ptr& client) {
    echo(client, std::make_shared<buffer_ptr::element_type>());
  });
  duet::on_posix::signal_set signals(loop, {SIGINT, SIGTERM});
  signals.async_wait([&](std::error_code, int) {
    server.drain(10s, [](const std::vector<duet::endpoint>& survivors) {
      if (!survivors.empty()) std::cout << survivors.size() << " aborted\n";
    });
  });
  std::cout << "listening " << at << std::endl;
  loop.run();
  std::cout << server.counters().accepted << " served\n";
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// A server that you can leave running, on Asio: caps, limits of time, a draining stop. It echoes. usage: server_with_limits [ENDPOINT]
#include <array>
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
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
#include "duet/on_asio/server.hpp"
#include "duet/server_options.hpp"

namespace {

using namespace std::chrono_literals;
using duet::on_asio::session_ptr;

/// A session is a coroutine: it ends with its peer, an error or what it throws, and no other minds. A drain cancels the read.
asio::awaitable<void> echo(session_ptr client) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    const std::size_t size =
        co_await client->connection().async_read_some(std::span(buffer), asio::use_awaitable);
    co_await client->connection().async_write(std::span<const std::byte>(buffer).first(size),
                                              asio::use_awaitable);
  }
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
  asio::io_context context;
  duet::on_asio::loop loop(context);
  duet::on_asio::server server(loop, limits());
  const auto at = server.listen(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  server.start(echo);
  asio::signal_set signals(context, SIGINT, SIGTERM);
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

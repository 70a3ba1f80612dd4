// SPDX-License-Identifier: MIT
// Forwards connections from one endpoint to another, TCP or UNIX, on Asio: accept, connect, relay.
// usage: port_forwarder LISTEN TARGET
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/on_asio/connect.hpp"
#include "duet/on_asio/listener.hpp"
#include "duet/on_asio/relay.hpp"
#include "duet/on_asio/stream.hpp"

namespace {

using asio::use_awaitable;
using duet::on_asio::listener;
using duet::on_asio::stream;

/// One connection and its other half; both are closed at the end of the coroutine.
asio::awaitable<void> forward(stream client, const duet::endpoint& to) try {
  stream target(client.get_executor());
  co_await async_connect(target, to, {}, use_awaitable);
  const auto moved = co_await async_relay(client, target, {}, use_awaitable);
  std::cout << moved.first_to_second << " to, " << moved.second_to_first << " from" << std::endl;
} catch (const std::system_error& failed) {
  std::cerr << "forward: " << failed.what() << std::endl;
}

asio::awaitable<void> accept(listener& at, const duet::endpoint& to) {
  for (;;) {
    stream client = co_await at.async_accept(use_awaitable);
    const auto executor = client.get_executor();
    co_spawn(executor, forward(std::move(client), to), asio::detached);
  }
}

void rethrow(std::exception_ptr failed) {
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

int main(int argc, char** argv) try {
  const auto from = duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000");
  const auto to = duet::endpoint::parse(argc > 2 ? argv[2] : "tcp://127.0.0.1:9001");
  asio::io_context context;
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](std::error_code, int) { context.stop(); });
  listener door(context);
  door.listen(from);
  std::cout << "listening " << door.local_endpoint() << std::endl;
  co_spawn(context, accept(door, to), rethrow);
  context.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The TCP server's flow on Asio: the same steps, many clients at once, each a coroutine that reads like the blocking flow. echo.hpp
// has it ready made, with what is missing here (draining, limits, want of descriptors). usage: async_tcp_server [ENDPOINT]
#include <array>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/on_asio/listener.hpp"
#include "duet/on_asio/stream.hpp"

namespace {

using asio::use_awaitable;
using duet::on_asio::listener;
using duet::on_asio::stream;

/// One client, closed at the end of the coroutine.
asio::awaitable<void> echo(stream client) try {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    const std::size_t size = co_await client.async_read_some(std::span(buffer), use_awaitable);
    co_await client.async_write(std::span<const std::byte>(buffer).first(size), use_awaitable);
  }
} catch (const std::system_error&) {  // the client has ended (asio::error::eof), or is gone
}

asio::awaitable<void> accept(listener& at) {
  for (;;) {
    stream client = co_await at.async_accept(use_awaitable);
    co_spawn(co_await asio::this_coro::executor, echo(std::move(client)), asio::detached);
  }
}

void rethrow(std::exception_ptr failed) {
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

int main(int argc, char** argv) try {
  asio::io_context context;
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](std::error_code, int) { context.stop(); });
  listener server(context);
  server.listen(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  std::cout << "listening " << server.local_endpoint() << std::endl;
  co_spawn(context, accept(server), rethrow);
  context.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The TCP client's flow on Asio: the same steps in a coroutine that reads like the blocking flow, and a deadline for connecting,
// which that one cannot have. usage: async_tcp_client ENDPOINT [TEXT]
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/connect.hpp"
#include "duet/on_asio/stream.hpp"

namespace {

using asio::use_awaitable;

asio::awaitable<void> talk(asio::io_context& context, duet::endpoint to, std::string text) {
  duet::connect_options options;
  options.deadline = std::chrono::seconds(5);
  duet::on_asio::stream server(context);
  std::error_code ec;
  co_await async_connect(server, to, options, asio::redirect_error(use_awaitable, ec));
  if (ec) duet::throw_error(ec, "connect", &to);
  co_await server.async_write(asio::buffer(text), use_awaitable);
  co_await asio::async_read(server, asio::buffer(text), use_awaitable);  // all of it
  server.close();
  std::cout << text << '\n';
}

void rethrow(std::exception_ptr failed) {
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

int main(int argc, char** argv) try {
  asio::io_context context;
  const auto to = duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000");
  co_spawn(context, talk(context, to, argc > 2 ? argv[2] : "hello, duet"), rethrow);
  context.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

// SPDX-License-Identifier: MIT
// The UDP client's flow on Asio: the same steps in a coroutine; connected, so that the server alone is heard and a port without one refuses;
// and a deadline for the answer, which may be lost. unixgram endpoints do as well. usage: async_udp_client ENDPOINT [TEXT]
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/datagram.hpp"

namespace {

using asio::use_awaitable;

asio::awaitable<void> talk(asio::io_context& context, duet::endpoint to, std::string text) {
  duet::on_asio::datagram_socket server(context);
  // Of UNIX a socket without a name cannot be answered; the empty path asks the kernel for one.
  if (to.is_unix()) server.bind(duet::endpoint::local(to.transport(), {}));
  server.connect(to);
  co_await server.async_send(asio::buffer(text), use_awaitable);
  asio::steady_timer deadline(context, std::chrono::seconds(5));
  deadline.async_wait([](std::error_code ec) {
    if (!ec) duet::throw_error(duet::error::timed_out, "receive");
  });
  std::string echo(65535, '\0');
  std::error_code ec;
  const std::size_t size =
      co_await server.async_receive(asio::buffer(echo), asio::redirect_error(use_awaitable, ec));
  if (ec) duet::throw_error(ec, "receive");
  server.close();
  std::cout << echo.substr(0, size) << '\n';
}

void rethrow(std::exception_ptr failed) {
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

int main(int argc, char** argv) try {
  asio::io_context context;
  const auto to = duet::endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:9000");
  co_spawn(context, talk(context, to, argc > 2 ? argv[2] : "hello, duet"), rethrow);
  context.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

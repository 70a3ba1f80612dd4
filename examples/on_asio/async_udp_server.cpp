// SPDX-License-Identifier: MIT
// The UDP server's flow on Asio, as a coroutine and many datagrams a call, which Asio itself has not. unixgram endpoints do as well.
// datagram_echo.hpp has it ready made, with what is missing here (loop guard, counters). usage: async_udp_server [ENDPOINT]
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/datagram.hpp"

namespace {

/// The address that was asked, so that the answer comes from there: a wildcard has many.
duet::datagram_options options() {
  duet::datagram_options options;
  options.metadata.local_address = true;
  return options;
}

/// The bytes stay where they came to. What is cut is no echo, and an error is one datagram's, not the socket's.
asio::awaitable<void> echo(duet::on_asio::datagram_socket& socket) {
  duet::on_asio::incoming_batch in(options());
  duet::on_asio::outgoing_batch out(options());
  while (socket.is_open()) {
    std::error_code ec;
    co_await socket.async_receive_batch(in, asio::redirect_error(asio::use_awaitable, ec));
    out.clear();
    for (std::size_t each = 0; each < in.size(); ++each) {
      if (!in.truncated(each)) out.add_reply(in.bytes(each), in, each);
    }
    co_await socket.async_send_batch(out, asio::redirect_error(asio::use_awaitable, ec));
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
  duet::on_asio::datagram_socket socket(context);
  socket.bind(duet::endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:9000"), options());
  std::cout << "listening " << socket.local_endpoint() << std::endl;
  co_spawn(context, echo(socket), rethrow);
  context.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

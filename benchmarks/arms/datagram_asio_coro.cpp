// SPDX-License-Identifier: MIT
// The arm `asio-coro` of datagrams: one coroutine receives and answers in turn. As asio-stock it moves one datagram a call, whatever the cell
// asks for, and uses nothing of duet but the text of endpoints and the common options.
#include <asio.hpp>
#include <cstdio>
#include <exception>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"

namespace {

using asio::use_awaitable;
using udp = asio::ip::udp;
using unixgram = asio::local::datagram_protocol;

template <class Protocol>
asio::awaitable<void> serve(typename Protocol::socket& socket,
                            const duet::bench::arm_options& options) {
  std::vector<char> buffer(options.datagram_bytes);
  typename Protocol::endpoint sender;
  for (;;) {
    const std::size_t size =
        co_await socket.async_receive_from(asio::buffer(buffer), sender, use_awaitable);
    if (!duet::bench::wants_answer(options, buffer.data(), size)) continue;
    co_await socket.async_send_to(asio::buffer(buffer, size), sender, use_awaitable);
  }
}

/// An error ends the arm: it would be measured.
void rethrow(const std::exception_ptr& failed) {
  if (failed) std::rethrow_exception(failed);
}

template <class Protocol, class Announce>
void run(const typename Protocol::endpoint& where, const duet::bench::arm_options& options,
         Announce&& announce) {
  asio::io_context context;
  typename Protocol::socket socket(context, where);
  socket.set_option(
      asio::socket_base::receive_buffer_size(static_cast<int>(options.receive_buffer_bytes)));
  asio::co_spawn(context, serve<Protocol>(socket, options), rethrow);
  announce(socket);
  if (!options.spin) context.run();
  while (options.spin) context.poll();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = duet::bench::parse_arm_options(argc, argv);
    const auto where = duet::endpoint::parse(options.listen);
    if (where.is_unix()) {
      run<unixgram>(unixgram::endpoint(where.path()), options,
                    [&](const auto&) { duet::bench::announce(options.listen); });
    } else {
      run<udp>({asio::ip::make_address(where.address().to_string()), where.port()}, options,
               [&](const udp::socket& socket) {
                 const auto port = socket.local_endpoint().port();
                 duet::bench::announce(where.with_port(port).to_string());
               });
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

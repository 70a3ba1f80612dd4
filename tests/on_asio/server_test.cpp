// SPDX-License-Identifier: MIT
// server on Asio: sessions that are coroutines, completion tokens of a drain.
#include <asio/detail/config.hpp>

#include "skip.hpp"

#if !defined(ASIO_HAS_CO_AWAIT)

#include <doctest/doctest.h>
TEST_CASE("server: coroutines") { DUET_SKIP("Asio has no coroutines with this compiler"); }

#else

#include <array>
#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>

#include "duet/error.hpp"
#include "duet/on_asio/server.hpp"
#include "parked.hpp"
#include "raw_socket.hpp"
#include "tokens.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;
using asio::awaitable;
using asio::use_awaitable;
using on_asio::session_ptr;

namespace {

awaitable<void> echo(session_ptr self) {
  std::array<std::byte, 1024> buffer{};
  for (;;) {
    const std::size_t size = co_await self->connection().async_read_some(buffer, use_awaitable);
    co_await self->connection().async_write(std::span(buffer).first(size), use_awaitable);
  }
}

struct served {
  explicit served(world& of, const server_options& options = {})
      : w(of), loop(w.context), server(loop, options), where(server.listen(any_port())) {}
  [[nodiscard]] std::uint64_t closed_by(close_reason why) const {
    return server.counters().closed_by(why);
  }

  world& w;
  on_asio::loop loop;
  on_asio::server server;
  endpoint where;
};

}  // namespace

TEST_CASE("server: a session is a coroutine that ends with its peer") {
  world w;
  served s(w);
  s.server.start(echo);
  const raw_socket peer = raw_socket::connected(s.where);
  peer.send_all(as_bytes("to and fro"));
  std::array<std::byte, 16> got{};
  ssize_t size = -1;
  w.until([&] { return (size = peer.receive_now(got)) >= 0; });
  CHECK(as_text(std::span(got).first(static_cast<std::size_t>(size))) == "to and fro");
  peer.shut_down(SHUT_WR);
  w.until([&] { return s.closed_by(close_reason::end_of_stream) == 1; });
  CHECK(peer.receive(1).empty());
}

TEST_CASE("server: a coroutine that returns finishes its session") {
  world w;
  served s(w);
  s.server.start([](session_ptr self) -> awaitable<void> {
    co_await self->connection().async_write(as_bytes("bye"), use_awaitable);
  });
  const raw_socket peer = raw_socket::connected(s.where);
  std::array<std::byte, 16> got{};
  w.until([&] { return peer.receive_now(got) == 3; });
  w.until([&] { return peer.receive_now(got) == 0; });
  peer.shut_down(SHUT_WR);
  w.until([&] { return s.closed_by(close_reason::local) == 1; });
}

TEST_CASE("server: what a coroutine throws ends its session alone") {
  world w;
  served s(w);
  int number = 0;
  s.server.start([&number](session_ptr self) -> awaitable<void> {
    if (++number == 1) co_return co_await echo(std::move(self));
    std::array<std::byte, 1> buffer{};
    co_await self->connection().async_read_some(buffer, use_awaitable);
    throw std::runtime_error("no");
  });
  const raw_socket good = raw_socket::connected(s.where);
  w.until([&] { return number == 1; });
  const raw_socket bad = raw_socket::connected(s.where);
  bad.send_all(as_bytes("x"));
  w.until([&] { return s.closed_by(close_reason::thrown) == 1; });
  good.send_all(as_bytes("y"));
  std::array<std::byte, 1> got{};
  w.until([&] { return good.receive_now(got) == 1; });
  CHECK(s.server.counters().active == 1);
  s.server.stop();
  w.until([&] { return s.server.counters().active == 0; });
}

TEST_CASE("server: a limit ends a coroutine that waits") {
  world w;
  server_options options;
  options.limits.idle = 20ms;
  served s(w, options);
  s.server.start(echo);
  const raw_socket peer = raw_socket::connected(s.where);
  w.until([&] { return s.closed_by(close_reason::idle) == 1; });
}

TEST_CASE("server: a drain can be awaited") {
  world w;
  served s(w);
  s.server.start(echo);
  const raw_socket peer = raw_socket::connected(s.where);
  w.until([&] { return s.server.counters().active == 1; });
  std::future<std::vector<endpoint>> drained = s.server.drain(10ms, asio::use_future);
  w.until([&] { return drained.wait_for(0s) == std::future_status::ready; });
  CHECK(drained.get().size() == 1);
}

#endif

// SPDX-License-Identifier: MIT
// C++20 coroutines over every operation: co_await, as_tuple, and the operators that race and join.
#include <asio/detail/config.hpp>

#include "skip.hpp"

#if !defined(ASIO_HAS_CO_AWAIT)

#include <doctest/doctest.h>
TEST_CASE("coroutine: all") { DUET_SKIP("Asio has no coroutines with this compiler"); }

#else

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "duet/on_asio/echo.hpp"
#include "parked.hpp"
#include "tokens.hpp"

using namespace duet;
using namespace duet::test;
using namespace asio::experimental::awaitable_operators;
using asio::awaitable;
using asio::use_awaitable;

namespace {

/// Runs `body` on the case's context until it returns; what it throws fails the case.
void complete(world& w, std::function<awaitable<void>()> body) {
  bool over = false;
  std::exception_ptr thrown;
  asio::co_spawn(w.context, std::move(body), [&](std::exception_ptr failure) {
    over = true;
    thrown = failure;
  });
  w.until([&] { return over; });
  if (thrown) std::rethrow_exception(thrown);
}

awaitable<void> echo_one(listener& server) {
  stream peer = co_await server.async_accept(use_awaitable);
  std::array<std::byte, 1024> buffer{};
  for (;;) {
    const auto [ec, size] =
        co_await peer.async_read_some(std::span(buffer), as_tuple(use_awaitable));
    if (ec == condition::end_of_stream) break;
    REQUIRE_FALSE(ec);
    co_await peer.async_write(std::span<const std::byte>(buffer).first(size), use_awaitable);
  }
  peer.shutdown(shutdown_type::send);
}

awaitable<void> call(const endpoint& at, std::string_view line, std::string& back) {
  auto to = co_await asio::this_coro::executor;
  on_asio::basic_stream<> client(to);
  co_await on_asio::async_connect(client, at, {}, use_awaitable);
  co_await client.async_wait(wait_type::write, use_awaitable);
  CHECK(co_await client.async_write_some(as_bytes(line), use_awaitable) == line.size());
  client.shutdown(shutdown_type::send);
  std::array<std::byte, 1024> buffer{};
  for (;;) {
    const auto [ec, size] =
        co_await client.async_read_some(asio::buffer(buffer), as_tuple(use_awaitable));
    if (ec) break;
    back += as_text({buffer.data(), size});
  }
}

/// Of one type whatever the operation completes with, so that operators over it are compiled once.
template <class Result>
awaitable<void> without_result(awaitable<Result> operation) {
  co_await std::move(operation);
}

awaitable<void> pass_at_once() {
  asio::steady_timer now(co_await asio::this_coro::executor, std::chrono::seconds(0));
  co_await now.async_wait(use_awaitable);
}

}  // namespace

TEST_CASE("coroutine: a server and a client echo") {
  world w;
  listener server(w.context);
  server.listen(any_port());
  std::string back;
  complete(w, [&]() -> awaitable<void> {
    co_await (echo_one(server) && call(server.local_endpoint(), "to and fro", back));
  });
  CHECK(back == "to and fro");
}

TEST_CASE("coroutine: an error is thrown or as_tuple returns it") {
  world w;
  auto [a, b] = w.pair();
  b.close();
  std::array<std::byte, 8> to{};
  std::error_code thrown;
  std::error_code returned;
  complete(w, [&]() -> awaitable<void> {
    try {
      co_await a.async_read_some(std::span(to), use_awaitable);
    } catch (const std::system_error& error) {
      thrown = error.code();
    }
    const auto result = co_await a.async_read_some(std::span(to), as_tuple(use_awaitable));
    returned = std::get<0>(result);
  });
  CHECK(thrown == asio::error::eof);
  CHECK(thrown == condition::end_of_stream);
  CHECK(returned == condition::end_of_stream);
}

TEST_CASE_TEMPLATE("coroutine: what comes first cancels", Op, DUET_PARKED) {
  world w;
  Op op(w);
  std::size_t winner = 99;
  complete(w, [&]() -> awaitable<void> {
    const auto result = co_await (without_result(op.start(use_awaitable)) || pass_at_once());
    winner = result.index();
  });
  CHECK(winner == 1);
}

TEST_CASE("coroutine: a read that lost a race loses no bytes") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  std::size_t size = 0;
  complete(w, [&]() -> awaitable<void> {
    const auto first = co_await (a.async_read_some(std::span(to), use_awaitable) || pass_at_once());
    CHECK(first.index() == 1);
    co_await b.async_write(as_bytes("later"), use_awaitable);
    size = co_await a.async_read_some(std::span(to), use_awaitable);
  });
  CHECK(as_text({to.data(), size}) == "later");
}

TEST_CASE("coroutine: both directions at once") {
  world w;
  auto [a, b] = w.pair();
  std::vector<std::byte> out(1 << 20, std::byte{7});
  std::vector<std::byte> in(out.size());
  complete(w, [&]() -> awaitable<void> {
    co_await (a.async_write(std::span(std::as_const(out)), use_awaitable) &&
              asio::async_read(b, asio::buffer(in), use_awaitable));
  });
  CHECK(in == out);
}

TEST_CASE("coroutine: a deferred operation is awaited") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  std::size_t size = 0;
  complete(w, [&]() -> awaitable<void> {
    auto write = b.async_write(as_bytes("deferred"), deferred);
    auto read = a.async_read_some(std::span(to), deferred);
    co_await std::move(write)(use_awaitable);
    size = co_await std::move(read)(use_awaitable);
  });
  CHECK(as_text({to.data(), size}) == "deferred");
}

TEST_CASE("coroutine: cancel of a direction reaches one that nothing else can cancel") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  std::error_code ended;
  complete(w, [&]() -> awaitable<void> {
    asio::post(w.context, [&] { a.cancel(wait_type::read); });
    const auto result = co_await a.async_read_some(std::span(to), as_tuple(use_awaitable));
    ended = std::get<0>(result);
  });
  CHECK(ended == asio::error::operation_aborted);
}

TEST_CASE("coroutine: a signal ends a coroutine from outside") {
  world w;
  parked_lookup op(w);
  asio::cancellation_signal stop;
  std::exception_ptr thrown;
  bool over = false;
  asio::co_spawn(
      w.context, [&]() -> awaitable<void> { co_await op.start(use_awaitable); },
      asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr failure) {
        over = true;
        thrown = failure;
      }));
  w.context.poll();
  name_hold::await_lookup();
  CHECK_FALSE(over);
  stop.emit(asio::cancellation_type::terminal);
  w.until([&] { return over; });
  CHECK_THROWS_AS(std::rethrow_exception(thrown), std::system_error);
}

TEST_CASE("coroutine: one that a context takes with it closes its streams") {
  const descriptor_check descriptors;
  {
    world w;
    listener server(w.context);
    server.listen(any_port());
    asio::co_spawn(w.context, echo_one(server), asio::detached);
    asio::co_spawn(
        w.context,
        [at = server.local_endpoint()]() -> awaitable<void> {
          on_asio::basic_stream<> client(co_await asio::this_coro::executor);
          co_await on_asio::async_connect(client, at, {}, use_awaitable);
          co_await client.async_wait(wait_type::read, use_awaitable);
        },
        asio::detached);
    w.settle();
    w.abandon();
  }
}

TEST_CASE("coroutine: the echo server drains and the echo client runs") {
  world w;
  on_asio::loop loop(w.context);
  on_asio::echo_server server(loop);
  const endpoint at = server.listen(any_port());
  server.start();
  auto input = descriptor_pair();
  auto output = descriptor_pair();
  std::error_code ec;
  complete(w, [&]() -> awaitable<void> {
    stream connected(loop);
    stream source(loop);
    source.assign(std::move(input.first));
    co_await on_asio::async_connect(connected, at, {}, use_awaitable);
    co_await source.async_write(as_bytes("through the client"), use_awaitable);
    source.close();
    on_asio::echo_client client(loop);
    const echo_result result = co_await client.async_run(std::move(connected), input.second.get(),
                                                         output.first.get(), use_awaitable);
    CHECK(result.sent == 18);
    CHECK(result.received == 18);
    CHECK(co_await server.drain(std::chrono::seconds(10), use_awaitable) == 0);
  });
  stream sink(loop);
  sink.assign(std::move(output.second));
  std::array<std::byte, 64> to{};
  const auto size = sink.try_read_some(to, ec);
  REQUIRE(size);
  CHECK(as_text({to.data(), *size}) == "through the client");
}

#endif

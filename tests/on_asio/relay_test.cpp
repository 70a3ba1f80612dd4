// SPDX-License-Identifier: MIT
// relay on Asio: tokens, the handler's slot, a strand. What both columns do is in conformance/relay_test.cpp and relay_end_test.cpp.
#include "duet/on_asio/relay.hpp"

#include <doctest/doctest.h>

#include <array>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/read.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <future>

#include "duet/error.hpp"
#include "world.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// One message forth, one back, then both ends.
template <class Stream>
void talk_through(world& w, Stream& left, Stream& right) {
  std::array<std::byte, 4> got{};
  fate& asked = w.expect();
  fate& heard = w.expect();
  left.async_write(as_bytes("ping"), probe(asked));
  asio::async_read(right, asio::buffer(got), probe(heard));
  w.until(heard);
  CHECK(as_text(got) == "ping");
  fate& said = w.expect();
  fate& back = w.expect();
  right.async_write(as_bytes("pong"), probe(said));
  asio::async_read(left, asio::buffer(got), probe(back));
  w.until(back);
  CHECK(as_text(got) == "pong");
  left.shutdown(shutdown_type::send);
  right.shutdown(shutdown_type::send);
}

}  // namespace

TEST_CASE("relay: a coroutine waits for it") {
  world w;
  auto [one, left] = w.pair();
  auto [other, right] = w.pair();
  relay_result moved;
  bool over = false;
  asio::co_spawn(
      w.context,
      [&]() -> asio::awaitable<void> {
        moved = co_await on_asio::async_relay(one, other, {}, asio::use_awaitable);
      },
      [&](std::exception_ptr failed) {
        CHECK_FALSE(failed);
        over = true;
      });
  talk_through(w, left, right);
  w.until([&] { return over; });
  CHECK(moved == relay_result{4, 4, 0});
}

TEST_CASE("relay: a future has the result or the error") {
  world w;
  auto [one, left] = w.pair();
  auto [other, right] = w.pair();
  auto result = on_asio::async_relay(one, other, {}, asio::use_future);
  const auto ready = [&] {
    return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  SUBCASE("result") {
    talk_through(w, left, right);
    w.until(ready);
    CHECK(result.get() == relay_result{4, 4, 0});
  }
  SUBCASE("error") {
    other.cancel();
    w.until(ready);
    CHECK_THROWS_AS(result.get(), std::system_error);
  }
}

TEST_CASE("relay: a slot of the handler ends it and the streams stay") {
  world w;
  auto [one, left] = w.pair();
  auto [other, right] = w.pair();
  asio::cancellation_signal signal;
  fate& relay = w.expect();
  on_asio::async_relay(one, other, {}, asio::bind_cancellation_slot(signal.slot(), probe(relay)));
  w.settle();
  CHECK(relay.called == 0);
  signal.emit(asio::cancellation_type::terminal);
  CHECK(relay.called == 0);
  w.until(relay);
  CHECK(relay.error == asio::error::operation_aborted);
  w.settle();
  std::array<std::byte, 5> got{};
  fate& sent = w.expect();
  fate& heard = w.expect();
  left.async_write(as_bytes("hello"), probe(sent));
  asio::async_read(one, asio::buffer(got), probe(heard));
  w.until(heard);
  CHECK(as_text(got) == "hello");
  CHECK(other.is_open());
}

TEST_CASE("relay: streams on a strand") {
  world w;
  using strand = asio::strand<asio::io_context::executor_type>;
  using on_strand = on_asio::basic_stream<strand>;
  const strand one = asio::make_strand(w.context);
  auto first = connected_pair<on_strand>(one);
  auto second = connected_pair<on_strand>(one);
  bool there = false;
  on_asio::async_relay(first.first, second.first, {},
                       [&](std::error_code ec, const relay_result& moved) {
                         CHECK_FALSE(ec);
                         CHECK(moved == relay_result{4, 4, 0});
                         there = one.running_in_this_thread();
                       });
  talk_through(w, first.second, second.second);
  w.until([&] { return there; });
}

// SPDX-License-Identifier: MIT
// with_deadline: who wins between a result, the time and a cancellation, for operations of several signatures.
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_asio/resolver.hpp"
#include "duet/on_asio/with_deadline.hpp"
#include "parked.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;
using on_asio::with_deadline;

namespace {

/// Holds the loop until so much time is over, so that what is due by then comes in one round.
void hold(std::chrono::milliseconds duration) {
  const auto until = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < until) {
  }
}

/// An operation that heeds no cancellation, and ends when and as it is told.
struct stubborn {
  std::function<void(std::error_code, std::size_t)> end;

  template <class Token>
  auto start(Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, std::size_t)>(
        [this](auto handler) {
          auto kept = std::make_shared<decltype(handler)>(std::move(handler));
          end = [kept](std::error_code ec, std::size_t size) { std::move (*kept)(ec, size); };
        },
        token);
  }
};

/// Runs until a timer of so long is over, set after whatever else is due by then.
void pass(world& w, std::chrono::milliseconds duration) {
  asio::steady_timer timer(w.context, duration);
  bool over = false;
  timer.async_wait([&](std::error_code) { over = true; });
  w.until([&] { return over; });
}

}  // namespace

TEST_CASE("with_deadline: what came first is what is told of an operation that takes its time") {
  world w;
  stubborn op;
  asio::cancellation_signal stop;
  fate& end = w.expect();
  const auto start = [&] {
    with_deadline(
        w.context.get_executor(), 5ms, [&](auto token) { return op.start(std::move(token)); },
        asio::bind_cancellation_slot(stop.slot(), probe(end)));
  };
  const auto finish = [&](std::error_code ec, std::size_t size) {
    asio::post(w.context, [&op, ec, size] { std::exchange(op.end, nullptr)(ec, size); });
    w.until(end);
  };
  start();
  SUBCASE("the cancellation and then the time") {
    stop.emit(asio::cancellation_type::terminal);
    pass(w, 20ms);
    finish(asio::error::operation_aborted, 0);
    CHECK(end.error == condition::operation_canceled);
  }
  SUBCASE("the time and then the cancellation") {
    pass(w, 20ms);
    stop.emit(asio::cancellation_type::terminal);
    finish(asio::error::operation_aborted, 0);
    CHECK(end.error == condition::timed_out);
  }
  SUBCASE("the time and then a result") {
    pass(w, 20ms);
    finish({}, 7);
    CHECK_FALSE(end.error);
    CHECK(end.size == 7);
  }
  SUBCASE("the time and then another error") {
    pass(w, 20ms);
    finish(asio::error::connection_reset, 0);
    CHECK(end.error == asio::error::connection_reset);
  }
}

TEST_CASE("with_deadline: a result in time is delivered and leaves no timer") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  with_deadline(
      a, 1h, [&](auto token) { return a.async_read_some(std::span(to), std::move(token)); },
      probe(read));
  std::error_code ec;
  b.try_write_some(as_bytes("abc"), ec);
  w.until(read);
  CHECK_FALSE(read.error);
  CHECK(read.size == 3);
}

TEST_CASE_TEMPLATE("with_deadline: each operation is timed out", Op, DUET_PARKED) {
  world w;
  Op op(w);
  fate& end = w.expect();
  with_deadline(
      w.context.get_executor(), 5ms, [&](auto token) { return op.start(std::move(token)); },
      probe(end));
  w.until(end);
  CHECK(end.error == condition::timed_out);
}

TEST_CASE("with_deadline: a result that comes together with the time wins") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  // All in one handler, so that the loop looks for neither before there are both.
  asio::post(w.context, [&, &a = a, &b = b] {
    with_deadline(
        a, 5ms, [&](auto token) { return a.async_read_some(std::span(to), std::move(token)); },
        probe(read));
    std::error_code ec;
    b.try_write_some(as_bytes("abc"), ec);
    hold(20ms);
  });
  w.until(read);
  CHECK_FALSE(read.error);
  CHECK(read.size == 3);
}

TEST_CASE("with_deadline: an outer cancellation stays one") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  asio::cancellation_signal stop;
  fate& read = w.expect();
  const auto start = [&](std::chrono::milliseconds duration) {
    with_deadline(
        a, duration, [&](auto token) { return a.async_read_some(std::span(to), std::move(token)); },
        asio::bind_cancellation_slot(stop.slot(), probe(read)));
  };
  SUBCASE("long before the time") {
    start(1h);
    asio::post(w.context, [&] { stop.emit(asio::cancellation_type::total); });
  }
  SUBCASE("just before the time") {
    asio::post(w.context, [&] {
      start(5ms);
      stop.emit(asio::cancellation_type::terminal);
      hold(20ms);
    });
  }
  w.until(read);
  CHECK(read.error == condition::operation_canceled);
}

TEST_CASE("with_deadline: what was read before the time is told with it") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  std::error_code ec;
  b.try_write_some(as_bytes("abc"), ec);
  with_deadline(
      a, 5ms, [&](auto token) { return asio::async_read(a, asio::buffer(to), std::move(token)); },
      probe(read));
  w.until(read);
  CHECK(read.error == condition::timed_out);
  CHECK(read.size == 3);
}

TEST_CASE("with_deadline: a future and an exception") {
  world w;
  asio::steady_timer never(w.context, 1h);
  std::future<void> waited = with_deadline(
      never, 5ms, [&](auto token) { return never.async_wait(std::move(token)); }, asio::use_future);
  w.until([&] { return waited.wait_for(0s) == std::future_status::ready; });
  try {
    waited.get();
    FAIL("no exception");
  } catch (const std::system_error& failed) {
    CHECK(failed.code() == condition::timed_out);
  }
}

TEST_CASE("with_deadline: the handler is called on its own executor and strands hold") {
  world w;
  auto strand = asio::make_strand(w.context);
  on_asio::basic_stream<asio::strand<asio::io_context::executor_type>> idle(strand);
  auto ends = descriptor_pair();
  idle.assign(std::move(ends.first));
  std::array<std::byte, 8> to{};
  bool on_other = false;
  fate& read = w.expect();
  with_deadline(
      idle, 5ms, [&](auto token) { return idle.async_read_some(std::span(to), std::move(token)); },
      asio::bind_executor(w.other.get_executor(),
                          [&, end = probe(read)](std::error_code ec, std::size_t size) mutable {
                            on_other = w.other.get_executor().running_in_this_thread();
                            end(ec, size);
                          }));
  while (read.called == 0) {
    w.context.restart();
    w.context.run_one_for(15s);
    w.other.restart();
    w.other.poll();
  }
  CHECK(on_other);
  CHECK(read.error == condition::timed_out);
}

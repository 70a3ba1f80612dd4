// SPDX-License-Identifier: MIT
// Cancellation as Asio's users know it: a slot bound to the handler, parallel groups; and beside it the stream's own cancel() and close().
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>

#include "parked.hpp"
#include "tokens.hpp"

using namespace duet;
using namespace duet::test;
using asio::cancellation_type;

namespace {

bool canceled(std::error_code ec) { return ec == asio::error::operation_aborted; }

}  // namespace

TEST_CASE_TEMPLATE("cancellation: a slot of the handler ends", Op, DUET_PARKED) {
  for (const auto kind :
       {cancellation_type::terminal, cancellation_type::partial, cancellation_type::total}) {
    // A composed write, as Asio documents its own, cannot promise that nothing was written; nor can a batch.
    const bool in_parts = std::is_same_v<Op, parked_write> || std::is_same_v<Op, parked_send_batch>;
    if (in_parts && kind == cancellation_type::total) continue;
    CAPTURE(static_cast<int>(kind));
    world w;
    Op op(w);
    asio::cancellation_signal signal;
    fate& end = w.expect();
    op.start(asio::bind_cancellation_slot(signal.slot(), probe(end)));
    w.context.poll();
    REQUIRE(end.called == 0);
    signal.emit(kind);
    CHECK(end.called == 0);  // never from inside emit
    w.until(end);
    CHECK(canceled(end.error));
    signal.emit(kind);  // late: nobody is listening any more
  }
}

TEST_CASE_TEMPLATE("cancellation: a slot that fires before the loop ran ends", Op, DUET_PARKED) {
  world w;
  Op op(w);
  asio::cancellation_signal signal;
  fate& end = w.expect();
  op.start(asio::bind_cancellation_slot(signal.slot(), probe(end)));
  signal.emit(cancellation_type::terminal);
  w.until(end);
  CHECK(canceled(end.error));
}

TEST_CASE_TEMPLATE("cancellation: cancel() and close() end also with a slot bound", Op,
                   DUET_PARKED) {
  for (void (*const stop)(Op&) : {+[](Op& op) { op.cancel(); }, +[](Op& op) { op.close(); }}) {
    world w;
    Op op(w);
    asio::cancellation_signal signal;
    fate& end = w.expect();
    op.start(asio::bind_cancellation_slot(signal.slot(), probe(end)));
    w.context.poll();
    stop(op);
    w.until(end);
    CHECK(canceled(end.error));
    signal.emit(cancellation_type::all);
  }
}

TEST_CASE_TEMPLATE("cancellation: parallel_group with a timer that is first", Op, DUET_PARKED) {
  world w;
  Op op(w);
  asio::steady_timer timer(w.context, std::chrono::seconds(0));
  std::array<std::size_t, 2> order{};
  int called = 0;
  std::error_code ended;
  asio::experimental::make_parallel_group(
      [&](auto token) { return op.start(std::move(token)); },
      [&](auto token) { return timer.async_wait(std::move(token)); })
      .async_wait(asio::experimental::wait_for_one(),
                  [&](std::array<std::size_t, 2> in_order, std::error_code ec, auto&&... rest) {
                    ++called;
                    order = in_order;
                    ended = ec;
                    (static_cast<void>(rest), ...);
                  });
  w.until([&] { return called > 0; });
  CHECK(called == 1);
  CHECK(order[0] == 1);
  CHECK(canceled(ended));
}

TEST_CASE("cancellation: parallel_group of two reads ends with the first") {
  world w;
  auto [one, one_peer] = w.pair();
  auto [two, two_peer] = w.pair();
  std::array<std::byte, 8> to_one{};
  std::array<std::byte, 8> to_two{};
  bool called = false;
  asio::experimental::make_parallel_group(
      [&](auto token) { return one.async_read_some(std::span(to_one), std::move(token)); },
      [&](auto token) { return two.async_read_some(std::span(to_two), std::move(token)); })
      .async_wait(asio::experimental::wait_for_one_success(),
                  [&](std::array<std::size_t, 2> order, std::error_code ec_one, std::size_t,
                      std::error_code ec_two, std::size_t size) {
                    called = true;
                    CHECK(order[0] == 1);
                    CHECK(canceled(ec_one));
                    CHECK_FALSE(ec_two);
                    CHECK(as_text({to_two.data(), size}) == "two");
                  });
  std::error_code ec;
  two_peer.try_write_some(as_bytes("two"), ec);
  w.until([&] { return called; });

  // The stream that lost goes on.
  fate& read = w.expect();
  one.async_read_some(std::span(to_one), probe(read));
  one_peer.try_write_some(as_bytes("one"), ec);
  w.until(read);
  CHECK_FALSE(read.error);
  CHECK(as_text({to_one.data(), read.size}) == "one");
}

TEST_CASE("cancellation: a write says how much it had written") {
  world w;
  parked_write op(w);
  asio::cancellation_signal signal;
  fate& end = w.expect();
  op.start(asio::bind_cancellation_slot(signal.slot(), probe(end)));
  w.context.poll();
  signal.emit(cancellation_type::terminal);
  w.until(end);
  CHECK(canceled(end.error));
  CHECK(end.size > 0);
  std::size_t arrived = 0;
  std::error_code ec;
  std::vector<std::byte> in(65536);
  while (const auto size = op.streams.second.try_read_some(in, ec)) arrived += *size;
  CHECK(arrived == end.size);
}

TEST_CASE("cancellation: one slot of a composed read of Asio ends it") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 64> to{};
  asio::cancellation_signal signal;
  fate& end = w.expect();
  asio::async_read(a, asio::buffer(to), asio::bind_cancellation_slot(signal.slot(), probe(end)));
  std::error_code ec;
  b.try_write_some(as_bytes("half"), ec);
  w.context.poll();
  signal.emit(cancellation_type::terminal);
  w.until(end);
  CHECK(canceled(end.error));
  CHECK(end.size == 4);
}

TEST_CASE("cancellation: a direction leaves the other one alone") {
  world w;
  parked_full_pair op(w);
  auto& [a, b] = op.streams;
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  fate& written = w.expect();
  a.async_read_some(std::span(to), probe(read));
  a.async_write_some(std::span(std::as_const(op.data)), probe(written));
  a.cancel(wait_type::read);
  w.until(read);
  CHECK(canceled(read.error));
  CHECK(written.called == 0);
  a.cancel(wait_type::write);
  w.until(written);
  CHECK(canceled(written.error));
}

TEST_CASE("cancellation: a direction ends what is waited for and what is read") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  fate& waited = w.expect();
  a.async_wait(wait_type::read, probe(waited));
  a.async_read_some(std::span(to), probe(read));
  a.cancel(wait_type::read);
  w.settle();
  CHECK(canceled(read.error));
  CHECK(canceled(waited.error));
}

TEST_CASE("cancellation: a direction does not reach a handler that has a slot of its own") {
  world w;
  parked_read op(w);
  asio::cancellation_signal signal;
  fate& end = w.expect();
  op.start(asio::bind_cancellation_slot(signal.slot(), probe(end)));
  op.streams.first.cancel(wait_type::read);
  w.context.poll();
  CHECK(end.called == 0);
  op.cancel();
  w.until(end);
}

TEST_CASE("cancellation: waiting for room beside a whole write disturbs neither") {
  world w;
  parked_write op(w);
  auto& [a, b] = op.streams;
  fate& written = w.expect();
  fate& waited = w.expect();
  op.start(probe(written));
  a.async_wait(wait_type::write, probe(waited));
  std::vector<std::byte> in(65536);
  std::size_t arrived = 0;
  std::error_code ec;
  while (arrived < op.data.size() / 2) {
    w.context.poll();
    if (const auto size = b.try_read_some(in, ec)) arrived += *size;
  }
  w.context.poll();
  CHECK(waited.called == 1);
  CHECK(written.called == 0);
  a.cancel(wait_type::write);
  w.until(written);
  CHECK(canceled(written.error));
}

// A handler bound to another context holds an operation between two of its steps: its own step waits there.

TEST_CASE("cancellation: between two pieces of a write") {
  for (void (*const stop)(stream&) :
       {+[](stream& s) { s.cancel(); }, +[](stream& s) { s.close(); }}) {
    for (const bool own_slot : {false, true}) {
      CAPTURE(own_slot);
      world w;
      parked_write op(w);
      asio::cancellation_signal signal;
      fate& end = w.expect();
      auto handler = asio::bind_executor(w.other.get_executor(), probe(end));
      if (own_slot) {
        op.start(asio::bind_cancellation_slot(signal.slot(), std::move(handler)));
      } else {
        op.start(std::move(handler));
      }
      w.context.poll();
      REQUIRE(end.called == 0);
      stop(op.streams.first);
      w.settle();
      CHECK(end.called == 1);
      CHECK(canceled(end.error));
    }
  }
}

TEST_CASE("cancellation: between readiness and accept") {
  const auto stop_by_slot = [](listener&, asio::cancellation_signal& signal) {
    signal.emit(cancellation_type::terminal);
  };
  const auto stop_by_cancel = [](listener& it, asio::cancellation_signal&) { it.cancel(); };
  const auto stop_by_listen = [](listener& it, asio::cancellation_signal&) {
    it.listen(any_port());
  };
  for (void (*const stop)(listener&, asio::cancellation_signal&) :
       {+stop_by_slot, +stop_by_cancel, +stop_by_listen}) {
    world w;
    parked_accept op(w);
    asio::cancellation_signal signal;
    fate& end = w.expect();
    op.start(asio::bind_cancellation_slot(signal.slot(),
                                          asio::bind_executor(w.other.get_executor(), probe(end))));
    const raw_socket client = raw_socket::connected(op.server.local_endpoint());
    w.context.run_one();  // ready; the step that accepts waits on `other`
    std::error_code ec;
    REQUIRE(op.server.try_accept(ec));
    stop(op.server, signal);
    w.settle();
    CHECK(end.called == 1);
    CHECK(canceled(end.error));
  }
}

TEST_CASE("cancellation: a connect that is given up leaves the next one alone") {
  world w;
  parked_connect op(w);
  listener server(w.context);
  server.listen(any_port());
  fate& first = w.expect();
  fate& second = w.expect();
  op.start(probe(first));
  w.context.poll();
  op.client.close();
  on_asio::async_connect(op.client, server.local_endpoint(), {}, probe(second));
  w.until(second);
  CHECK(canceled(first.error));
  CHECK_FALSE(second.error);
  CHECK(op.client.is_open());
}

TEST_CASE("cancellation: a connect that is given up leaves an assigned descriptor alone") {
  world w;
  parked_connect op(w);
  fate& first = w.expect();
  op.start(probe(first));
  w.context.poll();
  op.client.close();
  auto ends = descriptor_pair();
  op.client.assign(std::move(ends.first));
  w.until(first);
  CHECK(canceled(first.error));
  CHECK(op.client.is_open());
}

TEST_CASE("cancellation: a stream closed before its connect was delivered is not connected") {
  world w;
  // A UNIX connect is over before async_connect returns; only the handler's call is still to come.
  const std::string path = "duet-on-asio-" + std::to_string(::getpid());
  listener server(w.context);
  server.listen(endpoint::local(transport::unix_stream, std::string(1, '\0') + path));
  fate& closed = w.expect();
  fate& destroyed = w.expect();
  stream client(w.context);
  on_asio::async_connect(client, server.local_endpoint(), {}, probe(closed));
  client.close();
  {
    stream brief(w.context);
    on_asio::async_connect(brief, server.local_endpoint(), {}, probe(destroyed));
  }
  w.settle();
  CHECK(canceled(closed.error));
  CHECK(canceled(destroyed.error));
}

TEST_CASE("cancellation: a lookup that is given up is not waited for") {
  world w;
  parked_lookup op(w);
  asio::cancellation_signal signal;
  fate& end = w.expect();
  op.start(asio::bind_cancellation_slot(signal.slot(), probe(end)));
  name_hold::await_lookup();
  signal.emit(cancellation_type::terminal);
  w.until(end);
  CHECK(canceled(end.error));
  CHECK_FALSE(op.client.is_open());
}

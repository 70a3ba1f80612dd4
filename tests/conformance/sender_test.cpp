// SPDX-License-Identifier: MIT
// sender: messages of many places through one stream: their order, their bounds, and what becomes of them when there is no room or no peer.
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"

using namespace duet;
using namespace duet::test;

namespace {

byte_vector message(std::size_t size, unsigned value) {
  return byte_vector(size, static_cast<std::byte>(value));
}

struct step_counter : observer {
  void on_step(const flow_step& step) override { writes += step.call == "sendmsg" ? 1 : 0; }
  int writes = 0;
};

/// A sender whose peer reads nothing until it is told to.
template <class Row>
struct sending {
  using stream = typename Row::backend::stream;

  explicit sending(fixture_of<Row>& of, const sender_options& options = {},
                   const socket_options& socket = small_buffers())
      : f(of), pair(f.connected_pair(socket)), out(pair.first, options) {}

  /// More than the kernel takes: from here on messages queue.
  void fill(std::size_t size = 1 << 17) {
    REQUIRE(out.try_send(message(size, 'f')) == send_verdict::queued);
    REQUIRE(out.bytes() > 0);
    filled = size;
  }
  /// What the peer reads next; it takes turns with the loop.
  std::size_t receive_some(std::span<std::byte> to) {
    const auto until = std::chrono::steady_clock::now() + cap;
    for (;;) {
      std::error_code ec;
      const auto got = pair.second.try_read_some(to, ec);
      REQUIRE_FALSE(ec);
      f.run_ready();
      if (got) return *got;
      REQUIRE(std::chrono::steady_clock::now() < until);
    }
  }
  byte_vector receive(std::size_t size) {
    byte_vector all(size);
    for (std::size_t have = 0; have < size;) have += receive_some(std::span(all).subspan(have));
    return all;
  }
  std::string text(std::size_t size) {
    const byte_vector all = receive(size);
    return std::string(as_text(all));
  }

  fixture_of<Row>& f;
  std::pair<stream, stream> pair;
  typename Row::backend::sender out;
  std::size_t filled = 0;
};

}  // namespace

TEST_CASE_TEMPLATE("sender: messages arrive in the order in which they were taken", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  sending<Row> s(f);
  result one;
  s.out.async_send(byte_vector(2, std::byte{'a'}), f.into(one, "send"));
  CHECK_FALSE(one.done);
  CHECK(s.out.try_send(message(3, 'b')) == send_verdict::queued);
  CHECK(s.out.try_send({}) == send_verdict::queued);
  result drained;
  s.out.async_drain(f.into(drained, "drain"));
  f.run_until([&] { return one.done && drained.done; });
  CHECK_FALSE(one.ec);
  CHECK_FALSE(drained.ec);
  CHECK(s.text(5) == "aabbb");
  CHECK(s.out.counters() == sender_counters{3, 3, 0, 0, 5});
}

TEST_CASE_TEMPLATE("sender: what one turn sends leaves in one call if that is asked", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  step_counter steps;
  sender_options options;
  options.gather_turn = true;
  sending<Row> s(f, options);
  s.pair.first.set_observer(&steps);
  for (unsigned each = 0; each < 50; ++each)
    CHECK(s.out.try_send(message(10, 'a')) == send_verdict::queued);
  CHECK(s.out.messages() == 50);
  result drained;
  s.out.async_drain(f.into(drained, "drain"));
  f.run_until([&] { return drained.done; });
  CHECK(steps.writes == 1);
  CHECK(s.text(500) == std::string(500, 'a'));
  // At once it is a call each.
  sender_options eager;
  typename Row::backend::sender other(s.pair.first, eager);
  for (unsigned each = 0; each < 5; ++each)
    CHECK(other.try_send(message(10, 'b')) == send_verdict::queued);
  CHECK(steps.writes == 6);
  CHECK(s.text(50) == std::string(50, 'b'));
}

TEST_CASE_TEMPLATE("sender: who waits for room is let in by turns", Row, DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.max_messages = 2;
  sending<Row> s(f, options);
  s.fill();
  CHECK(s.out.try_send(message(1, 'a')) == send_verdict::queued);
  byte_vector none = message(1, 'x');
  CHECK(s.out.try_send(std::move(none)) == send_verdict::wait);
  CHECK(none.size() == 1);
  result first;
  result second;
  s.out.async_send(message(1, 'b'), f.into(first, "first"));
  s.out.async_send(message(1, 'c'), f.into(second, "second"));
  f.run_ready();
  CHECK_FALSE(first.done);
  CHECK(s.out.try_send(message(1, 'y')) == send_verdict::wait);
  const byte_vector all = s.receive(s.filled + 3);
  CHECK(as_text(std::span(all).last(4)) == "fabc");
  f.run_until([&] { return first.done && second.done; });
  CHECK_FALSE(first.ec);
  CHECK_FALSE(second.ec);
}

TEST_CASE_TEMPLATE("sender: without room a message is refused if that is asked", Row, DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.max_bytes = 1000;
  options.high_watermark = options.low_watermark = 500;
  options.overflow = overflow_rule::refuse;
  sending<Row> s(f, options);
  s.fill();
  CHECK(s.out.try_send(message(1, 'x')) == send_verdict::refused);
  result refused;
  s.out.async_send(message(1, 'y'), f.into(refused, "send"));
  f.run_until([&] { return refused.done; });
  CHECK(is(refused.ec, std::errc::no_buffer_space));
  CHECK(s.out.counters().refused == 2);
  CHECK_FALSE(s.out.error());
  static_cast<void>(s.receive(s.filled));
  CHECK(s.out.try_send(message(1, 'z')) == send_verdict::queued);
  CHECK(s.text(1) == "z");
}

TEST_CASE_TEMPLATE("sender: the oldest are dropped but none that was begun", Row, DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.max_messages = 3;
  options.overflow = overflow_rule::drop_oldest;
  sending<Row> s(f, options);
  s.fill();
  for (const char each : {'a', 'b', 'c', 'd'})
    CHECK(s.out.try_send(message(1, static_cast<unsigned>(each))) == send_verdict::queued);
  CHECK(s.out.counters().dropped == 2);
  const byte_vector all = s.receive(s.filled + 2);
  CHECK(as_text(std::span(all).last(3)) == "fcd");
}

TEST_CASE_TEMPLATE("sender: a peer that is too slow is cut off if that is asked", Row, DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.max_messages = 1;
  options.overflow = overflow_rule::close;
  sending<Row> s(f, options);
  std::vector<std::error_code> told;
  s.out.on_failure([&](std::error_code why) { told.push_back(why); });
  s.fill();
  result drained;
  s.out.async_drain(f.into(drained, "drain"));
  CHECK(s.out.try_send(message(1, 'x')) == send_verdict::closed);
  CHECK_FALSE(s.pair.first.is_open());
  CHECK(told.empty());
  f.run_until([&] { return !told.empty() && drained.done; });
  f.run_ready();
  CHECK(told.size() == 1);
  CHECK(is(told[0], std::errc::no_buffer_space));
  CHECK(drained.ec == told[0]);
  CHECK(s.out.error() == told[0]);
  CHECK(s.out.bytes() == 0);
  CHECK(s.out.try_send(message(1, 'y')) == send_verdict::closed);
}

TEST_CASE_TEMPLATE("sender: watermarks say when to stop and when to go on", Row, DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.high_watermark = 100'000;
  options.low_watermark = 30'000;
  sending<Row> s(f, options);
  result at_once;
  s.out.async_ready(f.into(at_once, "ready"));
  f.run_until([&] { return at_once.done; });
  s.fill();
  CHECK(s.out.above_high_watermark());
  result ready;
  s.out.async_ready(f.into(ready, "ready again"));
  std::size_t left = s.filled;
  while (!ready.done) {
    REQUIRE(left >= 4096);
    CHECK(s.out.bytes() > options.low_watermark);
    left -= s.receive(4096).size();
  }
  CHECK_FALSE(ready.ec);
  CHECK(s.out.bytes() <= options.low_watermark);
  CHECK_FALSE(s.out.above_high_watermark());
  static_cast<void>(s.receive(left));
}

TEST_CASE_TEMPLATE("sender: an error is told to all who wait and once to the owner", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.max_messages = 1;
  options.high_watermark = options.low_watermark = 1000;
  sending<Row> s(f, options);
  int told = 0;
  s.out.on_failure([&](std::error_code) { ++told; });
  s.fill();
  result waiting;
  result drained;
  result ready;
  s.out.async_send(message(1, 'x'), f.into(waiting, "send"));
  s.out.async_drain(f.into(drained, "drain"));
  s.out.async_ready(f.into(ready, "ready"));
  s.pair.second.close();
  f.run_until([&] { return waiting.done && drained.done && ready.done && told > 0; });
  CHECK(waiting.ec);
  CHECK(drained.ec == waiting.ec);
  CHECK(ready.ec == waiting.ec);
  CHECK(s.out.error() == waiting.ec);
  CHECK(s.out.counters().dropped == 1);
  result late;
  s.out.async_send(message(1, 'y'), f.into(late, "late"));
  f.run_until([&] { return late.done; });
  CHECK(late.ec == waiting.ec);
  CHECK(told == 1);
}

TEST_CASE_TEMPLATE("sender: cancelled it leaves the stream open and what waited is told", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  int told = 0;
  result drained;
  sending<Row> s(f);
  {
    typename Row::backend::sender gone(std::move(s.out));
    gone.on_failure([&](std::error_code) { ++told; });
    REQUIRE(gone.try_send(message(1 << 20, 'f')) == send_verdict::queued);
    gone.async_drain(f.into(drained, "drain"));
    f.run_ready();
    CHECK_FALSE(drained.done);
  }
  f.run_until([&] { return drained.done; });
  CHECK(drained.ec == condition::operation_canceled);
  CHECK(told == 0);
  CHECK(s.pair.first.is_open());
  result closed;
  byte_vector none(1);
  s.pair.first.async_read_some(none, f.into(closed, "read"));
  s.pair.second.close();
  f.run_until([&] { return closed.done; });
}

TEST_CASE_TEMPLATE("sender: a stream that was closed ends it", Row, DUET_ROWS) {
  fixture_of<Row> f;
  sending<Row> s(f);
  s.fill();
  result drained;
  s.out.async_drain(f.into(drained, "drain"));
  f.run_ready();
  s.pair.first.close();
  f.run_until([&] { return drained.done; });
  CHECK(drained.ec == condition::operation_canceled);
  CHECK(s.out.try_send(message(1, 'x')) == send_verdict::closed);
}

TEST_CASE_TEMPLATE("sender: hundreds of messages through small buffers come out as they went in",
                   Row, DUET_ROWS) {
  fixture_of<Row> f;
  sender_options options;
  options.max_bytes = 20'000;
  options.max_messages = 32;
  options.high_watermark = 10'000;
  options.low_watermark = 5'000;
  sending<Row> s(f, options);
  std::mt19937 random(11);
  std::uniform_int_distribution<std::size_t> sizes(0, 2000);
  pattern content;
  digest sent;
  std::size_t open = 0;
  constexpr int messages = 200;
  for (int each = 0; each < messages; ++each) {
    byte_vector next(sizes(random));
    content.fill(next);
    sent.add(next);
    ++open;
    s.out.async_send(std::move(next), f.once("send", [&](std::error_code ec) {
      CHECK_FALSE(ec);
      --open;
    }));
  }
  digest got;
  byte_vector piece(1500);
  while (got != sent) got.add(std::span(piece).first(s.receive_some(piece)));
  f.run_until([&] { return open == 0; });
  CHECK(s.out.counters().sent == messages);
}

TEST_CASE_TEMPLATE("sender: a loop that goes first takes along who waits and what they own", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  using sender = typename Row::backend::sender;
  const auto token = std::make_shared<bool>(false);
  {
    auto pair =
        std::make_shared<std::pair<typename Row::backend::stream, typename Row::backend::stream>>(
            f.connected_pair(small_buffers()));
    sender_options options;
    options.max_messages = 2;
    options.high_watermark = options.low_watermark = 1024;
    options.overflow = overflow_rule::wait;
    auto out = std::make_shared<sender>(pair->first, options);
    REQUIRE(out->try_send(message(1 << 17, 'a')) == send_verdict::queued);
    REQUIRE(out->try_send(message(1, 'b')) == send_verdict::queued);
    const auto owner = [&] { return [pair, out, token](std::error_code) { *token = true; }; };
    out->async_send(message(1, 'c'), owner());
    out->async_ready(owner());
    out->async_drain(owner());
    f.run_ready();
  }
  CHECK(token.use_count() == 4);
  f.destroy_loop();
  CHECK(token.use_count() == 1);
  CHECK_FALSE(*token);
}

// SPDX-License-Identifier: MIT
// server: what a session may take of time, on the real clock: never early. That a limit strikes at all is bounded by the fixture's cap; when
// it may strike at the latest is decided by policy::deadline_wheel and policy::session_watch, whose tests have a clock of their own.
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "duet/error.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

/// A server with limits, one session, and a moment just before it began.
template <class Row>
struct limited {
  using session = typename Row::backend::session;

  limited(fixture_of<Row>& of, const session_limits& limits, int buffer_bytes = 0)
      : f(of), server(f.loop(), with(limits, buffer_bytes)), where(server.listen(f.anywhere())) {
    server.start([this](std::shared_ptr<session> arrived) { it = std::move(arrived); });
    began = steady::now();  // its time begins when it is accepted, which is before the handler's
    peer = raw_socket::connected(where);
    f.run_until([&] { return it != nullptr; });
  }

  static server_options with(const session_limits& limits, int buffer_bytes) {
    server_options options;
    options.limits = limits;
    options.tick = 2ms;
    if (buffer_bytes > 0) options.socket.send_buffer_bytes = buffer_bytes;
    return options;
  }
  /// Runs until the session is over; how long after `since` that was.
  steady::duration until_closed(close_reason why, steady::time_point since) {
    f.run_until([&] { return server.counters().closed_by(why) == 1; });
    CHECK_FALSE(it->is_open());
    return steady::now() - since;
  }

  fixture_of<Row>& f;
  typename Row::backend::server server;
  endpoint where;
  steady::time_point began;
  std::shared_ptr<session> it;
  raw_socket peer;
};

}  // namespace

TEST_CASE_TEMPLATE("server limits: idle", Row, DUET_ROWS) {
  fixture_of<Row> f;
  limited<Row> l(f, {.idle = 40ms});
  byte_vector buffer(16);
  result read;
  SUBCASE("from the beginning") {
    l.it->connection().async_read_some(buffer, f.into(read, "read"));
    CHECK(l.until_closed(close_reason::idle, l.began) >= 40ms);
    f.run_until([&] { return read.done; });
    CHECK(read.ec == condition::operation_canceled);
  }
  SUBCASE("from the last byte read") {
    l.it->connection().async_read_some(buffer, f.into(read, "read"));
    typename Row::backend::timer later(f.loop());
    later.expires_after(20ms);
    steady::time_point sent;
    later.async_wait([&](std::error_code) {
      sent = steady::now();
      l.peer.send_all(as_bytes("x"));
    });
    f.run_until([&] { return read.done; });
    CHECK_FALSE(read.ec);
    CHECK(l.until_closed(close_reason::idle, sent) >= 40ms);
  }
  SUBCASE("from the last byte written") {
    typename Row::backend::timer later(f.loop());
    later.expires_after(20ms);
    steady::time_point sent;
    result wrote;
    later.async_wait([&](std::error_code) {
      sent = steady::now();
      l.it->connection().async_write(as_bytes("x"), f.into(wrote, "write"));
    });
    f.run_until([&] { return wrote.done; });
    CHECK(l.until_closed(close_reason::idle, sent) >= 40ms);
  }
}

TEST_CASE_TEMPLATE("server limits: age however busy", Row, DUET_ROWS) {
  fixture_of<Row> f;
  session_limits limits;
  limits.age = 60ms;
  limits.age_jitter = 0.5;
  limited<Row> l(f, limits);
  // Busy all the time: each message is answered by the next.
  byte_vector buffer(16);
  std::function<void()> read = [&] {
    l.it->connection().async_read_some(buffer, [&](std::error_code ec, std::size_t) {
      if (ec) return;
      // Its time may just have come.
      static_cast<void>(::send(l.peer.fd(), "x", 1, MSG_NOSIGNAL));
      read();
    });
  };
  read();
  l.peer.send_all(as_bytes("x"));
  CHECK(l.until_closed(close_reason::age, l.began) >= 30ms);
  f.run_ready();
}

TEST_CASE_TEMPLATE("server limits: a peer that takes nothing", Row, DUET_ROWS) {
  fixture_of<Row> f;
  limited<Row> l(f, {.stall = 40ms}, 8192);
  const byte_vector much = some_bytes(16'000'000);
  result wrote;
  SUBCASE("while a write waits") {
    l.it->connection().async_write(much, f.into(wrote, "write"));
    CHECK(l.until_closed(close_reason::stalled, l.began) >= 40ms);
    f.run_until([&] { return wrote.done; });
    CHECK(wrote.ec == condition::operation_canceled);
  }
  SUBCASE("while somebody waits to write") {
    std::error_code ec;
    while (l.it->connection().try_write_some(much, ec)) CHECK_FALSE(ec);
    const auto full = steady::now();
    l.it->connection().async_wait(wait_type::write, f.into(wrote, "wait"));
    CHECK(l.until_closed(close_reason::stalled, full) >= 40ms);
    f.run_until([&] { return wrote.done; });
  }
}

TEST_CASE_TEMPLATE("server limits: a peer that takes a little now and then does not stall", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  limited<Row> l(f, {.stall = 500ms}, 8192);
  const byte_vector much = some_bytes(64'000'000);
  result wrote;
  l.it->connection().async_write(much, f.into(wrote, "write"));
  typename Row::backend::timer taking(f.loop());
  byte_vector some(65536);
  int taken = 0;
  steady::time_point last;
  std::function<void()> take = [&] {
    taking.expires_after(60ms);
    taking.async_wait([&](std::error_code) {
      if (!l.it->is_open() || taken == 10) return;
      ++taken;
      // All that has come, so that the kernel tells the sender of the room.
      while (l.peer.receive_now(some) > 0) last = steady::now();
      take();
    });
  };
  take();
  CHECK(l.until_closed(close_reason::stalled, l.began) >= 600ms);
  CHECK(taken == 10);
  CHECK(steady::now() - last >= 500ms);
  f.run_until([&] { return wrote.done; });
}

TEST_CASE_TEMPLATE("server limits: a peer that trickles", Row, DUET_ROWS) {
  fixture_of<Row> f;
  session_limits limits;
  limits.progress_bytes = 1000;
  limits.progress_interval = 40ms;
  limited<Row> l(f, limits);
  byte_vector buffer(4096);
  result read;
  l.it->connection().async_read_some(buffer, f.into(read, "read"));
  const auto began = steady::now();
  l.peer.send_all(as_bytes("a few bytes"));
  f.run_until([&] { return read.done; });
  CHECK(l.until_closed(close_reason::slow, began) >= 40ms);
}

TEST_CASE_TEMPLATE("server limits: one that is quick and then silent is left alone", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  session_limits limits;
  limits.progress_bytes = 1000;
  limits.progress_interval = 20ms;
  limited<Row> l(f, limits);
  byte_vector buffer(4096);
  result read;
  l.it->connection().async_read_some(buffer, f.into(read, "read"));
  l.peer.send_all(some_bytes(2000));
  f.run_until([&] { return read.done; });
  typename Row::backend::timer later(f.loop());
  later.expires_after(80ms);
  bool over = false;
  later.async_wait([&](std::error_code) { over = true; });
  f.run_until([&] { return over; });
  CHECK(l.it->is_open());
}

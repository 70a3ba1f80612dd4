// SPDX-License-Identifier: MIT
// datagram_echo: who is answered, from where, and what is counted of the rest.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct event_list : observer {
  [[nodiscard]] bool wants_steps() const noexcept override { return false; }
  void on_event(std::string_view event, const endpoint*, std::error_code) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

/// A server that has started at a place of the row's.
template <class Row>
struct started {
  explicit started(fixture_of<Row>& of, const datagram_echo_options& options = {})
      : started(of, of.anywhere(), options) {}
  started(fixture_of<Row>& of, const endpoint& at, const datagram_echo_options& options = {})
      : f(of), server(f.loop(), options), where(server.listen(at)) {
    server.start();
  }
  ~started() {
    server.stop();
    f.run_ready();
  }
  void await(std::uint64_t datagrams) {
    f.run_until([&] { return server.counters().received >= datagrams; });
    f.run_ready();
  }

  fixture_of<Row>& f;
  typename Row::backend::datagram_echo_server server;
  endpoint where;
};

datagram_echo_options unguarded() {
  datagram_echo_options options;
  options.loop_guard = false;
  return options;
}

}  // namespace

TEST_CASE_TEMPLATE("datagram echo: each goes back whole to who sent it", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_echo_options options;
  options.socket.socket.send_buffer_bytes = Row::transport::buffer_bytes;
  started<Row> echo(f, options);
  const raw_datagram one = raw_datagram::bound(f.anywhere());
  const raw_datagram two = raw_datagram::bound(f.anywhere());
  std::uint64_t count = 0;
  for (const std::size_t size :
       {std::size_t{5}, std::size_t{0}, std::size_t{1400}, std::size_t{65507}}) {
    CAPTURE(size);
    const byte_vector bytes = some_bytes(size);
    for (const raw_datagram* peer : {&one, &two}) {
      peer->set(SOL_SOCKET, SO_SNDBUF, Row::transport::buffer_bytes);
      peer->send_to(bytes, echo.where);
      echo.await(++count);
      const auto back = peer->receive();
      CHECK(back.bytes == bytes);
      CHECK(back.peer == echo.where);
    }
  }
  CHECK(echo.server.counters().received == 8);
  CHECK(echo.server.counters().echoed == 8);
  CHECK(echo.server.counters().bytes_echoed == 2 * (5 + 0 + 1400 + 65507));
}

TEST_CASE_TEMPLATE("datagram echo: the wildcard answers from the address that was asked", Backend,
                   DUET_BACKENDS) {
  using udp = row<Backend, udp4>;
  fixture_of<udp> f;
  const endpoint everywhere(transport::udp, address::any_v4(), 0);
  started<udp> echo(f, everywhere);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  std::uint64_t count = 0;
  for (const std::uint8_t last : {std::uint8_t{2}, std::uint8_t{77}}) {
    const endpoint asked(transport::udp, address::v4({127, 0, 0, last}), echo.where.port());
    peer.send_to(as_bytes("who"), asked);
    echo.await(++count);
    CHECK(peer.receive().peer == asked);
  }
}

TEST_CASE_TEMPLATE("datagram echo: a truncated one is not answered", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_echo_options options;
  options.socket.max_datagram_bytes = 10;
  event_list events;
  options.watcher = &events;
  started<Row> echo(f, options);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  peer.send_to(some_bytes(11), echo.where);
  peer.send_to(some_bytes(12), echo.where);
  peer.send_to(some_bytes(10), echo.where);
  echo.await(3);
  CHECK(peer.receive().bytes == some_bytes(10));
  CHECK_FALSE(peer.anything());
  CHECK(echo.server.counters().truncated == 2);
  CHECK(echo.server.counters().echoed == 1);
  // One event a second at most.
  CHECK(events.events == std::vector<std::string>{"not answered: truncated"});
}

TEST_CASE_TEMPLATE("datagram echo: a sender without a name is counted", Row, DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  started<Row> echo(f);
  const raw_datagram nameless = raw_datagram::opened(echo.where);
  nameless.send_to(as_bytes("x"), echo.where);
  echo.await(1);
  CHECK(echo.server.counters().nameless == 1);
  CHECK(echo.server.counters().echoed == 0);
}

TEST_CASE_TEMPLATE("datagram echo: a broadcast is not answered", Backend, DUET_BACKENDS) {
  using udp = row<Backend, udp4>;
  fixture_of<udp> f;
  started<udp> echo(f, endpoint(transport::udp, address::any_v4(), 0));
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  peer.set(SOL_SOCKET, SO_BROADCAST, 1);
  peer.send_to(as_bytes("all"),
               {transport::udp, address::v4({127, 255, 255, 255}), echo.where.port()});
  echo.await(1);
  CHECK(echo.server.counters().to_many == 1);
  CHECK(echo.server.counters().echoed == 0);
}

// The case bounces what the server sends back to it, as another echo server would.
TEST_CASE_TEMPLATE("datagram echo: a loop with another server comes to silence", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_echo_options few;
  few.replies_per_second = 1;
  few.replies_at_once = 50;
  started<Row> echo(f, few);
  const raw_datagram other = raw_datagram::bound(f.anywhere());
  other.send_to(as_bytes("ball"), echo.where);
  std::uint64_t bounced = 0;
  for (;; ++bounced) {
    echo.await(bounced + 1);
    if (echo.server.counters().limited > 0) break;
    REQUIRE(bounced < 100);
    const auto ball = other.receive();
    other.send_to(ball.bytes, ball.peer);
  }
  CHECK(bounced >= 50);
  CHECK_FALSE(other.anything());
}

// What starts it came from where the second server then is: so it looks to the first one like a datagram of the second.
TEST_CASE_TEMPLATE("datagram echo: two servers bounce a forged datagram until the guard ends it",
                   Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_echo_options few;
  few.replies_per_second = 1;
  few.replies_at_once = 50;
  started<Row> one(f, few);
  endpoint forged;
  {
    const raw_datagram forger = raw_datagram::bound(f.anywhere());
    forged = forger.local_endpoint();
    forger.send_to(as_bytes("ball"), one.where);
  }
  started<Row> two(f, forged, few);
  const auto sum = [&](std::uint64_t datagram_echo_counters::*of) {
    return one.server.counters().*of + two.server.counters().*of;
  };
  f.run_until([&] { return sum(&datagram_echo_counters::limited) > 0; });
  f.run_ready();
  CHECK(sum(&datagram_echo_counters::limited) == 1);
  CHECK(sum(&datagram_echo_counters::echoed) >= 100);
  CHECK(sum(&datagram_echo_counters::echoed) < 200);
  CHECK(sum(&datagram_echo_counters::received) == sum(&datagram_echo_counters::echoed) + 1);
}

TEST_CASE_TEMPLATE("datagram echo: what the guard suspects is answered only without it", Backend,
                   DUET_BACKENDS) {
  using udp = row<Backend, udp4>;
  fixture_of<udp> f;
  datagram_echo_options few;
  few.replies_per_second = 1;
  few.replies_at_once = 3;
  started<udp> guarded(f, few);
  started<udp> open(f, unguarded());
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  for (int each = 0; each < 10; ++each) {
    peer.send_to(as_bytes("x"), guarded.where);
    peer.send_to(as_bytes("x"), open.where);
  }
  guarded.await(10);
  open.await(10);
  CHECK(guarded.server.counters().echoed == 3);
  CHECK(guarded.server.counters().limited == 7);
  CHECK(open.server.counters().echoed == 10);
  // The server's own port, at another address of this host.
  const raw_datagram alike =
      raw_datagram::bound({transport::udp, address::v4({127, 0, 0, 3}), guarded.where.port()});
  alike.send_to(as_bytes("x"), guarded.where);
  guarded.await(11);
  CHECK(guarded.server.counters().looping == 1);
}

TEST_CASE_TEMPLATE("datagram echo: a peer that is gone does not end the server", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  started<Row> echo(f);
  {
    raw_datagram gone = raw_datagram::bound(f.anywhere());
    gone.send_to(as_bytes("x"), echo.where);
  }
  echo.await(1);
  const raw_datagram here = raw_datagram::bound(f.anywhere());
  here.send_to(as_bytes("y"), echo.where);
  echo.await(2);
  CHECK(here.receive().bytes.size() == 1);
}

TEST_CASE_TEMPLATE("datagram echo: what its buffer lost is counted", Backend, DUET_BACKENDS) {
  using udp = row<Backend, udp4>;
  fixture_of<udp> f;
  datagram_echo_options options = unguarded();
  options.socket.socket.receive_buffer_bytes = 4096;
  started<udp> echo(f, options);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  constexpr std::uint64_t sent = 100;
  for (std::uint64_t each = 0; each < sent; ++each) peer.send_to(some_bytes(500), echo.where);
  echo.await(1);
  // The kernel tells the loss with the next one that comes.
  const std::uint64_t before = echo.server.counters().received;
  peer.send_to(as_bytes("after"), echo.where);
  echo.await(before + 1);
  CHECK(echo.server.counters().lost > 0);
  CHECK(echo.server.counters().received + echo.server.counters().lost == sent + 1);
}

TEST_CASE_TEMPLATE("datagram echo: stop ends it and its file goes", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  typename Row::backend::datagram_echo_server server(f.loop(), {});
  server.listen(f.anywhere());
  server.listen(f.anywhere());
  server.start();
  f.run_ready();
  server.stop();
  f.check_no_work_left();
}

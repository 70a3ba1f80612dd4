// SPDX-License-Identifier: MIT
// echo_server: every byte comes back, to any number of clients, however they behave and however it is ended.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

/// A client that sends `size` bytes in one write, ends its side, and hashes what comes back until the server has ended its own.
template <class Fixture>
class hashing_client {
 public:
  hashing_client(Fixture& f, std::size_t size, std::uint64_t seed)
      : f_(f), stream_(f.loop()), bytes_(some_bytes(size, seed)), buffer_(16384) {
    sent_.add(bytes_);
  }

  template <class Backend>
  void start(const endpoint& server) {
    Backend::async_connect(stream_, server, {}, f_.once("connect", [this](std::error_code ec) {
      REQUIRE_FALSE(ec);
      stream_.async_write(bytes_, f_.once("write", [this](std::error_code failed, std::size_t) {
        CHECK_FALSE(failed);
        stream_.shutdown(shutdown_type::send);
      }));
      read();
    }));
  }
  [[nodiscard]] bool done() const { return static_cast<bool>(end_); }
  void check() const {
    CHECK(end_ == condition::end_of_stream);
    CHECK(got_ == sent_);
  }

 private:
  void read() {
    stream_.async_read_some(buffer_, f_.once("read", [this](std::error_code ec, std::size_t size) {
      got_.add(std::span(buffer_).first(size));
      end_ = ec;
      if (!ec) read();
    }));
  }

  Fixture& f_;
  typename Fixture::stream stream_;
  byte_vector bytes_;
  byte_vector buffer_;
  digest sent_;
  digest got_;
  std::error_code end_;
};

/// Counts what it was told, and wants no steps.
struct event_counter : observer {
  [[nodiscard]] bool wants_steps() const noexcept override { return false; }
  void on_step(const flow_step&) override { ++steps; }
  void on_event(std::string_view event, const endpoint*, std::error_code error) override {
    accepted += event == "accepted" ? 1 : 0;
    closed += event.starts_with("closed: ") ? 1 : 0;
    failed += event.starts_with("closed: ") && error ? 1 : 0;
  }
  int steps = 0;
  int accepted = 0;
  int closed = 0;
  int failed = 0;
};

/// A server that has started at a place of the row's.
template <class Row>
struct started_server {
  explicit started_server(fixture_of<Row>& f, const echo_server_options& options = {})
      : server(f.loop(), options), where(server.listen(f.anywhere())) {
    server.start();
  }
  [[nodiscard]] const echo_counters& counters() const { return server.counters(); }
  typename Row::backend::echo_server server;
  endpoint where;
};

/// A drain's handler that puts down how many connections had to be cut.
auto put_down(std::optional<std::size_t>& to) {
  return [&to](std::size_t cut) { to = cut; };
}

}  // namespace

TEST_CASE_TEMPLATE("echo: one client gets back what it sent", Row, DUET_ROWS) {
  fixture_of<Row> f;
  event_counter events;
  echo_server_options options;
  options.watcher = &events;
  started_server<Row> echo(f, options);
  hashing_client<fixture_of<Row>> one(f, 100'000, 7);
  one.template start<typename Row::backend>(echo.where);
  f.run_until([&] { return one.done() && echo.counters().active == 0; });
  one.check();
  CHECK(echo.counters().accepted == 1);
  CHECK(echo.counters().bytes_echoed == 100'000);
  CHECK(echo.counters().failed == 0);
  CHECK(echo.counters().cut == 0);
  CHECK(events.steps == 0);
  CHECK(events.accepted == 1);
  CHECK(events.closed == 1);
  CHECK(events.failed == 0);
  echo.server.stop();
}

TEST_CASE_TEMPLATE("echo: 64 clients at the same time each get their own", Row, DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  std::vector<std::unique_ptr<hashing_client<fixture_of<Row>>>> clients;
  for (std::size_t each = 0; each < 64; ++each) {
    clients.push_back(
        std::make_unique<hashing_client<fixture_of<Row>>>(f, 50'000 + each * 1000, each + 1));
    clients.back()->template start<typename Row::backend>(echo.where);
  }
  f.run_until([&] {
    bool all = true;
    for (const auto& each : clients) all = all && each->done();
    return all && echo.counters().active == 0;
  });
  for (const auto& each : clients) each->check();
  CHECK(echo.counters().accepted == 64);
  CHECK(echo.counters().failed == 0);
}

TEST_CASE_TEMPLATE("echo: 64 MiB with half-close come back whole to the slowest of readers", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  typename Row::backend::stream slow(f.loop());
  result connect;
  Row::backend::async_connect(slow, echo.where, {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  byte_vector bytes = some_bytes(64 << 20);
  digest sent;
  sent.add(bytes);
  result write;
  slow.async_write(bytes, f.into(write, "write"));

  // It reads only when nobody else can do anything: every buffer between here and the server is full then.
  digest got;
  byte_vector buffer(200'000);
  std::error_code ec;
  bool half_closed = false;
  bool was_stuck = false;
  while (!ec) {
    f.run_ready();
    if (write.done && !std::exchange(half_closed, true)) slow.shutdown(shutdown_type::send);
    if (const auto size = slow.try_read_some(buffer, ec)) {
      was_stuck = was_stuck || !write.done;
      got.add(std::span(buffer).first(*size));
      continue;
    }
    result readable;  // TCP may take a moment to open its window again
    slow.async_wait(wait_type::read, f.into(readable, "readable"));
    f.run_until([&] { return readable.done; });
  }
  CHECK(was_stuck);
  CHECK(ec == condition::end_of_stream);
  CHECK(write.size == bytes.size());
  CHECK(got == sent);
  f.run_until([&] { return echo.counters().active == 0; });
  CHECK(echo.counters().failed == 0);
}

TEST_CASE_TEMPLATE("echo: a client that vanishes hurts nobody else", Row, DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  raw_socket reset = raw_socket::connected(echo.where);
  raw_socket leaves = raw_socket::connected(echo.where);
  raw_socket never_reads = raw_socket::connected(echo.where);
  const raw_socket stays = raw_socket::connected(echo.where);
  f.run_until([&] { return echo.counters().active == 4; });
  for (const raw_socket* each : {&reset, &leaves}) {
    each->send_all(as_bytes("bytes that nobody will read"));
  }
  // This one fills the way back until the server is stuck with it.
  const byte_vector block(65536);
  while (::send(never_reads.fd(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    f.run_ready();
  f.run_ready();
  reset.reset();
  leaves.close();
  f.run_until([&] { return echo.counters().active == 2; });
  never_reads.reset();
  f.run_until([&] { return echo.counters().active == 1; });
  CHECK(echo.counters().failed >= 1);

  stays.send_all(as_bytes("still there?"));
  f.run_until([&] { return stays.readable_now(); });
  CHECK(as_text(stays.receive(12)) == "still there?");
  CHECK(echo.counters().cut == 0);
}

TEST_CASE_TEMPLATE("echo: no more connections at a time than the cap", Row, DUET_ROWS) {
  fixture_of<Row> f;
  echo_server_options options;
  options.max_connections = 2;
  started_server<Row> echo(f, options);
  std::vector<raw_socket> clients;
  for (int each = 0; each < 5; ++each) {
    clients.push_back(raw_socket::connected(echo.where));
    clients.back().send_all(as_bytes("x"));
  }
  for (std::uint64_t turn = 2; turn <= 5; ++turn) {
    f.run_until([&] { return echo.counters().accepted == turn; });
    f.run_ready();
    CHECK(echo.counters().active == 2);
    CHECK(echo.counters().accepted == turn);
    CHECK(clients.front().receive(1).size() == 1);
    clients.erase(clients.begin());
  }
}

TEST_CASE_TEMPLATE("echo: several places are served and a bad one harms none", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::echo_server server(f.loop());
  const endpoint tcp_place = server.listen(f.anywhere());
  server.start();
  CHECK_THROWS_AS(server.listen(tcp_place), std::system_error);
  // Also when it is serving already.
  const endpoint unix_place =
      server.listen(endpoint::local(transport::unix_stream, f.folder.fresh_path()));
  for (const endpoint& each : {tcp_place, unix_place}) {
    const raw_socket client = raw_socket::connected(each);
    client.send_all(as_bytes("hello"));
    f.run_until([&] { return client.readable_now(); });
    CHECK(as_text(client.receive(5)) == "hello");
  }
}

TEST_CASE_TEMPLATE("echo: stop cuts the busy and frees everything", Row, DUET_ROWS) {
  fixture_of<Row> f;
  event_counter events;
  echo_server_options options;
  options.watcher = &events;
  started_server<Row> echo(f, options);
  const raw_socket idle = raw_socket::connected(echo.where);
  const raw_socket busy = raw_socket::connected(echo.where);
  const byte_vector block(65536);
  while (::send(busy.fd(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    f.run_ready();
  f.run_ready();
  CHECK(echo.counters().active == 2);
  echo.server.stop();
  echo.server.stop();
  CHECK(echo.counters().active == 0);
  CHECK(echo.counters().cut == 1);
  CHECK(events.closed == 2);
  CHECK_THROWS_AS(raw_socket::connected(echo.where), std::system_error);
  CHECK(idle.receive(1).empty());
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("echo: destruction is a stop", Row, DUET_ROWS) {
  fixture_of<Row> f;
  std::optional<raw_socket> idle;
  {
    started_server<Row> echo(f);
    idle = raw_socket::connected(echo.where);
    f.run_until([&] { return echo.counters().active == 1; });
    typename Row::backend::echo_server moved(std::move(echo.server));
    CHECK(moved.counters().active == 1);
    f.run_ready();
  }
  CHECK(idle->receive(1).empty());
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("drain: idle connections end at once and none is cut", Row, DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  const raw_socket idle = raw_socket::connected(echo.where);
  f.run_until([&] { return echo.counters().active == 1; });
  std::optional<std::size_t> cut;
  echo.server.drain(cap, f.once("drained", put_down(cut)));
  CHECK_THROWS_AS(raw_socket::connected(echo.where), std::system_error);
  f.run_until([&] { return idle.readable_now(); });
  CHECK(idle.receive(1).empty());  // told by an end, not by a reset
  idle.shut_down(SHUT_WR);
  f.run_until([&] { return cut.has_value(); });
  CHECK(*cut == 0);
  CHECK(echo.counters().active == 0);
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("drain: what has arrived is echoed and queued connections are served", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  const raw_socket sending = raw_socket::connected(echo.where);
  f.run_until([&] { return echo.counters().active == 1; });
  const raw_socket queued = raw_socket::connected(echo.where);
  sending.send_all(as_bytes("on its way"));
  queued.send_all(as_bytes("queued"));
  std::optional<std::size_t> cut;
  echo.server.drain(cap, f.once("drained", put_down(cut)));
  f.run_ready();
  for (const raw_socket* each : {&sending, &queued}) each->shut_down(SHUT_WR);
  f.run_until([&] { return cut.has_value(); });
  CHECK(as_text(sending.receive(100)) == "on its way");
  CHECK(as_text(queued.receive(100)) == "queued");
  CHECK(*cut == 0);
  CHECK(echo.counters().accepted == 2);
}

TEST_CASE_TEMPLATE("drain: who does not take its echo is cut at the deadline and counted", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  const raw_socket idle = raw_socket::connected(echo.where);
  const raw_socket stuck = raw_socket::connected(echo.where);
  const byte_vector block(65536);
  while (::send(stuck.fd(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    f.run_ready();
  f.run_ready();
  std::optional<std::size_t> cut;
  echo.server.drain(20ms, f.once("drained", put_down(cut)));
  f.run_until([&] { return cut.has_value(); });
  CHECK(*cut == 1);
  CHECK(echo.counters().cut == 1);
  CHECK(echo.counters().active == 0);
  CHECK(idle.receive(1).empty());
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("drain: of a server without connections or stopped is over soon", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> empty(f);
  started_server<Row> stopped(f);
  std::optional<std::size_t> first;
  std::optional<std::size_t> second;
  empty.server.drain(1h, f.once("empty", put_down(first)));
  stopped.server.stop();
  stopped.server.drain(1h, f.once("stopped", put_down(second)));
  f.run_until_all_called();
  CHECK(first == 0U);
  CHECK(second == 0U);
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("drain: stop and destruction end it and it is answered", Row, DUET_ROWS) {
  fixture_of<Row> f;
  std::optional<std::size_t> stopped;
  std::optional<std::size_t> destroyed;
  {
    started_server<Row> first(f);
    started_server<Row> second(f);
    const raw_socket one = raw_socket::connected(first.where);
    const raw_socket other = raw_socket::connected(second.where);
    f.run_until([&] { return first.counters().active + second.counters().active == 2; });
    first.server.drain(1h, f.once("stopped", put_down(stopped)));
    second.server.drain(1h, f.once("destroyed", put_down(destroyed)));
    f.run_ready();
    CHECK_FALSE(stopped);
    first.server.stop();
    f.run_until([&] { return stopped.has_value(); });
    CHECK_FALSE(destroyed);
  }
  f.run_until([&] { return destroyed.has_value(); });
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("drain: asked twice answers twice", Row, DUET_ROWS) {
  fixture_of<Row> f;
  started_server<Row> echo(f);
  const raw_socket idle = raw_socket::connected(echo.where);
  f.run_until([&] { return echo.counters().active == 1; });
  std::optional<std::size_t> first;
  std::optional<std::size_t> second;
  echo.server.drain(1h, f.once("first", put_down(first)));
  echo.server.drain(1h, f.once("second", put_down(second)));
  idle.shut_down(SHUT_WR);
  f.run_until_all_called();
  CHECK(first == 0U);
  CHECK(second == 0U);
}

// SPDX-License-Identifier: MIT
// server: who is let in, how a session ends, what its end does to others: nothing. Limits of time are in server_limits_test.cpp.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

struct outcome_list : observer {
  [[nodiscard]] bool wants_steps() const noexcept override { return false; }
  void on_event(std::string_view event, const endpoint*, std::error_code error) override {
    all.push_back(std::string(event) + (error ? "!" : ""));
  }
  [[nodiscard]] auto count(std::string_view event) const {
    return std::count(all.begin(), all.end(), event);
  }
  std::vector<std::string> all;
};

/// A server whose sessions are kept, and do nothing by themselves.
template <class Row>
struct keeping {
  using session = typename Row::backend::session;

  explicit keeping(fixture_of<Row>& of, const server_options& options = {})
      : f(of), server(f.loop(), options), where(server.listen(f.anywhere())) {
    server.start(
        [this](std::shared_ptr<session> arrived) { sessions.push_back(std::move(arrived)); });
  }
  raw_socket join() {
    const std::size_t before = sessions.size();
    raw_socket peer = raw_socket::connected(where);
    f.run_until([&] { return sessions.size() > before; });
    return peer;
  }
  [[nodiscard]] const server_counters& counters() const { return server.counters(); }
  void await_closed(std::uint64_t count) {
    f.run_until([&] {
      std::uint64_t closed = 0;
      for (const std::uint64_t each : counters().closed) closed += each;
      return closed == count;
    });
  }

  fixture_of<Row>& f;
  typename Row::backend::server server;
  endpoint where;
  std::vector<std::shared_ptr<session>> sessions;
};

/// What the peer reads to the end; nullopt: a reset.
std::optional<std::string> rest_of(const raw_socket& peer) {
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t size = ::recv(peer.fd(), piece, sizeof(piece), 0);
    if (size < 0) return std::nullopt;
    if (size == 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("server: a connection becomes a session that is told who it is", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  outcome_list events;
  server_options options;
  options.watcher = &events;
  keeping<Row> k(f, options);
  const raw_socket peer = k.join();
  auto& session = *k.sessions.front();
  CHECK(session.is_open());
  CHECK(session.peer() == session.connection().remote_endpoint());
  CHECK(k.counters().accepted == 1);
  CHECK(k.counters().active == 1);
  result wrote;
  session.connection().async_write(as_bytes("hello"), f.into(wrote, "write"));
  byte_vector buffer(16);
  result read;
  session.connection().async_read_some(buffer, f.into(read, "read"));
  peer.send_all(as_bytes("you"));
  f.run_until([&] { return wrote.done && read.done; });
  CHECK(k.counters().bytes_read == 3);
  CHECK(k.counters().bytes_written == 5);
  session.close();
  CHECK_FALSE(session.is_open());
  CHECK(k.counters().active == 0);
  CHECK(k.counters().closed_by(close_reason::local) == 1);
  CHECK(rest_of(peer) == "hello");
  CHECK(events.all == std::vector<std::string>{"accepted", "closed: local"});
}

TEST_CASE_TEMPLATE("server: finishing sends the end and reads away what still comes", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  keeping<Row> k(f);
  const raw_socket peer = k.join();
  auto& session = *k.sessions.front();
  result reading;
  byte_vector buffer(16);
  session.connection().async_read_some(buffer, f.into(reading, "read"));
  result wrote;
  session.connection().async_write(as_bytes("last words"), f.into(wrote, "write"));
  f.run_until([&] { return wrote.done; });
  session.finish(close_reason::local);
  f.run_until([&] { return reading.done; });
  CHECK(reading.ec == condition::operation_canceled);
  peer.send_all(some_bytes(200'000));
  CHECK(session.is_open());
  CHECK(as_text(peer.receive(10)) == "last words");
  peer.shut_down(SHUT_WR);
  k.await_closed(1);
  CHECK(k.counters().closed_by(close_reason::local) == 1);
  CHECK(rest_of(peer) == "");
}

TEST_CASE_TEMPLATE("server: a peer that does not end is closed when the linger time is over", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  server_options options;
  options.linger = 30ms;
  keeping<Row> k(f, options);
  const raw_socket peer = k.join();
  const auto began = std::chrono::steady_clock::now();
  k.sessions.front()->finish();
  k.await_closed(1);
  CHECK(std::chrono::steady_clock::now() - began >= 30ms);
  CHECK(k.counters().closed_by(close_reason::local) == 1);
}

/// TCP: a UNIX socket has no reset of its own unless input was unread.
TEST_CASE_TEMPLATE("server: an abort resets", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  keeping<row<Backend, tcp>> k(f);
  const raw_socket peer = k.join();
  k.sessions.front()->abort(close_reason::limit);
  CHECK(k.counters().closed_by(close_reason::limit) == 1);
  CHECK(rest_of(peer) == std::nullopt);
}

TEST_CASE_TEMPLATE("server: what a handler throws ends its session alone", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  std::vector<std::shared_ptr<typename Row::backend::session>> sessions;
  server.start([&](std::shared_ptr<typename Row::backend::session> arrived) {
    sessions.push_back(arrived);
    if (sessions.size() == 2) throw std::runtime_error("no");
    if (sessions.size() == 3) throw std::bad_alloc();
    if (sessions.size() == 4) throw std::system_error(std::make_error_code(std::errc::io_error));
    if (sessions.size() == 5) throw std::system_error(error::end_of_stream);
  });
  std::vector<raw_socket> peers;
  for (std::size_t each = 1; each <= 5; ++each) {
    peers.push_back(raw_socket::connected(where));
    f.run_until([&] { return sessions.size() == each; });
  }
  CHECK(sessions.front()->is_open());
  CHECK_FALSE(sessions[1]->is_open());
  CHECK(server.counters().closed_by(close_reason::thrown) == 2);
  CHECK(server.counters().closed_by(close_reason::failed) == 1);
  peers[4].shut_down(SHUT_WR);
  f.run_until([&] { return server.counters().closed_by(close_reason::end_of_stream) == 1; });
  CHECK(server.counters().active == 1);

  // One that is thrown later, by a handler of the first.
  byte_vector buffer(16);
  sessions.front()->connection().async_read_some(
      buffer, sessions.front()->guard([](std::error_code, std::size_t) { throw 1; }));
  peers.front().send_all(as_bytes("x"));
  f.run_until([&] { return server.counters().active == 0; });
  CHECK(server.counters().closed_by(close_reason::thrown) == 3);
}

TEST_CASE_TEMPLATE("server: at the cap connections wait in the backlog", Row, DUET_ROWS) {
  fixture_of<Row> f;
  server_options options;
  options.max_connections = 2;
  keeping<Row> k(f, options);
  std::vector<raw_socket> peers;
  for (int each = 0; each < 4; ++each) peers.push_back(raw_socket::connected(k.where));
  f.run_until([&] { return k.sessions.size() == 2; });
  f.run_ready();
  CHECK(k.sessions.size() == 2);
  k.sessions[0]->close();
  f.run_until([&] { return k.sessions.size() == 3; });
  k.sessions[1]->close();
  k.sessions[2]->close();
  f.run_until([&] { return k.sessions.size() == 4; });
  CHECK(k.counters().accepted == 4);
  CHECK(k.counters().refused_by_cap == 0);
}

TEST_CASE_TEMPLATE("server: at the cap connections are refused if that is asked", Row, DUET_ROWS) {
  fixture_of<Row> f;
  outcome_list events;
  server_options options;
  options.max_connections = 1;
  options.at_cap = cap_rule::refuse;
  options.watcher = &events;
  keeping<Row> k(f, options);
  const raw_socket first = k.join();
  const raw_socket second = raw_socket::connected(k.where);
  f.run_until([&] { return k.counters().refused_by_cap == 1; });
  const auto rest = rest_of(second);
  CHECK(rest.value_or("") == "");
  CHECK(events.count("refused: cap") == 1);
  k.sessions[0]->close();
  const raw_socket third = k.join();
  CHECK(k.counters().accepted == 2);
}

TEST_CASE_TEMPLATE("server: a cap for each address", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  server_options options;
  options.max_per_address = 2;
  keeping<row<Backend, tcp>> k(f, options);
  const raw_socket a = k.join();
  const raw_socket b = k.join();
  const raw_socket refused = raw_socket::connected(k.where);
  f.run_until([&] { return k.counters().refused_by_address == 1; });
  CHECK(rest_of(refused) == std::nullopt);
  raw_socket other = raw_socket::bound(endpoint::parse("tcp://127.0.0.2:0"));
  CHECK(other.start_connect(k.where) == 0);
  f.run_until([&] { return k.sessions.size() == 3; });
  k.sessions[0]->close();
  const raw_socket again = k.join();
  CHECK(k.counters().active == 3);
}

TEST_CASE_TEMPLATE("server: a session whose stream was closed gives its place back", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  server_options options;
  options.max_per_address = 1;
  keeping<row<Backend, tcp>> k(f, options);
  const raw_socket first = k.join();
  auto& session = *k.sessions.front();
  const endpoint peer = session.peer();
  session.connection().close();
  CHECK(session.peer() == peer);
  session.close();
  const raw_socket second = k.join();
  CHECK(k.counters().refused_by_address == 0);
}

TEST_CASE_TEMPLATE(
    "server: 1000 connections that were reset before accept cost the next one nothing", Backend,
    DUET_BACKENDS) {
  fixture<Backend> f;
  server_options options;
  options.max_connections = 50;
  typename Backend::server server(f.loop(), options);
  const endpoint at = server.listen(f.anywhere());
  for (int each = 0; each < 1000; ++each) raw_socket::connected(at).reset();
  std::vector<byte_vector> buffers(1001, byte_vector(16));
  std::size_t started = 0;
  std::size_t greeted = 0;
  server.start([&](const std::shared_ptr<typename Backend::session>& it) {
    byte_vector& buffer = buffers.at(started++);
    it->connection().async_read_some(buffer, it->guard([&, it](std::error_code ec, std::size_t) {
      if (ec) throw std::system_error(ec);
      ++greeted;
      it->close();
    }));
  });
  const raw_socket last = raw_socket::connected(at);
  last.send_all(as_bytes("hello"));
  f.run_until([&] { return greeted == 1; });
  f.run_ready();
  const server_counters& counted = server.counters();
  CHECK(counted.active == 0);
  CHECK(counted.closed_by(close_reason::failed) + 1 == counted.accepted);
  server.stop();
}

TEST_CASE_TEMPLATE("server: paused it accepts nothing and resumed all that waits", Row, DUET_ROWS) {
  fixture_of<Row> f;
  keeping<Row> k(f);
  const raw_socket first = k.join();
  k.server.pause();
  f.run_ready();
  const raw_socket second = raw_socket::connected(k.where);
  f.run_ready();
  CHECK(k.sessions.size() == 1);
  SUBCASE("and resumed at once") {
    k.server.resume();
    k.server.pause();
    k.server.resume();
  }
  SUBCASE("and resumed after a while") {
    f.run_ready();
    k.server.resume();
  }
  f.run_until([&] { return k.sessions.size() == 2; });
}

TEST_CASE_TEMPLATE("server: a drain takes in the backlog and waits for sessions to finish", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  std::vector<std::shared_ptr<typename Row::backend::session>> sessions;
  int drains = 0;
  server.start([&](std::shared_ptr<typename Row::backend::session> arrived) {
    sessions.push_back(arrived);
    arrived->on_drain([&drains] { ++drains; });
  });
  const raw_socket first = raw_socket::connected(where);
  f.run_until([&] { return sessions.size() == 1; });
  const raw_socket queued = raw_socket::connected(where);
  bool drained = false;
  server.drain(1h, f.once("drain", [&](const std::vector<endpoint>& survivors) {
    CHECK(survivors.empty());
    drained = true;
  }));
  CHECK(sessions.size() == 2);
  CHECK(drains == 2);
  f.run_ready();
  CHECK_FALSE(drained);
  for (const auto& each : sessions) each->close(close_reason::drain);
  f.run_until([&] { return drained; });
  CHECK(server.counters().closed_by(close_reason::drain) == 2);
  CHECK(raw_socket::opened(where).start_connect(where) != 0);
}

TEST_CASE_TEMPLATE("server: a drain reports whom it had to abort", Row, DUET_ROWS) {
  fixture_of<Row> f;
  keeping<Row> k(f);
  const raw_socket stuck = k.join();
  const raw_socket good = k.join();
  k.sessions[0]->on_drain([] {});
  const endpoint survivor = k.sessions[0]->peer();
  std::optional<std::vector<endpoint>> survivors;
  good.shut_down(SHUT_WR);
  k.server.drain(30ms,
                 f.once("drain", [&](const std::vector<endpoint>& left) { survivors = left; }));
  f.run_until([&] { return survivors.has_value(); });
  CHECK(*survivors == std::vector<endpoint>{survivor});
  CHECK(rest_of(good) == "");
  CHECK(k.counters().closed_by(close_reason::drain) == 2);
}

TEST_CASE_TEMPLATE("server: drained with nobody there it is done at once", Row, DUET_ROWS) {
  fixture_of<Row> f;
  keeping<Row> k(f);
  bool drained = false;
  k.server.drain(1h, f.once("drain", [&](const std::vector<endpoint>&) { drained = true; }));
  CHECK_FALSE(drained);
  f.run_until([&] { return drained; });
}

TEST_CASE_TEMPLATE("server: stopped and destroyed with sessions in flight", Row, DUET_ROWS) {
  fixture_of<Row> f;
  std::optional<keeping<Row>> k(std::in_place, f);
  const raw_socket peer = k->join();
  result reading;
  byte_vector buffer(16);
  k->sessions[0]->connection().async_read_some(buffer, f.into(reading, "read"));
  const auto session = k->sessions[0];
  SUBCASE("stopped") { k->server.stop(); }
  SUBCASE("destroyed") { k.reset(); }
  f.run_until([&] { return reading.done; });
  CHECK(reading.ec == condition::operation_canceled);
  CHECK_FALSE(session->is_open());
}

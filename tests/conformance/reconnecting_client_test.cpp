// SPDX-License-Identifier: MIT
// reconnecting_client: it comes back, it waits longer and longer, it gives up, it stops. When it does which is policy/reconnect's.
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/limits.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

using state = reconnect_state;

reconnect_options quick() {
  reconnect_options options;
  options.pauses = {1ms, 20ms};
  return options;
}

/// A client that puts down what becomes of it, and a listener that it may find.
template <class Row>
struct coming_back {
  using client_type = typename Row::backend::reconnecting_client;
  using stream = typename Row::backend::stream;

  coming_back(fixture_of<Row>& of, const endpoint& to, const reconnect_options& options = quick())
      : f(of), client(std::in_place, f.loop(), to, options) {
    client->on_change([this](const reconnect_change& change) { changes.push_back(change); });
  }
  void start() {
    client->start([this](stream&) { ++connections; });
  }
  [[nodiscard]] std::vector<state> states() const {
    std::vector<state> all;
    for (const reconnect_change& each : changes) all.push_back(each.state);
    return all;
  }

  fixture_of<Row>& f;
  std::vector<reconnect_change> changes;
  int connections = 0;
  std::optional<client_type> client;
};

}  // namespace

TEST_CASE_TEMPLATE("reconnecting client: what is lost is made again", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  coming_back<Row> c(f, door.local_endpoint());
  CHECK(c.client->state() == state::stopped);
  c.start();
  CHECK(c.changes.empty());
  f.run_until([&] { return c.connections == 1; });
  raw_socket first = door.accept();
  // The client's stream finds the end, and its owner says so.
  byte_vector buffer(1);
  result read;
  c.client->connection().async_read_some(buffer, f.into(read, "read"));
  first.close();
  f.run_until([&] { return read.done; });
  c.client->lost(read.ec);
  CHECK_FALSE(c.client->connection().is_open());
  c.client->lost(read.ec);  // it is known
  f.run_until([&] { return c.connections == 2; });
  raw_socket second = door.accept();
  result wrote;
  c.client->connection().async_write(as_bytes("here"), f.into(wrote, "write"));
  f.run_until([&] { return wrote.done; });
  CHECK(as_text(second.receive(4)) == "here");
  CHECK(c.states() == std::vector<state>{state::connecting, state::connected, state::waiting,
                                         state::connecting, state::connected});
  CHECK(c.changes[2].error == condition::end_of_stream);
  CHECK(c.changes[2].pause >= 1ms);
  CHECK(c.changes[3].attempt == 2);
  c.client->stop();
  CHECK(c.client->state() == state::stopped);
  CHECK(second.receive(1).empty());
}

TEST_CASE_TEMPLATE("reconnecting client: it gives up when it may and can be started again", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket nobody = raw_socket::bound(endpoint::parse("tcp://127.0.0.1:0"));
  reconnect_options options = quick();
  options.max_attempts = 3;
  coming_back<row<Backend, tcp>> c(f, nobody.local_endpoint(), options);
  c.start();
  f.run_until([&] { return c.client->state() == state::given_up; });
  CHECK(c.states() == std::vector<state>{state::connecting, state::waiting, state::connecting,
                                         state::waiting, state::connecting, state::given_up});
  CHECK(is(c.changes.back().error, std::errc::connection_refused));
  CHECK(c.changes.back().attempt == 3);
  f.run_ready();
  CHECK(c.connections == 0);
  c.start();
  f.run_until([&] { return c.changes.size() == 13; });
  CHECK(c.client->state() == state::given_up);
}

TEST_CASE_TEMPLATE("reconnecting client: stopped at any moment it is heard of no more", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  for (const state when : {state::stopped, state::connecting, state::connected, state::waiting}) {
    CAPTURE(to_string(when));
    coming_back<Row> c(f, door.local_endpoint());
    // Whoever is told may stop, or do away with it.
    std::vector<state> heard;
    c.client->on_change([&](const reconnect_change& change) {
      heard.push_back(change.state);
      if (change.state == when) c.client.reset();
    });
    c.client->start([&](auto&) {
      if (when == state::waiting) c.client->lost();
    });
    if (when == state::stopped) {
      c.client->stop();  // before it has begun
      f.run_ready();
      CHECK(heard.empty());
    } else {
      f.run_until([&] { return !heard.empty() && heard.back() == when; });
      f.run_ready();
      CHECK(heard.back() == when);
    }
    c.client.reset();
  }
}

TEST_CASE_TEMPLATE("reconnecting client: a storm of 2000 finds a server that was started again",
                   Backend, DUET_BACKENDS) {
  std::error_code ec;
  if (os::raise_descriptor_limit(ec) < 4200) DUET_SKIP("fewer than 4200 descriptors are allowed");
  fixture<Backend> f;
  constexpr std::size_t clients = 2000;
  std::optional<typename Backend::server> server(std::in_place, f.loop(), server_options());
  const endpoint at = server->listen(endpoint::parse("tcp://127.0.0.1:0"));
  const auto serve = [&] { server->start([](const auto&) {}); };
  serve();

  struct one {
    one(fixture<Backend>& of, const endpoint& to, const reconnect_options& options)
        : client(of.loop(), to, options) {}
    void read() {
      client.connection().async_read_some(buffer, [this](std::error_code failed, std::size_t) {
        if (failed != condition::operation_canceled) client.lost(failed);
      });
    }
    typename Backend::reconnecting_client client;
    byte_vector buffer = byte_vector(1);
    std::uint32_t connections = 0;
  };
  reconnect_options options;
  options.pauses = {5ms, 200ms};
  std::list<one> all;
  std::size_t connected = 0;
  for (std::size_t each = 0; each < clients; ++each) {
    one& it = all.emplace_back(f, at, options);
    it.client.on_change([&](const reconnect_change& change) {
      if (change.state == state::connected) ++connected;
      if (change.state == state::waiting && it.connections > 0) --it.connections, --connected;
    });
    it.client.start([&](auto&) {
      ++it.connections;
      it.read();
    });
  }
  f.run_until([&] { return connected == clients && server->counters().active == clients; });
  server.reset();
  f.run_until([&] { return connected == 0; });
  server.emplace(f.loop(), server_options());
  CHECK(server->listen(at) == at);
  serve();
  f.run_until([&] { return connected == clients && server->counters().active == clients; });
  CHECK(server->counters().accepted >= clients);
  for (one& each : all) {
    CHECK(each.connections == 1);
    each.client.stop();
  }
}

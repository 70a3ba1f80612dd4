// SPDX-License-Identifier: MIT
// duet-echo and signals: serve drains, ping prints its totals, send dies; and then the shell is told.
#include <doctest/doctest.h>

#include <thread>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// A client that has been served, and is idle.
raw_socket idle_client(const duet::endpoint& at) {
  raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  return client;
}

}  // namespace

TEST_CASE_TEMPLATE("stop: an idle client is let go and the server exits 0", Row, DUET_APP_ROWS) {
  for (const int number : {SIGTERM, SIGINT}) {
    tcp_server<Row> server;
    const raw_socket client = idle_client(server.at[0]);
    server.program.signal(number);
    CHECK(client.receive(1).empty());
    client.shut_down(SHUT_WR);
    CHECK(server.program.wait() == 0);
    CHECK(contains(server.program.err(), number == SIGTERM ? "SIGTERM" : "SIGINT"));
  }
}

TEST_CASE_TEMPLATE("stop: what was received before the signal is echoed", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const raw_socket client = idle_client(server.at[0]);
  const byte_vector bytes = some_bytes(1 << 20);
  // The server is to have all of it when the signal comes: it has once it has echoed as much as to leave no more than a buffer.
  std::thread sender([&] { client.send_all(bytes); });
  byte_vector got = client.receive(bytes.size() - 1000);
  sender.join();
  server.program.signal(SIGTERM);
  const byte_vector rest = client.receive(bytes.size());
  got.insert(got.end(), rest.begin(), rest.end());
  CHECK(got == bytes);
  client.shut_down(SHUT_WR);
  CHECK(server.program.wait() == 0);
}

TEST_CASE_TEMPLATE("stop: a stopping server takes no new connection", Row, DUET_APP_COLUMNS) {
  tcp_server<Row> server;
  const raw_socket client = stuck_client(server.at[0]);
  server.program.signal(SIGTERM);
  server.program.wait_for_err("draining 1 connection");
  const auto cap = std::chrono::steady_clock::now() + patience();
  int late = 0;
  while (late != ECONNREFUSED && std::chrono::steady_clock::now() < cap) {
    late = raw_socket::opened(server.at[0]).start_connect(server.at[0]);
  }
  CHECK(late == ECONNREFUSED);
  CHECK(server.stop(SIGTERM) == 128 + SIGTERM);
}

TEST_CASE_TEMPLATE("stop: a second signal ends at once", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  for (const int number : {SIGINT, SIGTERM}) {
    running_server server(command_line<Row>("serve", {"unix:" + path, "--quiet"}), 1);
    const raw_socket client = stuck_client(server.at[0]);
    server.program.signal(number);
    // The first one is seen to have been taken when the listener no longer answers, or (blocking) has nothing to show: then both
    // must not fall together, so the second is another signal.
    server.program.signal(number == SIGINT ? SIGTERM : SIGINT);
    const int result = server.program.wait();
    CHECK((result == 128 + SIGINT || result == 128 + SIGTERM));
    CHECK(folder.files().empty());
  }
}

TEST_CASE_TEMPLATE("stop: ping prints its totals and dies by the signal", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  for (const int number : {SIGINT, SIGTERM}) {
    child ping(command_line<Row>("ping", {server.uri(), "-i", "1h"}));
    CHECK(contains(ping.read_line(), "seq=1 "));
    ping.signal(number);
    CHECK(ping.wait() == -number);
    CHECK(contains(ping.out(), "sent 1, received 1, bad 0\n"));
    CHECK(contains(ping.out(), "min/mean/p50/p90/p99/p99.9/max = "));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("stop: ping that waits for a reply ends at the signal", Row, DUET_APP_ROWS) {
  const raw_socket silent = raw_socket::listening(duet::endpoint::parse("127.0.0.1:0"));
  child ping(command_line<Row>("ping", {silent.local_endpoint().to_string(), "-W", "off"}));
  const raw_socket connection = silent.accept();
  CHECK(connection.receive(64).size() == 64);
  ping.signal(SIGINT);
  CHECK(ping.wait() == -SIGINT);
  CHECK(contains(ping.out(), "sent 1, received 0, bad 0, unanswered 1\n"));
}

TEST_CASE_TEMPLATE("stop: send dies by the signal", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  for (const int number : {SIGINT, SIGTERM}) {
    child send(command_line<Row>("send", {server.uri()}));
    send.write_in("hello\n");
    CHECK(send.read_line() == "hello");
    send.signal(number);
    CHECK(send.wait() == -number);
    CHECK(send.err().empty());
  }
  CHECK(server.stop() == 0);
}

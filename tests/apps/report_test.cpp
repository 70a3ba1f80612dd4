// SPDX-License-Identifier: MIT
// What a running duet-echo serve tells of itself: the counters by SIGUSR1, the live line of --stats.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "echo_app.hpp"
#include "raw_datagram.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

void send_and_receive(const duet::endpoint& at, std::string_view text) {
  const raw_datagram peer = raw_datagram::bound(duet::endpoint::parse("udp://127.0.0.1:0"));
  peer.send_to(as_bytes(text), at);
  CHECK(as_text(peer.receive().bytes) == text);
}

}  // namespace

TEST_CASE_TEMPLATE("report: SIGUSR1 prints the counters as often as it comes", Row, DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0", "127.0.0.1:0", "--quiet"}),
                        2);
  server.program.signal(SIGUSR1);
  server.program.wait_for_err("so far: echoed 0 of 0 datagrams, 0 bytes, 0 lost\n");
  send_and_receive(server.at[0], "hello");
  server.program.signal(SIGUSR1);
  server.program.wait_for_err("so far: echoed 1 of 1 datagrams, 5 bytes, 0 lost\n");
  CHECK(contains(server.program.err(),
                 "duet-echo: so far: echoed 0 bytes of 0 connections, 0 active, 0 failed\n"));
  CHECK(server.stop() == 0);
  CHECK(server.program.out().empty());
}

TEST_CASE_TEMPLATE("report: with json SIGUSR1 is an event", Row, DUET_APP_ROWS) {
  child program(command_line<Row>("serve", {"127.0.0.1:0", "udp://127.0.0.1:0", "--json", "-q"}));
  const auto next = [&] { return nlohmann::json::parse(program.read_line()); };
  CHECK(next()["event"] == "listening");
  const auto udp = duet::endpoint::parse(std::string(next()["endpoint"]));
  send_and_receive(udp, "hello");
  for (int each = 0; each < 2; ++each) {
    program.signal(SIGUSR1);
    const auto counters = next();
    CHECK(counters["schema"] == "duet-echo/1");
    CHECK(counters["event"] == "counters");
    CHECK(counters["accepted"] == 0);
    CHECK(counters["active"] == 0);
    CHECK(counters["datagrams_echoed"] == 1);
    CHECK(counters["datagram_bytes_echoed"] == 5);
  }
  program.signal(SIGTERM);
  CHECK(next()["event"] == "summary");
  CHECK(program.wait() == 0);
  CHECK(program.err().empty());
}

TEST_CASE_TEMPLATE("report: the counters come while a client is idle", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const raw_socket client = raw_socket::connected(server.at[0]);
  for (const std::string total : {"1", "2", "3"}) {
    client.send_all(as_bytes("x"));
    CHECK(as_text(client.receive(1)) == "x");
    server.program.signal(SIGUSR1);
    server.program.wait_for_err("so far: echoed " + total +
                                " bytes of 1 connections, 1 active, 0 failed\n");
  }
  client.shut_down(SHUT_WR);
  CHECK(client.receive(1).empty());
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("report: the counters come while a peer takes no answer", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"unixgram:" + folder.fresh_path()}), 1);
  const raw_datagram peer =
      raw_datagram::bound(duet::endpoint::parse("unixgram:" + folder.fresh_path()));
  leave_answers_unread(peer, server.at[0]);
  server.program.signal(SIGUSR1);
  server.program.wait_for_err("so far: echoed ");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("report: no number of SIGUSR1 ends a server", Row, DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0", "--quiet"}), 1);
  for (int each = 0; each < 300; ++each) server.program.signal(SIGUSR1);
  send_and_receive(server.at[0], "x");
  server.program.signal(SIGTERM);
  for (int each = 0; each < 300; ++each) server.program.signal(SIGUSR1);
  CHECK(server.program.wait() == 0);
}

TEST_CASE_TEMPLATE("report: stats are a line each second", Row, DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0", "127.0.0.1:0", "--stats"}),
                        2);
  const raw_socket client = raw_socket::connected(server.at[1]);
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  const std::string line = "duet-echo: 1 connection, 0 B/s, 0 datagrams/s, 0 dropped\n";
  // The first may still be of the second in which the byte came.
  server.program.wait_for_err(line);
  client.shut_down(SHUT_WR);
  CHECK(client.receive(1).empty());
  server.program.wait_for_err("duet-echo: 0 connections, 0 B/s, 0 datagrams/s, 0 dropped\n");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("report: on a terminal one line of stats takes the place of another", Row,
                   DUET_APP_ROWS) {
  if (!have_program("socat")) DUET_SKIP("socat is not installed");
  const temporary_folder folder;
  child program({"socat", "-t", "15", "-",
                 "EXEC:" DUET_ECHO " serve --stats --color never --backend " +
                     std::string(Row::backend) + " --model " + Row::model +
                     " unixgram\\:" + folder.fresh_path() + ",pty,setsid,ctty,raw,stderr"});
  CHECK(endpoint_of(program.read_line()).is_unix());
  const std::string line = "\r\x1b[K0 connections, 0 B/s, 0 datagrams/s, 0 dropped";
  program.wait_until([&] { return contains(program.out(), line + line); }, "two lines of stats");
  program.signal(SIGTERM);
}

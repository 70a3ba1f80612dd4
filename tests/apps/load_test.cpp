// SPDX-License-Identifier: MIT
// duet-echo serve with many connections at once: 9000 idle ones, each of which still answers.
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <vector>

#include "duet/os/limits.hpp"
#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet::test;

TEST_CASE_TEMPLATE("load: a server without descriptors says so once and goes on", Row,
                   DUET_APP_COLUMNS) {
  if (under_asan) DUET_SKIP("the sanitizers need descriptors of their own");
  tcp_server<Row> server;
  // Its limit, from outside: one connection more than it has room for.
  const rlimit few{32, 32};
  REQUIRE(::prlimit(server.program.pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
  std::vector<raw_socket> clients;
  for (int each = 0; each < 40; ++each) clients.push_back(raw_socket::connected(server.at[0]));
  server.program.wait_for_err("accept paused");
  clients.front().send_all(as_bytes("x"));
  CHECK(clients.front().receive(1).size() == 1);
  clients.clear();
  const raw_socket late = raw_socket::connected(server.at[0]);
  late.send_all(as_bytes("y"));
  CHECK(late.receive(1).size() == 1);
}

TEST_CASE_TEMPLATE("load: 9000 idle connections are held and each is answered", Row,
                   DUET_APP_COLUMNS) {
  constexpr std::size_t connections = 9000;
  std::error_code ec;
  if (duet::os::raise_descriptor_limit(ec) < connections + 200) {
    DUET_SKIP("the descriptor limit is too low for 9000 connections");
  }
  tcp_server<Row> server;
  std::vector<raw_socket> clients;
  for (std::size_t each = 0; each < connections; ++each) {
    clients.push_back(raw_socket::connected(server.at[0]));
  }
  for (const raw_socket& each : clients) each.send_all(as_bytes("x"));
  std::size_t answered = 0;
  for (const raw_socket& each : clients) answered += each.receive(1).size();
  CHECK(answered == connections);
  for (raw_socket& each : clients) each.shut_down(SHUT_WR);
  for (raw_socket& each : clients) CHECK(each.receive(1).empty());
  CHECK(server.stop() == 0);
  CHECK(server.program.err().find("9000 connections, 0 failed, 0 cut") != std::string::npos);
}

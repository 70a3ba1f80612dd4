// SPDX-License-Identifier: MIT
// duet-echo serve and peers that are too silent, too slow, too many, or stuck when it stops: bounded in number and time, on the loopback only.
#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "duet/os/limits.hpp"
#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "resident.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// How a connection has ended, for its peer.
enum class ending { end_of_stream, reset };

ending ending_of(const raw_socket& client) {
  char byte = 0;
  const ssize_t size = ::recv(client.fd(), &byte, 1, 0);
  REQUIRE(size <= 0);
  return size == 0 ? ending::end_of_stream : ending::reset;
}

/// A peer with small buffers, so that hundreds of them cost the kernel little.
raw_socket small_peer(const duet::endpoint& at) {
  raw_socket peer = raw_socket::opened(at);
  peer.set(SOL_SOCKET, SO_RCVBUF, 4096);
  peer.set(SOL_SOCKET, SO_SNDBUF, 16384);
  REQUIRE(peer.start_connect(at) == 0);
  return peer;
}

/// Sends for as long as the kernel takes it at once; how much.
std::size_t send_now(const raw_socket& peer, std::span<const std::byte> bytes) {
  std::size_t sent = 0;
  for (;;) {
    const ssize_t size = ::send(peer.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size <= 0) return sent;
    sent += static_cast<std::size_t>(size);
  }
}

/// Sends whenever there is room, until the server has closed: one that was not stuck yet will be.
void send_until_closed(const raw_socket& peer, std::span<const std::byte> bytes) {
  for (;;) {
    pollfd room{peer.fd(), POLLOUT, 0};
    REQUIRE(::poll(&room, 1, static_cast<int>(std::chrono::milliseconds(patience()).count())) == 1);
    if ((room.revents & (POLLHUP | POLLERR)) != 0) return;
    send_now(peer, bytes);
  }
}

void check_echo(const raw_socket& client, std::size_t size) {
  const byte_vector bytes = some_bytes(size);
  client.send_all(bytes);
  CHECK(client.receive(size) == bytes);
}

bool can_open(std::size_t descriptors) {
  std::error_code ec;
  return duet::os::raise_descriptor_limit(ec) >= descriptors;
}

}  // namespace

TEST_CASE_TEMPLATE("bounds: who says nothing for the idle time is closed and counted as that", Row,
                   DUET_APP_COLUMNS) {
  child program(
      command_line<Row>("serve", {"--json", "--idle-timeout", "100ms", "tcp://127.0.0.1:0"}));
  const auto next = [&] { return nlohmann::json::parse(program.read_line()); };
  const auto at = duet::endpoint::parse(next()["endpoint"].template get<std::string>());
  const raw_socket client = raw_socket::connected(at);
  CHECK(next()["event"] == "accepted");
  CHECK(ending_of(client) == ending::reset);
  const auto closed = next();
  CHECK(closed["event"] == "closed");
  CHECK(closed["reason"] == "idle");
  program.signal(SIGTERM);
  CHECK(program.wait() == 0);
}

TEST_CASE_TEMPLATE("bounds: one address has so many connections and others theirs", Row,
                   DUET_APP_COLUMNS) {
  tcp_server<Row> server({"--max-per-address", "1"});
  const raw_socket first = raw_socket::connected(server.at[0]);
  check_echo(first, 10);
  CHECK(ending_of(raw_socket::connected(server.at[0])) == ending::reset);
  raw_socket other = raw_socket::bound(duet::endpoint::parse("tcp://127.0.0.2:0"));
  REQUIRE(other.start_connect(server.at[0]) == 0);
  check_echo(other, 10);
  check_echo(first, 10);
  first.shut_down(SHUT_WR);
  other.shut_down(SHUT_WR);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("bounds: options of one model or of streams are refused with the other", Row,
                   DUET_APP_COLUMNS) {
  for (const char* const option :
       {"--max-per-address=1", "--idle-timeout=1s", "--stall-timeout=1s"}) {
    CAPTURE(option);
    const auto blocking = echo<Row>("serve", {"--model", "blocking", option, ":0"});
    CHECK(blocking.result == 2);
    CHECK(contains(blocking.err, "goes with --model async"));
    const auto datagrams = echo<Row>("serve", {option, "udp://127.0.0.1:0"});
    CHECK(datagrams.result == 2);
    CHECK(contains(datagrams.err, "goes with a tcp or unix endpoint"));
  }
  CHECK(echo<Row>("serve", {"--max-per-address", "0", ":0"}).result == 2);
  CHECK(echo<Row>("serve", {"--drain-timeout", "-1s", ":0"}).result == 2);
}

TEST_CASE_TEMPLATE("bounds: 500 peers that send and never read cost a buffer each and are closed",
                   Row, DUET_APP_COLUMNS) {
  constexpr std::size_t peers = 500;
  if (!can_open(peers + 100)) DUET_SKIP("the descriptor limit is too low for 500 connections");
  // UNIX sockets, whose buffers are small: of TCP the kernel would keep megabytes for each.
  const temporary_folder folder;
  running_server server(
      command_line<Row>("serve", {"unix:" + folder.fresh_path(), "--stall-timeout", "2s"}), 1);
  const raw_socket reader = raw_socket::connected(server.at[0]);
  check_echo(reader, 1 << 16);
  const std::int64_t before_kib = resident_kib(server.program.pid());
  std::vector<raw_socket> stuck;
  for (std::size_t each = 0; each < peers; ++each) stuck.push_back(small_peer(server.at[0]));
  const byte_vector bytes(65536);
  std::size_t sent = 0;
  // Until nothing moves any more: almost all are stuck then.
  for (std::size_t more = 1; more > 0; sent += more) {
    more = 0;
    for (const raw_socket& each : stuck) more += send_now(each, bytes);
    check_echo(reader, 1000);
  }
  CHECK(sent > peers * bytes.size());
  const std::int64_t after_kib = resident_kib(server.program.pid());
  MESSAGE("resident ", before_kib, " KiB, then ", after_kib, "; sent ", sent / 1024, " KiB");
  // A buffer each, and a tenth.
  if (!under_asan && !under_tsan)
    CHECK(after_kib - before_kib <= 64 * std::int64_t{peers} * 11 / 10);
  for (const raw_socket& each : stuck) send_until_closed(each, bytes);
  check_echo(reader, 1 << 16);
  reader.shut_down(SHUT_WR);
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), " of 501 connections, 500 failed, 0 cut"));
}

TEST_CASE_TEMPLATE("bounds: 1000 peers at a byte now and then keep nobody waiting", Row,
                   DUET_APP_COLUMNS) {
  constexpr std::size_t peers = 1000;
  if (!can_open(peers + 100)) DUET_SKIP("the descriptor limit is too low for 1000 connections");
  tcp_server<Row> server;
  const raw_socket quick = raw_socket::connected(server.at[0]);
  check_echo(quick, 1 << 16);
  const std::int64_t before_kib = resident_kib(server.program.pid());
  std::vector<raw_socket> slow;
  for (std::size_t each = 0; each < peers; ++each)
    slow.push_back(raw_socket::connected(server.at[0]));
  for (int round = 0; round < 3; ++round) {
    for (const raw_socket& each : slow) each.send_all(as_bytes("x"));
    check_echo(quick, 1 << 16);
    for (const raw_socket& each : slow) CHECK(each.receive(1).size() == 1);
  }
  // None of them keeps a buffer between two bytes.
  const std::int64_t after_kib = resident_kib(server.program.pid());
  MESSAGE("resident ", before_kib, " KiB, then ", after_kib);
  if (!under_asan && !under_tsan) CHECK(after_kib - before_kib <= 8 * 1024);
  for (const raw_socket& each : slow) each.shut_down(SHUT_WR);
  quick.shut_down(SHUT_WR);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("bounds: stopped with 100 transfers in flight only the stuck one is cut", Row,
                   DUET_APP_COLUMNS) {
  tcp_server<Row> server({"--drain-timeout", "1500ms"});
  std::vector<raw_socket> clients;
  const byte_vector bytes = some_bytes(32768);
  for (int each = 0; each < 100; ++each) {
    clients.push_back(raw_socket::connected(server.at[0]));
    clients.back().send_all(bytes);
  }
  const raw_socket stuck = stuck_client(server.at[0]);
  server.program.signal(SIGTERM);
  server.program.wait_for_err("draining ");
  for (const raw_socket& each : clients) {
    CHECK(each.receive(bytes.size()) == bytes);
    CHECK(ending_of(each) == ending::end_of_stream);
    each.shut_down(SHUT_WR);
  }
  CHECK(server.program.wait() == 1);
  CHECK(contains(server.program.err(), ", 1 cut"));
}

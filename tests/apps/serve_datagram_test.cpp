// SPDX-License-Identifier: MIT
// duet-echo serve on udp and unixgram endpoints: alone, beside streams, against plain sockets and against programs that others wrote.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "echo_app.hpp"
#include "ipv6.hpp"
#include "raw_datagram.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// A socket that can be answered, of the server's family.
raw_datagram peer_of(const duet::endpoint& server, const temporary_folder& folder) {
  if (server.is_unix())
    return raw_datagram::bound(duet::endpoint::parse("unixgram:" + folder.fresh_path()));
  return raw_datagram::bound(
      {duet::transport::udp,
       server.address().is_v6() ? duet::address::loopback_v6() : duet::address::loopback_v4(), 0});
}

/// Sends and receives one datagram.
std::string datagram_echo_of(const raw_datagram& peer, const duet::endpoint& at,
                             std::string_view text) {
  peer.send_to(as_bytes(text), at);
  const raw_datagram::received got = peer.receive();
  CHECK(got.peer == at);
  return std::string(as_text(got.bytes));
}

std::string datagram_echo_of(const duet::endpoint& at, std::string_view text) {
  const temporary_folder folder;
  return datagram_echo_of(peer_of(at, folder), at, text);
}

template <class Row>
struct udp_server : running_server {
  explicit udp_server(const arguments& more = {})
      : running_server(command_line<Row>("serve", with("udp://127.0.0.1:0", more)), 1) {}
};

/// Where a datagram comes from that may be another echo server's: the same port, another address.
raw_datagram like_a_server(const duet::endpoint& at) {
  return raw_datagram::bound(duet::endpoint::parse("udp://127.0.0.2:" + std::to_string(at.port())));
}

}  // namespace

TEST_CASE_TEMPLATE("serve datagrams: every transport beside streams", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string ports = folder.fresh_path();
  const std::string path = folder.fresh_path();
  const std::string name = "@duet-test-" + path.substr(path.find("duet-"));
  running_server server(
      command_line<Row>("serve", {"udp://127.0.0.1:0", "unixgram:" + path, "tcp://127.0.0.1:0",
                                  "unixgram:" + name, "--port-file", ports}),
      4);
  CHECK(server.at[0].port() != 0);
  CHECK(server.uri(1) == "unixgram:" + path);
  CHECK(server.uri(3) == "unixgram:" + name);
  CHECK(contents(ports) == std::to_string(server.at[0].port()) + "\n" + path + "\n" +
                               std::to_string(server.at[2].port()) + "\n" + name + "\n");
  for (const std::size_t which : {0U, 1U, 3U}) {
    CAPTURE(which);
    CHECK(datagram_echo_of(server.at[which], "hello") == "hello");
    CHECK(datagram_echo_of(server.at[which], "").empty());
  }
  const raw_socket stream = raw_socket::connected(server.at[2]);
  stream.send_all(as_bytes("bytes"));
  CHECK(as_text(stream.receive(5)) == "bytes");
  stream.shut_down(SHUT_WR);
  CHECK(stream.receive(1).empty());
  CHECK(server.stop() == 0);
  CHECK(server.program.out().empty());
  CHECK(contains(server.program.err(), "echoed 5 bytes of 1 connections, 0 failed, 0 cut\n"));
  CHECK(contains(server.program.err(), "echoed 6 of 6 datagrams, 15 bytes, 0 lost\n"));
  CHECK(folder.files().size() == 1);  // the port file
}

TEST_CASE_TEMPLATE("serve datagrams: IPv6 and the dual-stack wildcard", Row, DUET_APP_ROWS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback");
  running_server server(command_line<Row>("serve", {"udp://[::1]:0", "udp://*:0"}), 2);
  CHECK(datagram_echo_of(server.at[0], "six") == "six");
  const std::uint16_t port = server.at[1].port();
  CHECK(datagram_echo_of({duet::transport::udp, duet::address::loopback_v4(), port}, "4") == "4");
  CHECK(datagram_echo_of({duet::transport::udp, duet::address::loopback_v6(), port}, "6") == "6");
  CHECK(server.stop() == 0);
  CHECK_FALSE(contains(server.program.err(), "connections"));
}

TEST_CASE_TEMPLATE("serve datagrams: the answer comes from the address that was asked", Row,
                   DUET_APP_COLUMNS) {
  running_server server(command_line<Row>("serve", {"udp://0.0.0.0:0"}), 1);
  const auto asked =
      duet::endpoint::parse("udp://127.0.0.2:" + std::to_string(server.at[0].port()));
  CHECK(datagram_echo_of(asked, "2") == "2");  // which checks who answers
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("serve datagrams: a name binds every address of it", Row, DUET_APP_ROWS) {
  check_every_address_bound<Row>(
      "udp://localhost:0",
      [](const duet::endpoint& at, std::string_view text) { return datagram_echo_of(at, text); });
}

TEST_CASE_TEMPLATE("serve datagrams: what cannot be bound is named", Row, DUET_APP_ROWS) {
  const raw_datagram taken = raw_datagram::bound(duet::endpoint::parse("udp://127.0.0.1:0"));
  const std::string uri = taken.local_endpoint().to_string();
  const outcome busy = echo<Row>("serve", {"127.0.0.1:0", uri});
  CHECK(busy.result == 1);
  CHECK(busy.out.empty());
  CHECK(busy.err == "duet-echo: listen " + uri + ": Address already in use\n");
}

TEST_CASE_TEMPLATE("serve datagrams: any batch size echoes all of a burst", Row, DUET_APP_COLUMNS) {
  for (const char* const batch : {"1", "64", "1024"}) {
    CAPTURE(batch);
    udp_server<Row> server({"--batch", batch});
    const raw_datagram peer = raw_datagram::bound(duet::endpoint::parse("udp://127.0.0.1:0"));
    std::set<std::string> sent;
    for (int each = 0; each < 100; ++each) {
      sent.insert(std::to_string(each));
      peer.send_to(as_bytes(std::to_string(each)), server.at[0]);
    }
    std::set<std::string> echoed;
    for (int each = 0; each < 100; ++each) {
      const raw_datagram::received got = peer.receive();
      echoed.insert(std::string(as_text(got.bytes)));
    }
    CHECK(echoed == sent);
    CHECK(server.stop() == 0);
  }
}

TEST_CASE_TEMPLATE("serve datagrams: the guard answers no server and says so", Row, DUET_APP_ROWS) {
  udp_server<Row> server;
  const raw_datagram other = like_a_server(server.at[0]);
  other.send_to(as_bytes("bounce"), server.at[0]);
  server.program.wait_for_err("not answered: looping (" + other.local_endpoint().to_string() +
                              ")\n");
  CHECK(datagram_echo_of(server.at[0], "x") == "x");
  CHECK_FALSE(other.anything());
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(),
                 "echoed 1 of 2 datagrams, 1 bytes, 0 lost; not answered: 1 looping\n"));
}

TEST_CASE_TEMPLATE("serve datagrams: without the guard every port is answered", Row,
                   DUET_APP_ROWS) {
  udp_server<Row> server({"--no-loop-guard", "--quiet"});
  CHECK(datagram_echo_of(like_a_server(server.at[0]), server.at[0], "bounce") == "bounce");
  CHECK(server.stop() == 0);
  CHECK(server.program.err().empty());
}

TEST_CASE_TEMPLATE("serve datagrams: json has the events and the counters", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  child program(command_line<Row>(
      "serve", {"udp://127.0.0.1:0", "unixgram:" + folder.fresh_path(), "--json"}));
  const auto next = [&] {
    auto line = nlohmann::json::parse(program.read_line());
    CHECK(line["schema"] == "duet-echo/1");
    return line;
  };
  const auto udp = next();
  CHECK(udp["event"] == "listening");
  CHECK(udp["port"] != 0);
  const auto at = duet::endpoint::parse(std::string(udp["endpoint"]));
  const auto local = next();
  CHECK(local["port"] == 0);
  CHECK(datagram_echo_of(at, "four") == "four");
  const raw_datagram other = like_a_server(at);
  other.send_to(as_bytes("bounce"), at);
  const auto looping = next();
  CHECK(looping["event"] == "not answered");
  CHECK(looping["reason"] == "looping");
  CHECK(looping["peer"] == other.local_endpoint().to_string());
  CHECK(looping["error"].is_null());
  const auto unixgram = duet::endpoint::parse(std::string(local["endpoint"]));
  raw_datagram::opened(unixgram).send_to(as_bytes("who"), unixgram);
  const auto nameless = next();
  CHECK(nameless["event"] == "not answered");
  CHECK(nameless["reason"] == "the sender has no name");
  program.signal(SIGTERM);
  const auto summary = next();
  CHECK(summary["event"] == "summary");
  const nlohmann::json expected{
      {"accepted", 0},          {"bytes_echoed", 0},          {"datagrams_received", 3},
      {"datagrams_echoed", 1},  {"datagram_bytes_echoed", 4}, {"datagrams_truncated", 0},
      {"datagrams_to_many", 0}, {"datagrams_nameless", 1},    {"datagrams_looping", 1},
      {"datagrams_limited", 0}, {"datagrams_not_sent", 0},    {"datagrams_lost", 0}};
  for (const auto& [key, value] : expected.items()) CHECK_MESSAGE(summary[key] == value, key);
  CHECK(program.wait() == 0);
}

TEST_CASE_TEMPLATE("serve datagrams: trace shows the steps and the options", Row,
                   DUET_APP_COLUMNS) {
  udp_server<Row> server({"--trace", "--rcvbuf", "64Ki", "--ttl", "9", "--batch", "4"});
  CHECK(datagram_echo_of(server.at[0], "hello") == "hello");
  server.program.wait_for_err("sendmmsg");
  CHECK(server.stop() == 0);
  const std::string& err = server.program.err();
  std::size_t from = 0;
  for (const std::string step :
       {"socket AF_INET SOCK_DGRAM 0 (udp) -> ", "setsockopt IP_TTL 9",
        "setsockopt SO_RCVBUF 65536", "bind 127.0.0.1:0 (sin_port 0x0000)", "recvmmsg ",
        ", 4 datagrams -> 1", "sendmmsg ", ", 1 datagrams -> 1", "close "}) {
    const std::size_t at = err.find(step, from);
    REQUIRE_MESSAGE(at != std::string::npos, step, " is missing in\n", err);
    from = at;
  }
  CHECK(contains(err, "[socket.bind]") == (std::string_view(Row::backend) == "asio"));
}

TEST_CASE_TEMPLATE("serve datagrams: trace shows the documented flow call after call", Row,
                   DUET_APP_BLOCKING) {
  udp_server<Row> server({"--trace", "--rcvbuf", "64Ki", "--ttl", "9"});
  CHECK(datagram_echo_of(server.at[0], "hello") == "hello");
  server.program.wait_for_err("sendto");
  CHECK(server.stop() == 0);
  const std::string& err = server.program.err();
  std::size_t from = 0;
  for (const std::string step :
       {"socket AF_INET SOCK_DGRAM 0 (udp) -> ", "setsockopt IP_TTL 9",
        "setsockopt SO_RCVBUF 65536", "bind 127.0.0.1:0 (sin_port 0x0000)", "recvfrom ",
        ", MSG_TRUNC, 127.0.0.1:", " -> 5", "sendto ", " -> 5", "close "}) {
    const std::size_t at = err.find(step, from);
    REQUIRE_MESSAGE(at != std::string::npos, step, " is missing in\n", err);
    from = at;
  }
  CHECK(contains(err, "[socket.receive_from]") == (std::string_view(Row::backend) == "asio"));
}

TEST_CASE_TEMPLATE("serve datagrams: what is too long has no answer and is counted", Row,
                   DUET_APP_ROWS) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"unixgram:" + folder.fresh_path()}), 1);
  const raw_datagram peer = peer_of(server.at[0], folder);
  peer.send_to(byte_vector(70'000), server.at[0]);
  server.program.wait_for_err("not answered: truncated (" + peer.local_endpoint().to_string());
  CHECK(datagram_echo_of(peer, server.at[0], "x") == "x");
  peer.send_to(some_bytes(65'535), server.at[0]);
  CHECK((peer.receive().bytes == some_bytes(65'535)));
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(),
                 "echoed 2 of 3 datagrams, 65536 bytes, 0 lost; not answered: 1 truncated\n"));
}

TEST_CASE_TEMPLATE("serve datagrams: a signal ends one that waits for its peer at once", Row,
                   DUET_APP_BLOCKING) {
  const temporary_folder folder;
  for (const int number : {SIGTERM, SIGINT}) {
    running_server server(command_line<Row>("serve", {"unixgram:" + folder.fresh_path()}), 1);
    const raw_datagram peer = peer_of(server.at[0], folder);
    leave_answers_unread(peer, server.at[0]);
    const auto before = std::chrono::steady_clock::now();
    CHECK(server.stop(number) == 0);
    // The alternative is the end of the 10 s that streams have to drain.
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(8));
    CHECK(contains(server.program.err(), "echoed "));
  }
  CHECK(folder.files().empty());
}

TEST_CASE_TEMPLATE("serve datagrams: the first signal ends them while streams drain", Row,
                   DUET_APP_COLUMNS) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"unixgram:" + folder.fresh_path(),
                                                    "udp://127.0.0.1:0", "127.0.0.1:0"}),
                        3);
  raw_datagram peer = raw_datagram::opened(server.at[1]);
  peer.connect(server.at[1]);
  const raw_socket stream = raw_socket::connected(server.at[2]);
  // Its client has not ended it: it is served on.
  stream.send_all(as_bytes("1"));
  CHECK(as_text(stream.receive(1)) == "1");
  server.program.signal(SIGTERM);
  server.program.wait_for_err("draining 1 connection");
  CHECK(folder.files().empty());
  peer.send(as_bytes("late"));
  CHECK_THROWS_AS((void)peer.receive(), std::system_error);
  stream.shut_down(SHUT_WR);
  CHECK(server.program.wait() == 0);
}

TEST_CASE_TEMPLATE("serve datagrams: socat and ncat are peers", Row, DUET_APP_ROWS) {
  if (!have_program("socat") || !have_program("ncat")) DUET_SKIP("socat or ncat is not installed");
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0", "unixgram:" + path}), 2);
  const std::string port = std::to_string(server.at[0].port());
  for (const arguments& peer :
       {arguments{"socat", "-", "UDP:127.0.0.1:" + port},
        arguments{"socat", "-", "UNIX-SENDTO:" + path + ",bind=" + folder.fresh_path()},
        arguments{"ncat", "-u", "127.0.0.1", port}, arguments{"ncat", "-u", "-U", path}}) {
    CAPTURE(peer.front());
    child program(peer);
    for (const std::string line : {"one", "two"}) {
      program.write_in(line + "\n");
      CHECK(program.read_line() == line);
    }
  }
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "echoed 8 of 8 datagrams, 32 bytes, 0 lost\n"));
}

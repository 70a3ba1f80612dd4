// SPDX-License-Identifier: MIT
// duet-echo send to udp and unixgram endpoints: lines and chunks go round, and every way in which they do not has its message and its exit
// code. The servers that misbehave are plain sockets.
#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "echo_app.hpp"
#include "ipv6.hpp"
#include "raw_datagram.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

raw_datagram loopback_peer() {
  return raw_datagram::bound(duet::endpoint::parse("udp://127.0.0.1:0"));
}

/// A server that does with so many datagrams what it is told, on a thread of its own.
class odd_server {
 public:
  using answer = std::function<void(const raw_datagram&, const raw_datagram::received&)>;

  odd_server(int datagrams, answer how)
      : socket_(loopback_peer()), thread_([this, datagrams, how = std::move(how)] {
          try {
            for (int each = 0; each < datagrams; ++each) how(socket_, socket_.receive());
          } catch (const std::system_error&) {  // nothing came: the test sees by the exit code why
          }
        }) {}
  ~odd_server() { thread_.join(); }

  [[nodiscard]] std::string uri() const { return socket_.local_endpoint().to_string(); }

 private:
  raw_datagram socket_;
  std::thread thread_;
};

void echo_back(const raw_datagram& by, const raw_datagram::received& what) {
  by.send_to(what.bytes, what.peer);
}

nlohmann::json summary_of(const outcome& sent) {
  const std::size_t begin = sent.err.find('{');
  REQUIRE_MESSAGE(begin != std::string::npos, sent.err);
  return nlohmann::json::parse(sent.err.substr(begin, sent.err.find('\n', begin) - begin));
}

}  // namespace

TEST_CASE_TEMPLATE("send datagrams: each line is one on every transport", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  const std::string name = "unixgram:@duet-test-" + path.substr(path.find("duet-"));
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0", "unixgram:" + path, name}),
                        3);
  for (const duet::endpoint& at : server.at) {
    CAPTURE(at.to_string());
    const outcome sent = send<Row>(at.to_string(), {"--lines", "--verify"}, "one\n\ntwo\nlast");
    CHECK(sent.result == 0);
    CHECK(sent.out == "one\n\ntwo\nlast\n");
    CHECK(sent.err.empty());
  }
  CHECK(send<Row>(server.uri(), {"--lines"}, "").out.empty());
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "echoed 12 of 12 datagrams, 30 bytes, 0 lost\n"));
}

TEST_CASE_TEMPLATE("send datagrams: IPv6 and a name", Row, DUET_APP_ROWS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback");
  running_server server(command_line<Row>("serve", {"udp://*:0"}), 1);
  const std::string port = std::to_string(server.at[0].port());
  for (const std::string host : {"[::1]", "localhost", "127.0.0.1", ""}) {
    CAPTURE(host);
    const outcome sent = send<Row>("udp://" + host + ":" + port, {"--verify"}, "hello");
    CHECK(sent.result == 0);
    CHECK(sent.out == "hello");
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send datagrams: a mebibyte in chunks comes back byte for byte", Row,
                   DUET_APP_ROWS) {
  const temporary_folder folder;
  running_server server(
      command_line<Row>("serve", {"udp://127.0.0.1:0", "unixgram:" + folder.fresh_path()}), 2);
  const std::string bytes(as_text(some_bytes(1 << 20)));
  for (const std::string& uri : {server.uri(0), server.uri(1)}) {
    for (const arguments& size : {arguments{}, arguments{"-s", "65507"}, arguments{"-s", "333"}}) {
      CAPTURE(uri);
      arguments more{"--verify", "--chunks"};
      more.insert(more.end(), size.begin(), size.end());
      const outcome sent = send<Row>(uri, more, bytes);
      CHECK(sent.result == 0);
      CHECK((sent.out == bytes));
      CHECK(sent.err.empty());
    }
  }
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), " 0 lost\n"));
}

TEST_CASE_TEMPLATE("send datagrams: empty lines and the longest that there are", Row,
                   DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0"}), 1);
  const std::string longest(65'507, 'x');
  const std::string text = "\n" + longest + "\n\n" + longest + "\n";
  const outcome sent = send<Row>(server.uri(), {"--lines", "--verify"}, text);
  CHECK(sent.result == 0);
  CHECK((sent.out == text));
  const outcome longer = send<Row>(server.uri(), {"--lines"}, "one\n\n" + longest + "y\nfour\n");
  CHECK(longer.result == 2);
  CHECK(longer.out == "one\n\n");
  CHECK(longer.err ==
        "duet-echo: send " + server.uri() + ": line 3 is longer than a datagram (65507 bytes)\n");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send datagrams: nobody there is no connection", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string none = "unixgram:" + folder.fresh_path();
  raw_datagram gone = loopback_peer();
  const std::string udp = gone.local_endpoint().to_string();
  gone.close();
  for (const auto& [uri, why] :
       {std::pair(udp, "Connection refused"), std::pair(none, "No such file or directory")}) {
    const outcome sent = send<Row>(uri, {"--json", "-W", "off"}, "hello");
    CHECK(sent.result == 4);
    CHECK(sent.out.empty());
    CHECK(sent.err == "duet-echo: connect " + uri + ": " + why + "\n");
  }
  const outcome nameless = send<Row>("udp://localhost:duet-none", {}, "hello");
  CHECK(nameless.result == 3);
  CHECK(contains(nameless.err, "duet-echo: resolve udp://localhost:duet-none: "));
}

TEST_CASE_TEMPLATE("send datagrams: a server that swallows everything times out", Row,
                   DUET_APP_ROWS) {
  const raw_datagram silent = loopback_peer();
  const std::string uri = silent.local_endpoint().to_string();
  std::string lines;
  for (int each = 0; each < 70; ++each) lines += std::to_string(each) + "\n";
  // More than the window holds: a missing one frees its place.
  const outcome sent = send<Row>(uri, {"--lines", "-W", "20ms", "--json"}, lines);
  CHECK(sent.result == 5);
  CHECK(sent.out.empty());
  CHECK(contains(sent.err, "duet-echo: send " + uri +
                               ": 70 of 70 datagrams are missing: no reply in 20.0 ms\n"));
  CHECK(summary_of(sent)["datagrams_missing"] == 70);
  for (int each = 0; each < 70; ++each)
    CHECK(as_text(silent.receive().bytes) == std::to_string(each));
  CHECK_FALSE(silent.anything());
}

TEST_CASE_TEMPLATE("send datagrams: no more than the window are on their way", Row,
                   DUET_APP_COLUMNS) {
  const raw_datagram silent = loopback_peer();
  child program(
      command_line<Row>("send", {silent.local_endpoint().to_string(), "--lines", "-W", "off"}));
  std::string lines;
  for (int each = 0; each < 200; ++each) lines += std::to_string(each) + "\n";
  program.write_in(lines);
  program.close_in();
  raw_datagram::received last;
  for (int each = 0; each < 64; ++each) last = silent.receive();
  CHECK(as_text(last.bytes) == "63");
  CHECK_FALSE(silent.anything());
  silent.send_to(last.bytes, last.peer);
  CHECK(program.read_line() == "63");
  CHECK(as_text(silent.receive().bytes) == "64");
  CHECK_FALSE(silent.anything());
  program.signal(SIGTERM);
  CHECK(program.wait() == -SIGTERM);
}

TEST_CASE_TEMPLATE("send datagrams: how many are missing is told", Row, DUET_APP_ROWS) {
  const odd_server forgetful(3, [](const raw_datagram& by, const raw_datagram::received& what) {
    if (as_text(what.bytes) != "two") echo_back(by, what);
  });
  const outcome sent =
      send<Row>(forgetful.uri(), {"--lines", "--verify", "-W", "300ms"}, "one\ntwo\nthree\n");
  CHECK(sent.result == 5);
  CHECK(sent.out == "one\nthree\n");
  CHECK(contains(sent.err, ": 1 of 3 datagrams are missing: no reply in 300 ms\n"));
}

TEST_CASE_TEMPLATE("send datagrams: a changed byte is a mismatch when verifying only", Row,
                   DUET_APP_ROWS) {
  const auto change = [](const raw_datagram& by, raw_datagram::received what) {
    what.bytes[1] ^= std::byte{1};
    by.send_to(what.bytes, what.peer);
  };
  {
    const odd_server changing(1, change);
    const outcome sent = send<Row>(changing.uri(), {"--verify", "--json"}, "hello");
    CHECK(sent.result == 6);
    CHECK(sent.out.empty());
    CHECK(contains(sent.err, "duet-echo: send " + changing.uri() +
                                 ": a reply of 5 bytes equals nothing that was sent\n"));
    CHECK(summary_of(sent)["datagrams_strange"] == 1);
  }
  const odd_server changing(1, change);
  const outcome sent = send<Row>(changing.uri(), {}, "hello");
  CHECK(sent.result == 0);
  CHECK(sent.out == "hdllo");
}

TEST_CASE_TEMPLATE("send datagrams: a second reply is counted and printed", Row, DUET_APP_ROWS) {
  const odd_server twice(2, [](const raw_datagram& by, const raw_datagram::received& what) {
    echo_back(by, what);
    if (as_text(what.bytes) == "one") echo_back(by, what);
  });
  const outcome sent = send<Row>(twice.uri(), {"--lines", "--verify", "--json"}, "one\ntwo\n");
  CHECK(sent.result == 0);
  CHECK(sent.out == "one\none\ntwo\n");
  const auto summary = summary_of(sent);
  CHECK(summary["schema"] == "duet-echo/1");
  CHECK(summary["event"] == "summary");
  const nlohmann::json expected{{"endpoint", twice.uri()}, {"sent", 6},
                                {"received", 9},           {"datagrams_sent", 2},
                                {"datagrams_received", 2}, {"datagrams_missing", 0},
                                {"datagrams_late", 0},     {"datagrams_duplicate", 1},
                                {"datagrams_strange", 0},  {"errors", 0},
                                {"exit_code", 0}};
  for (const auto& [key, value] : expected.items()) CHECK_MESSAGE(summary[key] == value, key);
}

TEST_CASE_TEMPLATE("send datagrams: a server that goes is counted and no refusal", Row,
                   DUET_APP_ROWS) {
  raw_datagram server = loopback_peer();
  child program(command_line<Row>(
      "send", {server.local_endpoint().to_string(), "--lines", "--json", "-W", "300ms"}));
  program.write_in("here\n");
  echo_back(server, server.receive());
  CHECK(program.read_line() == "here");
  server.close();
  program.write_in("gone\n");
  program.close_in();
  CHECK(program.wait() == 5);
  CHECK(contains(program.err(), ": 1 of 2 datagrams are missing: "));
  CHECK(contains(program.err(), "\"errors\":1,"));
}

TEST_CASE_TEMPLATE("send datagrams: a closed output ends it by SIGPIPE", Row, DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0"}), 1);
  child program(command_line<Row>("send", {server.uri(), "--lines"}));
  program.write_in("hello\n");
  CHECK(program.read_line() == "hello");
  program.close_out();
  program.write_in("again\n");
  CHECK(program.wait() == -SIGPIPE);
  CHECK(program.err().empty());
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send datagrams: a full disk as output is an error", Row, DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0"}), 1);
  const outcome sent = run({"sh", "-c", "exec \"$@\" > /dev/full", "sh", DUET_ECHO, "send",
                            server.uri(), "--backend", Row::backend, "--model", Row::model},
                           "hello");
  CHECK(sent.result == 1);
  CHECK(contains(sent.err, "No space left on device"));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send datagrams: it dies by the signal while it waits", Row, DUET_APP_ROWS) {
  const raw_datagram silent = loopback_peer();
  for (const int number : {SIGINT, SIGTERM}) {
    child program(
        command_line<Row>("send", {silent.local_endpoint().to_string(), "--lines", "-W", "off"}));
    program.write_in("hello\n");
    CHECK(as_text(silent.receive().bytes) == "hello");
    program.signal(number);
    CHECK(program.wait() == -number);
    CHECK(program.err().empty());
  }
}

TEST_CASE_TEMPLATE("send datagrams: trace shows the documented flow", Row, DUET_APP_ROWS) {
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0"}), 1);
  const outcome sent = send<Row>(server.uri(), {"--trace"}, "hello");
  CHECK(sent.result == 0);
  CHECK(sent.out == "hello");
  const bool blocking = std::string_view(Row::model) == "blocking";
  std::size_t from = 0;
  for (const std::string step : {"socket AF_INET SOCK_DGRAM 0 (udp) -> ",
                                 "connect 127.0.0.1:", blocking ? "sendto " : "sendmsg ", " -> 5",
                                 blocking ? "recvfrom " : "recvmsg ", " -> 5", "close "}) {
    const std::size_t at = sent.err.find(step, from);
    REQUIRE_MESSAGE(at != std::string::npos, step, " is missing in\n", sent.err);
    from = at;
  }
  CHECK(server.stop() == 0);
}

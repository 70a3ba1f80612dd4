// SPDX-License-Identifier: MIT
// duet-echo ping on udp and unixgram endpoints: lines, totals, exit codes; ways that lose, double and damage; programs that others wrote.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <thread>

#include "echo_app.hpp"
#include "ipv6.hpp"
#include "lossy_echo.hpp"
#include "private_host.hpp"
#include "raw_datagram.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

const duet::endpoint anywhere = duet::endpoint::parse("udp://127.0.0.1:0");

/// A lossy echo in a thread of its own.
class lossy_peer {
 public:
  explicit lossy_peer(const fate_odds& odds)
      : echo_(anywhere, odds), stop_(::eventfd(0, EFD_CLOEXEC)), thread_([this] { serve(); }) {}
  ~lossy_peer() { join(); }

  [[nodiscard]] std::string uri() const { return echo_.where().to_string(); }
  /// What its client has to have counted.
  duet::reply_counts ended() {
    join();
    return echo_.expected();
  }

 private:
  void serve() {
    pollfd both[2] = {{echo_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    while (::poll(both, 2, -1) > 0 && (both[1].revents & POLLIN) == 0) {
      try {
        echo_.serve_one(0);
      } catch (const std::system_error&) {  // the client has gone
      }
    }
  }
  void join() {
    if (!thread_.joinable()) return;
    ::eventfd_write(stop_.fd(), 1);
    thread_.join();
  }

  lossy_echo echo_;
  raw_socket stop_;
  std::thread thread_;
};

/// Both kinds of endpoint of one server, whose model plays no part.
struct datagram_server : running_server {
  explicit datagram_server(const temporary_folder& folder)
      : running_server(command_line<posix_async>(
                           "serve", {"udp://127.0.0.1:0", "unixgram:" + folder.fresh_path()}),
                       2) {}
};

/// A socket that hears and never answers.
struct silent_peer {
  raw_datagram socket = raw_datagram::bound(anywhere);
  [[nodiscard]] std::string uri() const { return socket.local_endpoint().to_string(); }
};

/// Where nobody is.
std::string deserted() { return silent_peer().uri(); }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE_TEMPLATE("ping datagrams: a line a reply and then the totals", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  datagram_server server(folder);
  for (const std::size_t which : {0U, 1U}) {
    const std::string uri = server.uri(which);
    CAPTURE(uri);
    const outcome pinged = ping<Row>(uri, {"-c", "3", "-i", "1ms"});
    CHECK(pinged.result == 0);
    CHECK(pinged.err.empty());
    std::string form;
    for (const char* const number : {"1", "2", "3"})
      form += "64 bytes from " + uri + " seq=" + number + " time=[\\d.]+ (ns|us|ms|s)\n";
    form += "--- " + uri + "\nsent 3, received 3, bad 0, lost 0 \\(0 %\\), duplicates 0, " +
            "reordered 0, late 0\nmin/mean/.* us\n";
    CHECK_MESSAGE(std::regex_match(pinged.out, std::regex(form)), pinged.out);
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: the longest and the shortest", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  datagram_server server(folder);
  for (const auto& [which, size] :
       {std::pair(0U, "16"), std::pair(0U, "65507"), std::pair(1U, "16"), std::pair(1U, "65535")}) {
    CAPTURE(size);
    const outcome pinged = ping<Row>(server.uri(which), {"-c", "3", "-i", "0", "-s", size});
    CHECK(pinged.result == 0);
    CHECK(contains(pinged.out, std::string(size) + " bytes from "));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: json has a line a reply and the totals", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  datagram_server server(folder);
  child program(command_line<Row>("ping", {server.uri(), "-c", "2", "-i", "0", "--json"}));
  for (const int number : {1, 2}) {
    const auto reply = nlohmann::json::parse(program.read_line());
    CHECK(reply["event"] == "reply");
    CHECK(reply["seq"] == number);
    CHECK(reply["from"] == server.uri());
  }
  const auto summary = nlohmann::json::parse(program.read_line());
  CHECK(summary["event"] == "summary");
  const nlohmann::json expected{{"sent", 2},       {"received", 2},   {"bad", 0},
                                {"lost", 0},       {"unanswered", 0}, {"loss_percent", 0.0},
                                {"duplicates", 0}, {"reordered", 0},  {"late", 0},
                                {"strange", 0},    {"not_sent", 0}};
  for (const auto& [key, value] : expected.items()) CHECK_MESSAGE(summary[key] == value, key);
  CHECK(program.wait() == 0);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: what a bad way loses and doubles is in the totals", Row,
                   DUET_APP_ROWS) {
  lossy_peer peer({.dropped = 10, .doubled = 30});
  const outcome pinged = ping<Row>(peer.uri(), {"-c", "30", "-i", "0", "-W", "400ms", "--json"});
  CHECK(pinged.result == 1);
  const auto last = pinged.out.rfind('\n', pinged.out.size() - 2) + 1;
  const auto summary = nlohmann::json::parse(pinged.out.substr(last));
  const duet::reply_counts expected = peer.ended();
  REQUIRE(expected.lost > 0);
  CHECK(summary["sent"] == 30);
  CHECK(summary["received"] == expected.received);
  CHECK(summary["lost"] == expected.lost);
  CHECK(summary["loss_percent"] == doctest::Approx(static_cast<double>(expected.lost) / 0.3));
  CHECK(summary["bad"] == 0);
  // The blocking model closes its socket behind a loss, and the last one's second answer is nobody's.
  CHECK(summary["duplicates"] > 0);
  CHECK(summary["duplicates"] <= expected.duplicates);
  CHECK(count_of(pinged.out, R"("event":"duplicate")") == summary["duplicates"]);
  CHECK(count_of(pinged.out, R"("event":"lost")") == expected.lost);
}

TEST_CASE_TEMPLATE("ping datagrams: changed bytes are bad replies and exit 6", Row, DUET_APP_ROWS) {
  lossy_peer peer({.damaged = 100});
  const outcome pinged = ping<Row>(peer.uri(), {"-c", "2", "-i", "0", "-W", "50ms"});
  CHECK(pinged.result == 6);
  CHECK(count_of(pinged.out, "bad reply from " + peer.uri() + "\n") == 2);
  CHECK(contains(pinged.out, "no reply from " + peer.uri() + " seq=2: timed out\n"));
  CHECK(contains(pinged.out, "sent 2, received 0, bad 2, lost 2 (100 %)"));
}

TEST_CASE_TEMPLATE("ping datagrams: nobody there is exit 4", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string gone = deserted();
  for (const arguments& more : {arguments{"-c", "3"}, arguments{"-c", "3", "--reconnect"}}) {
    const outcome udp = ping<Row>(gone, more);
    CHECK(udp.result == 4);
    CHECK(udp.out.empty());
    CHECK(udp.err == "duet-echo: connect " + gone + ": Connection refused\n");
    const std::string path = "unixgram:" + folder.fresh_path();
    const outcome local = ping<Row>(path, more);
    CHECK(local.result == 4);
    CHECK(local.err == "duet-echo: connect " + path + ": No such file or directory\n");
  }
}

TEST_CASE_TEMPLATE("ping datagrams: a server that goes away loses them and no more", Row,
                   DUET_APP_ROWS) {
  const temporary_folder folder;
  for (const duet::endpoint& at :
       {anywhere, duet::endpoint::parse("unixgram:" + folder.fresh_path())}) {
    raw_datagram server = raw_datagram::bound(at);
    const std::string uri = server.local_endpoint().to_string();
    child program(command_line<Row>("ping", {uri, "-c", "2", "-i", "20ms"}));
    const auto got = server.receive();
    server.send_to(got.bytes, got.peer);
    CHECK(contains(program.read_line(), " seq=1 "));
    server.close();
    const std::string second = program.read_line();
    // The second may have come before the end: then nobody says so, and its deadline passes.
    CHECK_MESSAGE(contains(second, "no reply from " + uri + " seq=2: "), second);
    CHECK(program.wait() == 1);
    CHECK(contains(program.out(), "sent 2, received 1, bad 0, lost 1 (50 %)"));
  }
}

TEST_CASE_TEMPLATE("ping datagrams: no reply at all is exit 5", Row, DUET_APP_ROWS) {
  const silent_peer silent;
  const outcome pinged = ping<Row>(silent.uri(), {"-c", "2", "-i", "0", "-W", "50ms"});
  CHECK(pinged.result == 5);
  CHECK(contains(pinged.out, "no reply from " + silent.uri() + " seq=1: timed out\n"));
  CHECK(contains(pinged.out, "sent 2, received 0, bad 0, lost 2 (100 %)"));
}

TEST_CASE_TEMPLATE("ping datagrams: a signal ends it with the totals", Row, DUET_APP_ROWS) {
  const silent_peer silent;
  child waiting(command_line<Row>("ping", {silent.uri()}));
  static_cast<void>(silent.socket.receive());
  waiting.signal(SIGINT);
  CHECK(waiting.wait() == -SIGINT);
  CHECK(contains(waiting.out(), "sent 1, received 0, bad 0, lost 0 (0 %), "));
  CHECK(contains(waiting.out(), ", unanswered 1\n"));

  const temporary_folder folder;
  datagram_server server(folder);
  child program(command_line<Row>("ping", {server.uri(1), "-i", "1ms"}));
  CHECK(contains(program.read_line(), " seq=1 "));
  program.signal(SIGTERM);
  CHECK(program.wait() == -SIGTERM);
  CHECK(contains(program.out(), "--- " + server.uri(1) + "\nsent "));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: the whole deadline ends it", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  datagram_server server(folder);
  CHECK(ping<Row>(server.uri(), {"-w", "100ms", "-i", "1ms", "-q"}).result == 0);
  const outcome counted = ping<Row>(server.uri(), {"-w", "100ms", "-c", "2", "-i", "1h"});
  CHECK(counted.result == 1);
  CHECK(contains(counted.out, "sent 1, received 1, "));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: many sockets share the count and the numbers", Row,
                   DUET_APP_COLUMNS) {
  const temporary_folder folder;
  datagram_server server(folder);
  const outcome pinged = ping<Row>(server.uri(), {"-c", "203", "-i", "0", "--connections", "10"});
  CHECK(pinged.result == 0);
  CHECK(contains(pinged.out, "sent 203, received 203, bad 0, lost 0 (0 %)"));
  for (int number = 1; number <= 203; ++number)
    CHECK(count_of(pinged.out, " seq=" + std::to_string(number) + " ") == 1);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: a new socket for each", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  datagram_server server(folder);
  for (const std::size_t which : {0U, 1U}) {
    const outcome pinged =
        ping<Row>(server.uri(which), {"-c", "4", "-i", "0", "--reconnect", "--trace"});
    CHECK(pinged.result == 0);
    CHECK(contains(pinged.out, "sent 4, received 4, bad 0, lost 0 (0 %)"));
    CHECK(contains(pinged.out, " seq=4 "));
    CHECK(count_of(pinged.err, "socket AF_") == 4);
    CHECK(count_of(pinged.err, "close ") == 4);
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping datagrams: of a name the address is found that answers", Row,
                   DUET_APP_ROWS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback");
  const private_host both;  // localhost is ::1, and then 127.0.0.1
  if (!both.refusal().empty()) DUET_SKIP(both.refusal().c_str());
  const temporary_folder folder;
  datagram_server server(folder);
  const std::string uri = "udp://localhost:" + std::to_string(server.at[0].port());
  for (const arguments& more :
       {arguments{"-c", "2", "-i", "0"}, arguments{"-c", "2", "-i", "0", "--reconnect"}}) {
    const outcome pinged = ping<Row>(uri, more);
    CHECK(pinged.result == 0);
    CHECK(contains(pinged.out, "64 bytes from " + server.uri() + " seq=1 "));
    CHECK(contains(pinged.out, "--- " + uri + "\nsent 2, received 2, "));
  }
  CHECK(server.stop() == 0);
  const outcome nowhere = ping<Row>(uri, {"-c", "2", "-i", "0"});
  CHECK(nowhere.result == 4);
  CHECK(nowhere.err == "duet-echo: connect " + uri + ": Connection refused\n");
}

TEST_CASE_TEMPLATE("ping datagrams: a name or service that is none", Row, DUET_APP_ROWS) {
  const outcome unknown = ping<Row>("udp://localhost:no-such-service", {"-c", "1"});
  CHECK(unknown.result == 3);
  CHECK(contains(unknown.err, "duet-echo: resolve udp://localhost:no-such-service: "));
}

TEST_CASE_TEMPLATE("ping datagrams: trace shows the flow", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  datagram_server server(folder);
  const outcome pinged = ping<Row>(server.uri(), {"-c", "1", "--trace"});
  const bool blocking = std::string_view(Row::model) == "blocking";
  std::size_t from = 0;
  for (const std::string& step :
       {std::string("socket AF_INET SOCK_DGRAM 0 (udp) -> "), std::string("connect 127.0.0.1:"),
        std::string(blocking ? "sendto " : "sendmsg "),
        std::string(blocking ? "recvfrom " : "recvmsg "), std::string("close ")}) {
    const std::size_t at = pinged.err.find(step, from);
    REQUIRE_MESSAGE(at != std::string::npos, step, " is missing in\n", pinged.err);
    from = at;
  }
  CHECK(server.stop() == 0);
}

// Both serve the first peer that comes, and it alone. (With fork socat closes its socket between two datagrams.)
TEST_CASE_TEMPLATE("ping datagrams: socat and ncat are servers", Row, DUET_APP_ROWS) {
  if (!have_program("socat") || !have_program("ncat")) DUET_SKIP("socat or ncat is not installed");
  for (const bool socat : {true, false}) {
    CAPTURE(socat);
    const std::string uri = deserted();
    const std::string port = std::to_string(duet::endpoint::parse(uri).port());
    const child program(socat
                            ? arguments{"socat", "UDP4-LISTEN:" + port + ",bind=127.0.0.1", "PIPE"}
                            : arguments{"ncat", "-l", "-u", "-e", "/bin/cat", "127.0.0.1", port});
    const auto end = std::chrono::steady_clock::now() + patience();
    outcome pinged{4, {}, {}};
    // Until it is up nobody is there.
    while (pinged.result == 4 && std::chrono::steady_clock::now() < end)
      pinged = ping<Row>(uri, {"-c", "3", "-i", "0"});
    CAPTURE(pinged.out);
    CHECK(pinged.result == 0);
    CHECK(contains(pinged.out, "sent 3, received 3, bad 0"));
    program.signal(SIGTERM);
  }
}

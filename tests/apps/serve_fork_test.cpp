// SPDX-License-Identifier: MIT
// duet-echo serve --model fork: its processes, seen from outside.
#include <doctest/doctest.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "descriptors.hpp"
#include "echo_app.hpp"
#include "processes.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

bool runs(pid_t pid) { return ::kill(pid, 0) == 0; }

raw_socket echoed_client(const duet::endpoint& at) {
  raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  return client;
}

/// Whether the process has the signal in one of its sets: "ShdPnd:" (it has come and waits to be taken), "SigIgn:". Source: proc(5).
bool has_signal(pid_t pid, std::string_view set_name, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word != set_name) continue;
    unsigned long long set = 0;
    status >> std::hex >> set;
    return (set >> (signal - 1) & 1U) != 0;
  }
  return false;
}

/// In the order in which they came.
std::vector<std::string> lines_with(const std::string& text, std::string_view part) {
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (contains(line, part)) found.push_back(line);
    begin = end + 1;
  }
  return found;
}

}  // namespace

TEST_CASE_TEMPLATE("fork: the trace has both returns of fork and how the child ended", Row,
                   DUET_APP_FORK) {
  tcp_server<Row> server({"--trace"});
  raw_socket client = echoed_client(server.at[0]);
  const std::vector<pid_t> children = children_of(server.program.pid());
  REQUIRE(children.size() == 1);
  const std::string pid = std::to_string(children[0]);
  client.close();
  server.program.wait_for_err("waitpid");
  CHECK(server.stop() == 0);
  const std::string& err = server.program.err();
  const auto forks = lines_with(err, "fork -> ");
  REQUIRE(forks.size() == 2);
  CHECK(lines_with(err, "EAGAIN").empty());
  CHECK(std::ranges::count_if(
            forks, [&](const auto& line) { return line.starts_with("fork -> " + pid); }) == 1);
  CHECK(std::ranges::count_if(forks, [&](const auto& line) {
          return line.starts_with("[pid " + pid + "] fork -> 0");
        }) == 1);
  CHECK(lines_with(err, "waitpid") == std::vector<std::string>{"waitpid " + pid + " -> exited 0"});
  const auto childs = lines_with(err, "[pid " + pid + "] ");
  REQUIRE(childs.size() == 7);
  const std::vector<std::string> expected{"fork -> 0", "close ", "read ",  "write ",
                                          "read ",     "close ", "_exit 0"};
  for (std::size_t each = 0; each < childs.size(); ++each)
    CHECK(childs[each].starts_with("[pid " + pid + "] " + expected[each]));
}

TEST_CASE_TEMPLATE("fork: a child that is killed takes its own client only", Row, DUET_APP_FORK) {
  tcp_server<Row> server;
  const raw_socket other = echoed_client(server.at[0]);
  const auto siblings = children_of(server.program.pid());
  REQUIRE(siblings.size() == 1);
  for (int each = 1; each <= 20; ++each) {
    const raw_socket victim = echoed_client(server.at[0]);
    std::vector<pid_t> now = children_of(server.program.pid());
    std::erase(now, siblings[0]);
    REQUIRE_FALSE(now.empty());
    REQUIRE(::kill(now.back(), SIGKILL) == 0);
    CHECK(victim.receive(1).empty());
    other.send_all(as_bytes("y"));
    CHECK(as_text(other.receive(1)) == "y");
    // Reaped: the number is nobody's.
    until([&] { return !runs(now.back()); });
  }
  other.shut_down(SHUT_WR);
  CHECK(other.receive(1).empty());
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "of 21 connections, 20 failed, 0 cut"));
}

TEST_CASE_TEMPLATE("fork: five die at once and none is left a zombie", Row, DUET_APP_FORK) {
  tcp_server<Row> server;
  std::vector<raw_socket> clients;
  for (int each = 0; each < 5; ++each) clients.push_back(echoed_client(server.at[0]));
  const auto children = children_of(server.program.pid());
  REQUIRE(children.size() == 5);
  for (const pid_t each : children) REQUIRE(::kill(each, SIGKILL) == 0);
  for (const raw_socket& each : clients) CHECK(each.receive(1).empty());
  until([&] { return children_of(server.program.pid()).empty(); });
  echoed_client(server.at[0]);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("fork: when the parent is killed children end and the port is free", Row,
                   DUET_APP_FORK) {
  tcp_server<Row> server;
  const raw_socket client = echoed_client(server.at[0]);
  const auto children = children_of(server.program.pid());
  REQUIRE(children.size() == 1);
  server.program.signal(SIGKILL);
  CHECK(client.receive(1).empty());
  client.shut_down(SHUT_WR);
  CHECK(server.program.wait() == -SIGKILL);
  running_server next(command_line<Row>("serve", {server.at[0].to_string()}), 1);
  echoed_client(next.at[0]);
  CHECK(next.stop() == 0);
}

TEST_CASE_TEMPLATE("fork: a terminal's interrupt is the parent's to obey", Row, DUET_APP_FORK) {
  tcp_server<Row> server;
  const raw_socket client = echoed_client(server.at[0]);
  for (const pid_t each : children_of(server.program.pid())) {
    REQUIRE(::kill(each, SIGINT) == 0);
    CHECK(has_signal(each, "SigIgn:", SIGINT));
  }
  client.send_all(as_bytes("y"));
  CHECK(as_text(client.receive(1)) == "y");
  server.program.signal(SIGINT);
  CHECK(client.receive(1).empty());
  CHECK(server.program.wait() == 0);
}

// On a UNIX socket, where what was sent is in the server's queue.
TEST_CASE_TEMPLATE("fork: a group's signal beside the parent's cuts nothing", Row, DUET_APP_FORK) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"unix:" + folder.fresh_path()}), 1);
  const raw_socket client = echoed_client(server.at[0]);
  const std::size_t owed = send_until_stuck(client);
  const auto children = children_of(server.program.pid());
  REQUIRE(children.size() == 1);
  for (int each = 0; each < 2; ++each) {
    REQUIRE(::kill(children[0], SIGTERM) == 0);
    until([&] { return !has_signal(children[0], "ShdPnd:", SIGTERM); });
  }
  server.program.signal(SIGTERM);
  server.program.wait_for_err("draining");
  CHECK(client.receive(owed + 1).size() == owed);
  CHECK(server.program.wait() == 0);
  CHECK(contains(server.program.err(), " 0 failed, 0 cut"));
}

TEST_CASE_TEMPLATE("fork: at the cap clients wait", Row, DUET_APP_FORK) {
  tcp_server<Row> server({"--max-connections", "2"});
  raw_socket first = echoed_client(server.at[0]);
  const raw_socket second = echoed_client(server.at[0]);
  const raw_socket third = raw_socket::connected(server.at[0]);
  third.send_all(as_bytes("z"));
  // Each is told in a turn of its own, in one of which the third would have been taken in.
  for (const std::size_t turn : {1U, 2U}) {
    server.program.signal(SIGUSR1);
    server.program.wait_until(
        [&] {
          return lines_with(server.program.err(), "of 2 connections, 2 active").size() == turn;
        },
        "nobody was taken in");
  }
  CHECK(children_of(server.program.pid()).size() == 2);
  CHECK_FALSE(third.readable_now());
  first.close();
  CHECK(as_text(third.receive(1)) == "z");
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "of 3 connections"));
}

TEST_CASE_TEMPLATE("fork: nothing is printed twice", Row, DUET_APP_FORK) {
  tcp_server<Row> server;
  running_server json(
      command_line<Row>("serve", {"unix:@duet-fork-" + std::to_string(::getpid()), "--json"}), 0);
  const nlohmann::json ready = nlohmann::json::parse(json.program.read_line());
  CHECK(ready["event"] == "listening");
  CHECK(ready["model"] == "fork");
  const duet::endpoint at = duet::endpoint::parse(std::string(ready["endpoint"]));
  for (int each = 0; each < 3; ++each) echoed_client(at);
  CHECK(json.stop() == 0);
  std::vector<std::string> events;
  for (const std::string& line : lines_with(json.program.out(), "{"))
    events.push_back(nlohmann::json::parse(line)["event"]);
  CHECK(std::ranges::count(events, "listening") == 0);
  CHECK(std::ranges::count(events, "accepted") == 3);
  CHECK(std::ranges::count(events, "closed") == 3);
  CHECK(events.back() == "summary");
  for (int each = 0; each < 3; ++each) echoed_client(server.at[0]);
  CHECK(server.stop() == 0);
  CHECK(server.program.out().empty());
}

TEST_CASE_TEMPLATE("fork: SIGUSR1 tells what the children have echoed so far", Row, DUET_APP_FORK) {
  tcp_server<Row> server;
  const raw_socket client = echoed_client(server.at[0]);
  const raw_socket other = echoed_client(server.at[0]);
  // A child counts what it has echoed after the client may have read it.
  server.program.signal(SIGUSR1);
  server.program.wait_until(
      [&] {
        if (contains(server.program.err(),
                     "so far: echoed 2 bytes of 2 connections, 2 active, 0 failed\n"))
          return true;
        if (contains(server.program.err(), "so far")) server.program.signal(SIGUSR1);
        return false;
      },
      "two bytes are counted");
  for (const pid_t each : children_of(server.program.pid())) REQUIRE(::kill(each, SIGUSR1) == 0);
  client.send_all(as_bytes("y"));
  CHECK(as_text(client.receive(1)) == "y");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("fork: whoever starts it may have SIGCHLD ignored", Row, DUET_APP_FORK) {
  child::options how;
  how.ignored_signal = SIGCHLD;
  tcp_server<Row> server({"--trace"}, how);
  echoed_client(server.at[0]).close();
  server.program.wait_for_err(" -> exited 0");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("fork: a child has no descriptor but the standard ones and its client", Row,
                   DUET_APP_FORK) {
  tcp_server<Row> server;
  const raw_socket other = echoed_client(server.at[0]);
  const raw_socket client = echoed_client(server.at[0]);
  for (const pid_t each : children_of(server.program.pid())) {
    int sockets = 0;
    for (const auto& [fd, target] : descriptors_of(each)) {
      if (fd < 3) continue;
      sockets += target.starts_with("socket:") ? 1 : 0;
      // Its own switch has a pipe, and Asio's reactor what it has.
      const bool own = target.starts_with("pipe:") || target.starts_with("anon_inode:[event") ||
                       target == "anon_inode:[timerfd]";
      CHECK_MESSAGE((own || target.starts_with("socket:")), target);
    }
    CHECK(sockets == 1);
  }
  CHECK(server.stop() == 0);
}

// Of a user that nobody is, for the limit counts all processes of one. Source: setrlimit(2), RLIMIT_NPROC.
TEST_CASE_TEMPLATE("fork: with no more processes to be had the others are served on", Row,
                   DUET_APP_FORK) {
  if (::geteuid() != 0 || !have_program("setpriv") || !have_program("prlimit"))
    DUET_SKIP("needs root, setpriv and prlimit");
  const std::string user = std::to_string(500'000 + ::getpid());
  const arguments as_user{"setpriv",        "--reuid=" + user, "--regid=" + user,
                          "--clear-groups", "prlimit",         "--nproc=3"};
  arguments version = as_user;
  version.insert(version.end(), {DUET_ECHO, "--version"});
  if (run(version).result != 0) DUET_SKIP("another user may not run the program");
  arguments command = as_user;
  for (const std::string& each : command_line<Row>("serve", {"tcp://127.0.0.1:0"}))
    command.push_back(each);
  running_server server(command, 1);
  raw_socket first = echoed_client(server.at[0]);
  const raw_socket second = echoed_client(server.at[0]);
  const raw_socket unlucky = raw_socket::connected(server.at[0]);
  std::byte nothing{};
  CHECK(::recv(unlucky.fd(), &nothing, 1, 0) == -1);  // reset
  server.program.wait_for_err("accept paused: Resource temporarily unavailable");
  second.send_all(as_bytes("y"));
  CHECK(as_text(second.receive(1)) == "y");
  first.close();
  until([&] { return children_of(server.program.pid()).size() == 1; });
  echoed_client(server.at[0]);
  CHECK(server.stop() == 0);
}

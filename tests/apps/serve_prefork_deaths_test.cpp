// SPDX-License-Identifier: MIT
// duet-echo serve --model prefork: workers and supervisors that die: what ends with them, what goes on, who comes instead, and what is left.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "echo_app.hpp"
#include "prefork_app.hpp"
#include "processes.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// Connections that stay, each of which is known to be one worker's: all others stood still when it was echoed.
template <class Row>
class held_connections {
 public:
  explicit held_connections(const two_workers<Row>& server, int places = 2)
      : server_(server), places_(places) {}

  /// Until each worker has so many.
  void give_each(std::ptrdiff_t count) {
    const std::vector<pid_t> workers = server_.workers(places_);
    for (const pid_t taker : workers) {
      for (const pid_t each : workers) {
        if (each == taker) continue;
        REQUIRE(::kill(each, SIGSTOP) == 0);
        until([&] { return state_of(each) == 'T'; });
      }
      for (auto due = count - of(taker); due > 0; --due) {
        held_.push_back({raw_socket::connected(server_.at[0]), taker});
        bound_waits(held_.back().client);
        REQUIRE(still_echoes(held_.back().client));
      }
      for (const pid_t each : workers) REQUIRE(::kill(each, SIGCONT) == 0);
    }
  }
  /// That the kernel has it so. It takes a while where many connections are.
  void check_owners() const {
    std::vector<std::uint16_t> ports;
    std::vector<pid_t> expected;
    for (const connection& each : held_) {
      ports.push_back(each.client.local_endpoint().port());
      expected.push_back(each.owner);
    }
    CHECK(owners_of(ports, server_.workers(places_), server_.at[0].port()) == expected);
  }

  /// Kills the worker of that place, and sees its connections end and all others echo.
  void see_killed(int place) {
    const pid_t victim = server_.worker(place);
    REQUIRE(of(victim) > 0);
    REQUIRE(of(victim) < std::ssize(held_));
    REQUIRE(::kill(victim, SIGKILL) == 0);
    for (const connection& each : held_) {
      const bool its = each.owner == victim;
      CHECK((its ? has_been_ended(each.client) : still_echoes(each.client)));
    }
    std::erase_if(held_, [victim](const connection& each) { return each.owner == victim; });
  }

  void check_all_echo() const {
    for (const connection& each : held_) CHECK(still_echoes(each.client));
  }
  void let_go() { held_.clear(); }
  void check_all_ended() const {
    for (const connection& each : held_) CHECK(has_been_ended(each.client));
  }

 private:
  struct connection {
    raw_socket client;
    pid_t owner = 0;
  };

  [[nodiscard]] std::ptrdiff_t of(pid_t worker) const {
    return std::ranges::count(held_, worker, &connection::owner);
  }
  const two_workers<Row>& server_;
  int places_;
  std::vector<connection> held_;
};

/// A client that sends so many messages, of which it has one under way, and a new connection at need.
class steady_client {
 public:
  steady_client(const running_server& server, const std::string& messages,
                const arguments& more = {})
      : program_(words(server.uri(), messages, more)) {}

  [[nodiscard]] bool is_done() const { return has_ended(program_); }
  /// Each death can have cost it one.
  void check(std::size_t deaths) {
    program_.wait();
    std::size_t sent = 0;
    std::size_t received = 0;
    std::size_t bad = 0;
    const std::string& out = program_.out();
    const std::size_t totals = std::min(out.find("sent "), out.size());
    REQUIRE(std::sscanf(out.c_str() + totals, "sent %zu, received %zu, bad %zu", &sent, &received,
                        &bad) == 3);
    CHECK(bad == 0);
    CHECK(sent - received <= deaths);
  }

 private:
  static arguments words(const std::string& uri, const std::string& messages,
                         const arguments& more) {
    arguments all = command_line<asio_async>(
        "ping", {"-q", "-i", "0", "-c", messages, "-W", "30s", "--retry", "1000", uri});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  child program_;
};

/// The workers, and nobody else: no zombie, and nobody too many.
template <class Row>
void check_staff(const two_workers<Row>& server, int places = 2) {
  CHECK(zombies_of(server.program.pid()).empty());
  std::vector<pid_t> children = children_of(server.program.pid());
  std::vector<pid_t> workers = server.workers(places);
  std::ranges::sort(children);
  std::ranges::sort(workers);
  CHECK(children == workers);
}

}  // namespace

TEST_CASE_TEMPLATE("prefork: who kills a worker ends its connections and no others", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server;
  held_connections<Row> held(server);
  for (const int place : {0, 1}) {
    held.give_each(8);
    held.check_owners();
    held.see_killed(place);
    server.wait_for_count("ready\n", 4 + static_cast<std::size_t>(place));
    held.check_all_echo();
  }
  held.let_go();
  CHECK(still_echoes(raw_socket::connected(server.at[0])));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: workers killed twenty times each are replaced under load", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server;
  steady_client steady(server, "500");
  steady_client reconnecting(server, "200", {"--reconnect"});
  held_connections<Row> held(server);
  std::size_t deaths = 0;
  while (deaths < 40 || !steady.is_done() || !reconnecting.is_done()) {
    for (const int place : {0, 1}) {
      held.give_each(2);
      held.see_killed(place);
      server.wait_for_count("ready\n", 3 + ++deaths);
      check_staff(server);
    }
  }
  held.check_all_echo();
  held.let_go();
  steady.check(deaths);
  reconnecting.check(deaths);
  CHECK(times_in(server.program.err(), "ended: killed by SIGKILL") == deaths);
  CHECK(times_in(server.program.err(), "ended") == deaths);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: five that die at once are five replacements", Row, DUET_APP_PREFORK) {
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--workers", "5"});
  held_connections<Row> held(server, 5);
  held.give_each(1);
  held.check_owners();
  const std::vector<pid_t> dead = server.workers(5);
  for (const pid_t each : dead) REQUIRE(::kill(each, SIGKILL) == 0);
  held.check_all_ended();
  server.wait_for_count("ready\n", 11);
  check_staff(server, 5);
  for (const pid_t each : dead)
    CHECK(times_in(server.program.err(), std::to_string(each) + ") ended: killed by SIGKILL") == 1);
  held_connections<Row>(server, 5).give_each(1);  // each of the new ones serves
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: a worker that is stopped is replaced", Row, DUET_APP_PREFORK) {
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--hang-timeout", "1s"});
  const pid_t other = server.worker(0);
  const pid_t stopped = server.worker(1);
  ::kill(stopped, SIGSTOP);
  server.program.wait_for_err("(pid " + std::to_string(stopped) + ") hung");
  server.wait_for_count("ready\n", 4);
  CHECK(server.worker(1) != stopped);
  CHECK(server.worker(0) == other);
  CHECK(times_in(server.program.err(), ") hung") == 1);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: a killed supervisor takes its workers along", Row, DUET_APP_PREFORK) {
  two_workers<Row> server;
  held_connections<Row> held(server);
  held.give_each(1);
  const std::vector<pid_t> workers = server.workers();
  CHECK(server.stop(SIGKILL) == -SIGKILL);
  held.check_all_ended();
  // Whoever takes in orphans here may leave them lie.
  for (const pid_t each : workers)
    until([&] { return state_of(each) == '\0' || state_of(each) == 'Z'; });
  running_server next(command_line<Row>("serve", {server.uri(), "--workers", "2"}), 1);
  CHECK(still_echoes(raw_socket::connected(next.at[0])));
  CHECK(next.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: workers that cannot begin are a crash loop with a code of its own",
                   Row, DUET_APP_PREFORK) {
  if (under_asan) DUET_SKIP("the sanitizers need descriptors of their own");
  two_workers<Row> server;
  const std::size_t before = times_in(server.program.err(), "started\n");
  // The supervisor has its descriptors; who comes now has none for a loop.
  const rlimit none{3, 3};
  REQUIRE(::prlimit(server.program.pid(), RLIMIT_NOFILE, &none, nullptr) == 0);
  for (const int place : {0, 1}) ::kill(server.worker(place), SIGKILL);
  CHECK(server.program.wait() == 9);
  CHECK(contains(server.program.err(), "gave up"));
  CHECK(contains(server.program.err(), "child failed: Too many open files"));
  // Two places, five more, and who else lives then.
  CHECK(times_in(server.program.err(), "started\n") - before <= 9);
}

// Of a user that nobody is, for the limit counts all processes of one. Source: setrlimit(2), RLIMIT_NPROC.
TEST_CASE_TEMPLATE("prefork: with no more processes to be had those that live serve on", Row,
                   DUET_APP_PREFORK) {
  if (::geteuid() != 0 || !have_program("setpriv") || !have_program("prlimit"))
    DUET_SKIP("needs root, setpriv and prlimit");
  const std::string user = std::to_string(600'000 + ::getpid());
  arguments command{"setpriv",        "--reuid=" + user, "--regid=" + user,
                    "--clear-groups", "prlimit",         "--nproc=2"};
  arguments version = command;
  version.insert(version.end(), {DUET_ECHO, "--version"});
  if (run(version).result != 0) DUET_SKIP("another user may not run the program");
  for (const std::string& each : two_workers<Row>::words({"tcp://127.0.0.1:0"}, {}))
    command.push_back(each);
  running_server server(command, 1);
  server.program.wait_until(
      [&] { return times_in(server.program.err(), "fork failed: Resource temp") >= 3; },
      "one worker has been tried for again and again");
  const raw_socket client = raw_socket::connected(server.at[0]);
  CHECK(still_echoes(client));
  const auto children = children_of(server.program.pid());
  REQUIRE(children.size() == 1);
  // Its place, too, is filled again: there is room for one.
  REQUIRE(::kill(children[0], SIGKILL) == 0);
  CHECK(has_been_ended(client));
  CHECK(still_echoes(raw_socket::connected(server.at[0])));
  CHECK(server.stop() == 0);
}

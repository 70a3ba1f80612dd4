// SPDX-License-Identifier: MIT
// duet-echo serve --model prefork: workers under a supervisor, as its users see them.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "descriptors.hpp"
#include "echo_app.hpp"
#include "prefork_app.hpp"
#include "processes.hpp"
#include "raw_datagram.hpp"
#include "raw_socket.hpp"
#include "temporary_folder.hpp"

using namespace duet;
using namespace duet::test;

namespace {

std::string echo_of(const endpoint& at, std::string_view text) {
  const raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes(text));
  return std::string(as_text(client.receive(text.size())));
}

/// What the process has beyond its standard descriptors: the number of each target that starts so, by target.
std::map<std::string, int> opened_by(pid_t process, std::string_view start) {
  std::map<std::string, int> found;
  for (const auto& [fd, target] : descriptors_of(process))
    if (fd > 2 && target.starts_with(start)) ++found[target];
  return found;
}

std::vector<std::string> targets_in_both(const std::map<std::string, int>& one,
                                         const std::map<std::string, int>& other) {
  std::vector<std::string> found;
  for (const auto& [target, times] : one)
    if (other.contains(target)) found.insert(found.end(), static_cast<std::size_t>(times), target);
  return found;
}

std::string metrics_of(const endpoint& at) {
  const raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
  std::string all;
  for (auto piece = client.receive(1); !piece.empty(); piece = client.receive(1))
    all += as_text(piece);
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("prefork: workers serve every kind of endpoint", Row, DUET_APP_PREFORK) {
  const temporary_folder folder;
  two_workers<Row> server({"tcp://127.0.0.1:0", "unix:" + folder.fresh_path(), "udp://127.0.0.1:0",
                           "unixgram:" + folder.fresh_path()});
  for (int each = 0; each < 10; ++each) {
    CHECK(echo_of(server.at[0], "hello") == "hello");
    CHECK(echo_of(server.at[1], "hello") == "hello");
    for (const std::size_t which : {2U, 3U}) {
      const endpoint own = which == 2
                               ? endpoint::parse("udp://127.0.0.1:0")
                               : endpoint::local(transport::unix_datagram, folder.fresh_path());
      const raw_datagram peer = raw_datagram::bound(own);
      peer.send_to(as_bytes("hello"), server.at[which]);
      CHECK(as_text(peer.receive().bytes) == "hello");
    }
  }
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "echoed 100 bytes of 20 connections, 0 failed, 0 cut"));
  CHECK(contains(server.program.err(), "echoed 20 of 20 datagrams, 100 bytes"));
  CHECK(folder.files().empty());
  CHECK(server.program.out().empty());  // the ready lines have been read, once each
}

TEST_CASE_TEMPLATE("prefork: each TCP worker may have a socket of its own", Row, DUET_APP_PREFORK) {
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--reuse-port"});
  const auto first = opened_by(server.worker(0), "socket:");
  const auto second = opened_by(server.worker(1), "socket:");
  CHECK(first.size() == 1);
  CHECK(second.size() == 1);
  CHECK(targets_in_both(first, second).empty());
  for (int each = 0; each < 10; ++each) CHECK(echo_of(server.at[0], "x") == "x");
  ::kill(server.worker(0), SIGKILL);
  server.wait_for_count("ready\n", 4);  // three workers, and all
  for (int each = 0; each < 10; ++each) CHECK(echo_of(server.at[0], "x") == "x");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: rolling reloads lose no connection", Row, DUET_APP_PREFORK) {
  two_workers<Row> server;
  child load(command_line<asio_async>(
      "ping", {"-q", "-i", "0", "-c", "1000", "--reconnect", server.uri()}));
  std::size_t rounds = 0;
  while (rounds < 100 || !has_ended(load)) {
    server.program.signal(SIGHUP);
    server.wait_for_count("reloaded\n", ++rounds);
  }
  CHECK(load.wait() == 0);  // every message came back
  CHECK(contains(load.out(), "bad 0"));
  CHECK(server.stop() == 0);
  CHECK(times_in(server.program.err(), "drained: exited 0") == 2 * rounds + 2);
  CHECK(times_in(server.program.err(), "ended") == 0);
}

TEST_CASE_TEMPLATE("prefork: what a reload has cut is told and is no failure of the stop", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--drain-timeout", "10ms"});
  const raw_socket stuck = stuck_in_service(server.at[0]);
  server.program.signal(SIGHUP);
  server.program.wait_for_err("drained: exited 1");
  server.program.wait_for_err("reloaded\n");
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), " 1 cut"));
}

TEST_CASE_TEMPLATE("prefork: metrics are those of all workers and do not fall", Row,
                   DUET_APP_PREFORK) {
  const temporary_folder folder;
  const endpoint metrics = endpoint::local(transport::unix_stream, folder.fresh_path());
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--metrics", metrics.to_string()});
  for (int each = 0; each < 20; ++each) CHECK(echo_of(server.at[0], "hello") == "hello");
  const auto told = [&](const std::string& line) {
    return contains(metrics_of(metrics), '\n' + line + '\n');
  };
  // A worker puts its counters down four times a second.
  while (!told("duet_echo_connections_accepted_total 20")) {
  }
  CHECK(told("duet_echo_written_bytes_total 100"));
  ::kill(server.worker(0), SIGKILL);
  server.wait_for_count("ready\n", 4);
  CHECK(told("duet_echo_connections_accepted_total 20"));
  server.program.signal(SIGUSR1);
  server.program.wait_for_err("so far: echoed 100 bytes of 20 connections");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: a trace shows both returns of fork and how workers end", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--trace"});
  const std::string pid = std::to_string(server.worker(0));
  CHECK(server.stop() == 0);
  const std::string& err = server.program.err();
  CHECK(contains(err, "\nfork -> " + pid + '\n'));
  CHECK(contains(err, "[pid " + pid + "] fork -> 0"));
  CHECK(contains(err, "kill " + pid + " SIGTERM"));
  CHECK(contains(err, "[pid " + pid + "] _exit 0\n"));
  CHECK(contains(err, "waitpid " + pid + " -> exited 0\n"));
}

TEST_CASE_TEMPLATE(
    "prefork: a worker has its sockets and two pipes of its supervisor's descriptors", Row,
    DUET_APP_PREFORK) {
  const temporary_folder folder;
  // A folder that whoever starts it has left open, low and high.
  arguments command{"sh", "-c", "exec 3<" + folder.path() + " 9</; exec \"$@\"", "sh"};
  for (const std::string& each :
       two_workers<Row>::words({"tcp://127.0.0.1:0", "unix:" + folder.fresh_path(),
                                "udp://127.0.0.1:0", "--metrics", "tcp://127.0.0.1:0"},
                               {}))
    command.push_back(each);
  running_server server(command, 3);
  server.program.wait_for_err("all ready");
  const pid_t boss = server.program.pid();
  CHECK(opened_by(boss, "/").contains("/"));
  std::vector<std::map<std::string, int>> sockets;
  for (const pid_t each : children_of(boss)) {
    sockets.push_back(opened_by(each, "socket:"));
    // The listeners, the worker's own UDP socket, metrics; each once.
    CHECK(targets_in_both(sockets.back(), opened_by(boss, "socket:")).size() == 4);
    CHECK(sockets.back().size() == 4);
    // One end of each: of the one that tells the supervisor's end, and of the one to say ready in.
    const auto pipes = targets_in_both(opened_by(each, "pipe:"), opened_by(boss, "pipe:"));
    CHECK(pipes.size() == 2);
    CHECK(std::set(pipes.begin(), pipes.end()).size() == 2);
    CHECK(opened_by(each, "anon_inode:[signalfd]").empty());
    // A spare descriptor is its own, and of /dev/null.
    for (const auto& [target, times] : opened_by(each, "/")) CHECK(target == "/dev/null");
  }
  REQUIRE(sockets.size() == 2);
  CHECK(targets_in_both(sockets[0], sockets[1]).size() == 3);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: whoever starts it may have SIGCHLD ignored", Row, DUET_APP_PREFORK) {
  child::options how;
  how.ignored_signal = SIGCHLD;
  running_server server(two_workers<Row>::words({"tcp://127.0.0.1:0"}, {}), 1, how);
  server.program.wait_for_err("all ready");
  ::kill(children_of(server.program.pid()).front(), SIGKILL);
  server.program.wait_for_err("ended: killed by SIGKILL");
  server.program.wait_until([&] { return times_in(server.program.err(), "ready\n") >= 4; },
                            "the next one is ready");
  CHECK(server.stop() == 0);
  CHECK(times_in(server.program.err(), "drained: exited 0") == 2);
}

TEST_CASE_TEMPLATE("prefork: a terminal's signals are the supervisor's to obey", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server;
  const std::vector<pid_t> workers = server.workers();
  std::vector<raw_socket> clients;
  for (int each = 0; each < 8; ++each) {
    clients.push_back(raw_socket::connected(server.at[0]));
    REQUIRE(still_echoes(clients.back()));
  }
  for (const pid_t each : workers)
    for (const int signal : {SIGINT, SIGHUP, SIGUSR1}) REQUIRE(::kill(each, signal) == 0);
  for (const raw_socket& each : clients) CHECK(still_echoes(each));
  CHECK(children_of(server.program.pid()) == workers);
  clients.clear();
  CHECK(server.stop(SIGINT) == 0);
  CHECK(times_in(server.program.err(), "drained: exited 0") == 2);
}

TEST_CASE_TEMPLATE("prefork: nothing is printed twice", Row, DUET_APP_PREFORK) {
  running_server server(two_workers<Row>::words({"tcp://127.0.0.1:0"}, {"--json"}), 0);
  const nlohmann::json ready = nlohmann::json::parse(server.program.read_line());
  CHECK(ready["event"] == "listening");
  CHECK(ready["model"] == "prefork");
  server.program.wait_for_err("all ready");
  const endpoint at = endpoint::parse(std::string(ready["endpoint"]));
  for (int each = 0; each < 3; ++each) CHECK(echo_of(at, "x") == "x");
  CHECK(server.stop() == 0);
  std::map<std::string, int> events;
  std::istringstream lines(server.program.out());
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json told = nlohmann::json::parse(line);
    last = told["event"];
    ++events[last == "workers" ? std::string(told["what"]) : last];
  }
  const std::map<std::string, int> expected{{"started", 2},  {"ready", 2},  {"all ready", 1},
                                            {"accepted", 3}, {"closed", 3}, {"stopping", 1},
                                            {"drained", 2},  {"summary", 1}};
  CHECK(events == expected);
  CHECK(last == "summary");
}

TEST_CASE_TEMPLATE("prefork: the second signal ends at once and before it newcomers are refused",
                   Row, DUET_APP_PREFORK) {
  const temporary_folder folder;
  two_workers<Row> server({"tcp://127.0.0.1:0", "unix:" + folder.fresh_path()},
                          {"--drain-timeout", "off"});
  const raw_socket stuck = stuck_in_service(server.at[0]);
  server.program.signal(SIGTERM);
  server.program.wait_for_err("stopping");
  until(
      [&] { return raw_socket::opened(server.at[0]).start_connect(server.at[0]) == ECONNREFUSED; });
  until([&] { return folder.files().empty(); });
  server.program.signal(SIGINT);
  CHECK(server.program.wait() == 128 + SIGINT);
}

TEST_CASE_TEMPLATE("prefork: a service manager is told when all serve and when it ends", Row,
                   DUET_APP_PREFORK) {
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  const raw_datagram manager = raw_datagram::bound(endpoint::local(transport::unix_datagram, path));
  child::options how;
  how.environment = {"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=100000"};
  running_server server(two_workers<Row>::words({"tcp://127.0.0.1:0"}, {}), 1, how);
  std::string told(as_text(manager.receive().bytes));
  while (told == "WATCHDOG=1") told = as_text(manager.receive().bytes);
  CHECK(told == "READY=1");
  CHECK(as_text(manager.receive().bytes) == "WATCHDOG=1");
  CHECK(server.stop() == 0);
  do told = as_text(manager.receive().bytes);
  while (told == "WATCHDOG=1");
  CHECK(told == "STOPPING=1");
}

TEST_CASE("prefork: what makes no sense is refused") {
  const auto refused = [](const arguments& rest) {
    arguments words{DUET_ECHO, "serve"};
    words.insert(words.end(), rest.begin(), rest.end());
    return run(words);
  };
  for (const char* number : {"0", "1025", "-1", "many"}) {
    const outcome ended = refused({"--model", "prefork", "--workers", number, ":0"});
    CHECK(ended.result == 2);
    CHECK(contains(ended.err, "--workers '" + std::string(number) + "'"));
  }
  for (const arguments& words :
       {arguments{"--workers", "2", ":0"}, arguments{"--reuse-port", ":0"},
        arguments{"--hang-timeout", "1s", ":0"}, arguments{"--restart-pause", "1s", ":0"}}) {
    const outcome ended = refused(words);
    CHECK(ended.result == 2);
    CHECK(contains(ended.err, words.front() + " goes with --model prefork"));
  }
  CHECK(refused({"--model", "prefork", "--io", "sendrecv", ":0"}).result == 2);
  const outcome hasty = refused({"--model", "prefork", "--hang-timeout", "99ms", ":0"});
  CHECK(hasty.result == 2);
  CHECK(contains(hasty.err, "--hang-timeout '99ms'"));
  CHECK(contains(hasty.err, "100ms or more"));
}

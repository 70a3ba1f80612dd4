// SPDX-License-Identifier: MIT
// duet-echo serve --model prefork: workers under a supervisor, as its users and its murderers see them.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "echo_app.hpp"
#include "raw_datagram.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet;
using namespace duet::test;

namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Two workers that serve.
template <class Row>
struct two_workers : running_server {
  explicit two_workers(const arguments& endpoints = {"tcp://127.0.0.1:0"},
                       const arguments& more = {})
      : running_server(words(endpoints, more), endpoints.size()) {
    program.wait_for_err("all ready");
  }
  static arguments words(arguments endpoints, const arguments& more) {
    endpoints.insert(endpoints.end(), {"--workers", "2", "--restart-pause", "1ms"});
    endpoints.insert(endpoints.end(), more.begin(), more.end());
    return command_line<Row>("serve", endpoints);
  }

  /// Waits until something was told so often.
  void wait_for_count(std::string_view text, std::size_t times) {
    program.wait_until([&] { return count_of(program.err(), text) >= times; }, text);
  }
  /// The last that was ready at that place.
  [[nodiscard]] pid_t worker(int place) const {
    const std::string start = "worker " + std::to_string(place) + " (pid ";
    pid_t pid = 0;
    for (std::size_t begin = program.err().find(start); begin != std::string::npos;
         begin = program.err().find(start, begin + 1)) {
      const std::string_view rest = std::string_view(program.err()).substr(begin + start.size());
      if (rest.substr(rest.find(')'), 8) == ") ready\n") pid = std::stoi(std::string(rest));
    }
    REQUIRE(pid > 0);
    return pid;
  }
};

std::string echo_of(const endpoint& at, std::string_view text) {
  const raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes(text));
  return std::string(as_text(client.receive(text.size())));
}

bool still_echoes(const raw_socket& client) {
  const std::byte one{1};
  if (::send(client.fd(), &one, 1, MSG_NOSIGNAL) != 1) return false;
  std::byte back{};
  return ::recv(client.fd(), &back, 1, 0) == 1;
}

/// Asked without waiting; its status stays to be had.
bool has_ended(const child& program) {
  siginfo_t about{};
  return ::waitid(P_PID, static_cast<id_t>(program.pid()), &about, WEXITED | WNOHANG | WNOWAIT) ==
             0 &&
         about.si_pid != 0;
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
  for (int each = 0; each < 10; ++each) CHECK(echo_of(server.at[0], "x") == "x");
  ::kill(server.worker(0), SIGKILL);
  server.wait_for_count("ready\n", 4);  // three workers, and all
  for (int each = 0; each < 10; ++each) CHECK(echo_of(server.at[0], "x") == "x");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: who kills a worker ends its connections and no others", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server;
  std::vector<raw_socket> clients;
  for (int each = 0; each < 16; ++each) {
    clients.push_back(raw_socket::connected(server.at[0]));
    REQUIRE(still_echoes(clients.back()));
  }
  // Nobody can tell whose connection is whose; but with both workers dead all are.
  ::kill(server.worker(0), SIGKILL);
  server.wait_for_count("ready\n", 4);
  const auto left = std::ranges::count_if(clients, still_echoes);
  ::kill(server.worker(1), SIGKILL);
  server.wait_for_count("ready\n", 5);
  CHECK(left <= 16);
  for (const raw_socket& each : clients) CHECK_FALSE(still_echoes(each));
  CHECK(echo_of(server.at[0], "hello") == "hello");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: workers killed twenty times each are replaced under load", Row,
                   DUET_APP_PREFORK) {
  two_workers<Row> server;
  child load(command_line<asio_async>(
      "ping", {"-q", "-i", "0", "-c", "1000000", "--reconnect", "--retry", "1000", server.uri()}));
  for (std::size_t round = 0; round < 20; ++round) {
    for (const int place : {0, 1}) ::kill(server.worker(place), SIGKILL);
    server.wait_for_count("ready\n", 3 + 2 * (round + 1));
    CHECK(echo_of(server.at[0], "hello") == "hello");
  }
  CHECK(count_of(server.program.err(), "ended: killed by SIGKILL") == 40);
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
  CHECK(count_of(server.program.err(), "drained: exited 0") == 2 * rounds + 2);
  CHECK(count_of(server.program.err(), "ended") == 0);
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

TEST_CASE_TEMPLATE("prefork: a worker that is stopped is replaced", Row, DUET_APP_PREFORK) {
  two_workers<Row> server({"tcp://127.0.0.1:0"}, {"--hang-timeout", "1s"});
  const pid_t stopped = server.worker(1);
  ::kill(stopped, SIGSTOP);
  server.program.wait_for_err("(pid " + std::to_string(stopped) + ") hung");
  server.wait_for_count("ready\n", 4);
  CHECK(server.worker(1) != stopped);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: a killed supervisor takes its workers along", Row, DUET_APP_PREFORK) {
  two_workers<Row> server;
  raw_socket client = raw_socket::connected(server.at[0]);
  REQUIRE(still_echoes(client));
  CHECK(server.stop(SIGKILL) == -SIGKILL);
  // Its end is the end of a process: the kernel closes when it dies.
  CHECK_FALSE(still_echoes(client));
  client.reset();
  running_server next(command_line<asio_async>("serve", {server.uri()}), 1);
  CHECK(echo_of(next.at[0], "x") == "x");
  CHECK(next.stop() == 0);
}

TEST_CASE_TEMPLATE("prefork: workers that cannot begin are a crash loop with a code of its own",
                   Row, DUET_APP_PREFORK) {
  if (under_asan) DUET_SKIP("the sanitizers need descriptors of their own");
  two_workers<Row> server;
  const std::size_t before = count_of(server.program.err(), "started\n");
  // The supervisor has its descriptors; who comes now has none for a loop.
  const rlimit none{3, 3};
  REQUIRE(::prlimit(server.program.pid(), RLIMIT_NOFILE, &none, nullptr) == 0);
  for (const int place : {0, 1}) ::kill(server.worker(place), SIGKILL);
  CHECK(server.program.wait() == 9);
  CHECK(contains(server.program.err(), "gave up"));
  CHECK(contains(server.program.err(), "child failed: Too many open files"));
  // Two places, five more, and who else lives then.
  CHECK(count_of(server.program.err(), "started\n") - before <= 9);
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

TEST_CASE_TEMPLATE("prefork: the second signal ends at once", Row, DUET_APP_PREFORK) {
  two_workers<Row> server;
  const raw_socket stuck = stuck_client(server.at[0]);
  server.program.signal(SIGTERM);
  server.program.wait_for_err("stopping");
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

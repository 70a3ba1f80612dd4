// SPDX-License-Identifier: MIT
// duet-echo's exit codes and its one line on standard error, for everything that can be known to be wrong.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// One line that begins with the program's name, and nothing on standard output.
void check_complaint(const outcome& of, int result, std::string_view about) {
  CAPTURE(of.err);
  CHECK(of.result == result);
  CHECK(of.out.empty());
  CHECK(of.err.starts_with("duet-echo: "));
  CHECK(of.err.find('\n') == of.err.size() - 1);
  CHECK(contains(of.err, about));
}

}  // namespace

TEST_CASE("failure: a bad command line is exit 2 and names what is bad") {
  const auto check = [](arguments words, std::string_view about) {
    words.insert(words.begin(), DUET_ECHO);
    check_complaint(run(words), 2, about);
  };
  check({}, "a command is missing");
  check({"serv"}, "'serv'");
  check({"serve"}, "ENDPOINT");
  check({"serve", "tcp://127.0.0.1:65543"}, "'65543'");
  check({"serve", "--model", "blocking", "udp://127.0.0.1:0", "--batch", "2"}, "--model async");
  check({"send", "udp://127.0.0.1:1", "-s", "65508"}, "at most 65507 bytes");
  check({"serve", "unix:/x", "--owner", "duet-nobody"}, "there is no user 'duet-nobody'");
  check({"ping", "127.0.0.1:1", "--tarce"}, "--trace");
  check({"ping", "127.0.0.1:1", "-c", "ten"}, "'ten'");
  check({"send", "127.1:9"}, "'127.1'");
  check({"send", "a\nb:1"}, "a\\x0ab");
}

TEST_CASE_TEMPLATE("failure: nobody listening is exit 4", Row, DUET_APP_ROWS) {
  const raw_socket bound = raw_socket::bound(duet::endpoint::parse("127.0.0.1:0"));
  const std::string uri = bound.local_endpoint().to_string();
  const temporary_folder folder;
  for (const char* const command : {"send", "ping"}) {
    check_complaint(echo<Row>(command, {uri}), 4, "connect " + uri + ": Connection refused");
    const std::string absent = "unix:" + folder.fresh_path();
    check_complaint(echo<Row>(command, {absent}), 4,
                    "connect " + absent + ": No such file or directory");
  }
  check_complaint(echo<Row>("ping", {uri, "--reconnect"}), 4, "Connection refused");
}

TEST_CASE_TEMPLATE("failure: a name or service that does not exist is exit 3", Row, DUET_APP_ROWS) {
  // Names that need no name server: there is no such service.
  const std::string uri = "tcp://localhost:no-such-service";
  for (const char* const command : {"serve", "send", "ping"}) {
    check_complaint(echo<Row>(command, {uri}), 3, "resolve " + uri + ": name or service not found");
  }
}

TEST_CASE_TEMPLATE("failure: a name that cannot be resolved for now is exit 7", Row,
                   DUET_APP_ROWS) {
  // A network namespace without an interface that is up: no name server can be reached.
  const arguments alone{"unshare", "--user", "--map-root-user", "--net"};
  if (!have_program("unshare") ||
      run({"unshare", "--user", "--map-root-user", "--net", "true"}).result != 0) {
    DUET_SKIP("unshare cannot make a network namespace here");
  }
  for (const char* const command : {"serve", "send", "ping"}) {
    arguments words = alone;
    for (const std::string& each : command_line<Row>(command, {"tcp://duet.test:9"}))
      words.push_back(each);
    const outcome failed =
        run(words, {}, {{"RES_OPTIONS=timeout:1 attempts:1", "LOCALDOMAIN="}, -1});
    if (failed.result == 3) DUET_SKIP("this system's resolver knows no failure for now");
    check_complaint(failed, 7, "resolve tcp://duet.test:9: name not resolved for now");
  }
}

TEST_CASE_TEMPLATE("failure: connecting that takes too long is exit 5", Row, DUET_APP_COLUMNS) {
  const full_listener full(duet::endpoint::parse("127.0.0.1:0"));
  const std::string uri = full.where().to_string();
  for (const char* const command : {"send", "ping"}) {
    check_complaint(echo<Row>(command, {uri, "-W", "200ms"}), 5, "connect " + uri + ": timed out");
  }
}

TEST_CASE_TEMPLATE("failure: more connections than descriptors is exit 1", Row, DUET_APP_COLUMNS) {
  check_complaint(run({"sh", "-c", "ulimit -n 64; exec \"$@\"", "sh", DUET_ECHO, "ping",
                       "127.0.0.1:1", "--backend", Row::backend, "--connections", "64"}),
                  1, "--connections 64: the descriptor limit is 64");
}

TEST_CASE_TEMPLATE("failure: a server at its descriptor limit keeps serving", Row,
                   DUET_APP_COLUMNS) {
  // The cap that serve derives from the limit holds connections back before accept can fail.
  running_server server({"sh", "-c", "ulimit -n 64; exec \"$@\"", "sh", DUET_ECHO, "serve",
                         "127.0.0.1:0", "--json", "--backend", Row::backend},
                        0);
  const auto listening = nlohmann::json::parse(server.program.read_line());
  const auto at = duet::endpoint::parse(std::string(listening["endpoint"]));
  std::vector<raw_socket> clients;
  for (int each = 0; each < 100; ++each) clients.push_back(raw_socket::connected(at));
  for (const raw_socket& each : clients) each.send_all(as_bytes("x"));
  // Each one that is answered leaves, and makes room for another.
  for (const raw_socket& each : clients) {
    CHECK(as_text(each.receive(1)) == "x");
    each.shut_down(SHUT_WR);
  }
  server.program.signal(SIGTERM);
  std::string last;
  while (!contains(last, "\"summary\"")) last = server.program.read_line();
  const auto summary = nlohmann::json::parse(last);
  CHECK(summary["accepted"] == 100);
  CHECK(summary["accept_pauses"] == 0);
  CHECK(server.program.wait() == 0);
}

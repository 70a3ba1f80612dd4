// SPDX-License-Identifier: MIT
// duet-echo serve whose accept4(2) fails, as strace makes it: each error that may pass, once and twenty times in a row, and then a client is
// served all the same. All servers at once, for twenty pauses take a while. Source: accept(2), strace(1) "Tampering".
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cerrno>
#include <list>
#include <string>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet::test;

namespace {

constexpr const char* errors[] = {"EINTR",      "ECONNABORTED", "EPROTO",    "ENETDOWN",
                                  "ENONET",     "ENOPROTOOPT",  "EHOSTDOWN", "EHOSTUNREACH",
                                  "EOPNOTSUPP", "ENETUNREACH",  "EMFILE",    "ENFILE",
                                  "ENOBUFS",    "ENOMEM",       "EPERM"};

/// strace is nobody's parent, so that the program's end is seen and not its own.
arguments under_strace(const std::string& tampering, const arguments& command) {
  arguments all{"strace",        "-D", "-f",     "-qq", "-o", "/dev/null", "-e",
                "trace=accept4", "-e", tampering};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

bool can_trace() {
  return have_program("strace") &&
         run(under_strace("inject=accept4:error=EPERM:when=1", {"true"})).result == 0;
}

/// A server whose accept4 fails as `what` says ("EMFILE:when=1"), and its first client, who has said "x".
template <class Row>
struct first_client {
  explicit first_client(const std::string& what)
      : name(what),
        server(under_strace("inject=accept4:error=" + what,
                            command_line<Row>("serve", {"tcp://127.0.0.1:0"})),
               1),
        client(connected()) {}

  [[nodiscard]] raw_socket connected() const {
    raw_socket made = raw_socket::connected(server.at[0]);
    made.send_all(as_bytes("x"));
    return made;
  }
  [[nodiscard]] bool is_turned_away() const {
    char first = 0;
    const ssize_t got = ::recv(client.fd(), &first, 1, MSG_PEEK);
    REQUIRE_FALSE((got == -1 && errno == EAGAIN));  // the client's own time limit
    return got < 1;
  }
  void check_served() {
    CHECK(as_text(client.receive(1)) == "x");
    client.shut_down(SHUT_WR);
    CHECK(client.receive(1).empty());
    CHECK(server.stop() == 0);
    CHECK(contains(server.program.err(), " of 1 connections, 0 failed, 0 cut"));
  }

  std::string name;
  running_server server;
  raw_socket client;
};

}  // namespace

TEST_CASE_TEMPLATE("accept errors: each once and twenty times and the next client is served", Row,
                   DUET_APP_COLUMNS) {
  if (under_asan || under_tsan) DUET_SKIP("strace and the sanitizers do not go together");
  if (!can_trace()) DUET_SKIP("strace is not installed, or may not trace here");
  std::list<first_client<Row>> all;
  for (const char* const error : errors) {
    // Without a descriptor the first client may be turned away: below.
    const bool shortage = error == std::string("EMFILE") || error == std::string("ENFILE");
    if (!shortage) all.emplace_back(std::string(error) + ":when=1");
    all.emplace_back(std::string(error) + ":when=1..20");
  }
  for (first_client<Row>& each : all) {
    CAPTURE(each.name);
    each.check_served();
  }
}

TEST_CASE_TEMPLATE(
    "accept errors: without a descriptor one client is turned away and the next served", Row,
    DUET_APP_COLUMNS) {
  if (under_asan || under_tsan) DUET_SKIP("strace and the sanitizers do not go together");
  if (!can_trace()) DUET_SKIP("strace is not installed, or may not trace here");
  for (const char* const what : {"EMFILE:when=1", "ENFILE:when=1"}) {
    CAPTURE(what);
    bool seen = false;
    for (int tries = 0; !seen && tries < 50; ++tries) {
      first_client<Row> one(what);
      // If accept4 failed before the client had come, there was nobody to turn away.
      seen = one.is_turned_away();
      if (seen) one.client = one.connected();
      one.check_served();
    }
    CHECK(seen);
  }
}

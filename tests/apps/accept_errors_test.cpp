// SPDX-License-Identifier: MIT
// duet-echo serve whose accept4(2) fails, as strace makes it: each error that may pass, once and twenty times in a row, and then a client is
// served all the same. All servers at once, for twenty pauses take a while. Source: accept(2), strace(1) "Tampering".
#include <doctest/doctest.h>

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

}  // namespace

TEST_CASE_TEMPLATE("accept errors: each once and twenty times and the next client is served", Row,
                   DUET_APP_COLUMNS) {
  if (under_asan || under_tsan) DUET_SKIP("strace and the sanitizers do not go together");
  if (!can_trace()) DUET_SKIP("strace is not installed, or may not trace here");
  struct served {
    served(const std::string& what, const std::string& tampering)
        : name(what),
          server(under_strace(tampering, command_line<Row>("serve", {"tcp://127.0.0.1:0"})), 1),
          client(raw_socket::connected(server.at[0])) {
      client.send_all(as_bytes("x"));
    }
    std::string name;
    running_server server;
    raw_socket client;
  };
  std::list<served> all;
  for (const char* const error : errors) {
    for (const char* const times : {"1", "1..20"}) {
      const std::string what = std::string(error) + ":when=" + times;
      all.emplace_back(what, "inject=accept4:error=" + what);
    }
  }
  for (served& each : all) {
    CAPTURE(each.name);
    // Without a descriptor the reserve takes the client in, to turn it away; the next one is served.
    const bool told = each.name == "EMFILE:when=1" || each.name == "ENFILE:when=1";
    if (told) {
      char none = 0;
      CHECK(::recv(each.client.fd(), &none, 1, 0) == -1);
      each.client = raw_socket::connected(each.server.at[0]);
      each.client.send_all(as_bytes("x"));
    }
    CHECK(as_text(each.client.receive(1)) == "x");
    each.client.shut_down(SHUT_WR);
    CHECK(each.client.receive(1).empty());
    CHECK(each.server.stop() == 0);
    CHECK(contains(each.server.program.err(), " of 1 connections, 0 failed, 0 cut"));
  }
}

// SPDX-License-Identifier: MIT
// A server that really runs out of descriptors: what it costs, what it tells, and that it recovers. The limit is this process's own, for the
// length of a case. Source: getrlimit(2).
#include <sys/resource.h>

#include <chrono>
#include <list>
#include <vector>

#include "backends.hpp"
#include "duet/os/fault.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

/// Allows so many descriptors more than there are now, while it lives.
class few_descriptors {
 public:
  explicit few_descriptors(rlim_t more) {
    checked(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
    const raw_socket next = raw_socket::opened(endpoint::parse("tcp://127.0.0.1:1"));
    const rlimit fewer{static_cast<rlim_t>(next.fd()) + more, before_.rlim_max};
    checked(::setrlimit(RLIMIT_NOFILE, &fewer), "setrlimit");
  }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;
  ~few_descriptors() { lift(); }
  void lift() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE_TEMPLATE("descriptors: 64 for 200 clients cost few calls and disturb nobody", Row,
                   DUET_ROWS) {
  DUET_NEEDS_SEAM();
  if (under_asan) DUET_SKIP("the sanitizers need descriptors of their own");
  fixture_of<Row> f;
  error_log log;
  echo_server_options options;
  options.watcher = &log;
  options.socket.backlog = 256;
  typename Row::backend::echo_server server(f.loop(), options);
  const endpoint at = server.listen(f.anywhere());
  std::list<raw_socket> clients;
  for (int each = 0; each < 200; ++each) clients.push_back(raw_socket::connected(at));
  const auto echoes = [&](const raw_socket& client) {
    client.send_all(as_bytes("ping"));
    f.run_until([&] { return client.readable_now(); });
    return as_text(client.receive(4)) == "ping";
  };

  few_descriptors few(64);
  server.start();
  f.run_until([&] { return server.counters().accept_pauses == 1; });
  CHECK(server.counters().active > 32);
  os::faults::clear();
  const auto until = std::chrono::steady_clock::now() + 2s;
  while (std::chrono::steady_clock::now() < until) {
    f.loop().restart();
    f.loop().run_one_for(until - std::chrono::steady_clock::now());
  }
  // It does not spin: each pause is longer than the one before, and each turns one client away.
  MESSAGE(os::faults::count(os::call::accept4), " calls of accept4 in two seconds");
  CHECK(os::faults::count(os::call::accept4) <= 20);
  CHECK(log.count("accept paused") == 1);
  CHECK(server.counters().failed == 0);
  CHECK(echoes(clients.front()));

  // Those who leave make room at once.
  const std::uint64_t before = server.counters().accepted;
  for (int each = 0; each < 10; ++each) clients.pop_front();
  f.run_until([&] { return server.counters().accepted >= before + 10; });
  few.lift();
  f.run_until(
      [&] { return server.counters().accepted + server.connections().refused_by_shortage == 200; });
  CHECK(echoes(clients.front()));
  CHECK(server.connections().refused_by_shortage == server.counters().accept_pauses);
  // Once there was room again the next time is an episode of its own.
  few_descriptors fewer(8);
  std::list<raw_socket> late;
  const auto pauses = server.counters().accept_pauses;
  for (int each = 0; each < 7; ++each) late.push_back(raw_socket::connected(at));
  f.run_until([&] { return server.counters().accept_pauses > pauses; });
  CHECK(log.count("accept paused") == 2);
}

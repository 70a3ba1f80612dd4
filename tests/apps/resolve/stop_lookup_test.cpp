// SPDX-License-Identifier: MIT
// duet-resolve and lookups that hang: the timeout, the signal, and what Asio's own resolver makes of them.
#include <csignal>
#include <string>

#include "resolve_app.hpp"
#include "scripted_dns.hpp"

using namespace duet::test;

namespace {

/// libc waits for a minute for a server that is silent.
host_files patient_host() {
  host_files files;
  files.resolv_conf = "nameserver 127.0.0.1\noptions timeout:30 attempts:2\n";
  return files;
}

void wait_for_query(scripted_dns& server, const std::string& name) {
  const auto cap = std::chrono::steady_clock::now() + patience();
  while (server.count(name, "A") == 0) REQUIRE(std::chrono::steady_clock::now() < cap);
}

}  // namespace

TEST_CASE_TEMPLATE("stop lookup: the first signal ends a lookup that hangs", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host(patient_host());
  DUET_NEED(host);
  for (const char* const via : {"pool", "blocking", "stock"}) {
    if (via == std::string("stock") && Column::backend == std::string("posix")) continue;
    for (const int number : {SIGINT, SIGTERM}) {
      CAPTURE(via);
      scripted_dns server("silent.test * silence\ngood.test * answer 192.0.2.1\n");
      child program(resolve_line<Column>(
          {"--timeout", "off", "--via", via, "--short", "good.test", "silent.test"}));
      CHECK(program.read_line() == "good.test\t192.0.2.1");  // told as soon as it is known
      wait_for_query(server, "silent.test");
      program.signal(number);
      CHECK(program.wait() == -number);
      CHECK(program.err().empty());
    }
  }
}

TEST_CASE_TEMPLATE("stop lookup: a server that hangs over TCP does not hold it", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns server("stuck.test * truncate tcp-silent answer 192.0.2.1\n");
  child program(resolve_line<Column>({"--timeout", "off", "stuck.test"}));
  const auto cap = std::chrono::steady_clock::now() + patience();
  while (server.count_tcp("stuck.test", "A") == 0) REQUIRE(std::chrono::steady_clock::now() < cap);
  program.signal(SIGINT);
  CHECK(program.wait() == -SIGINT);
  const outcome timed = resolve<Column>({"--timeout", "200ms", "stuck.test"});
  CHECK(timed.result == 5);
}

TEST_CASE_TEMPLATE("stop lookup: the timeout ends the name and then the program", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host(patient_host());
  DUET_NEED(host);
  const scripted_dns server("silent.test * silence\ngood.test * answer 192.0.2.1\n");
  const outcome one = resolve<Column>({"--timeout", "200ms", "silent.test"});
  CHECK(one.result == 5);
  CHECK(one.out.empty());
  CHECK(one.err == "duet-resolve: 'silent.test': timed out\n");
  const outcome some =
      resolve<Column>({"--timeout", "3s", "--short", "--jobs", "2", "silent.test", "good.test"});
  CHECK(some.result == 8);
  CHECK(some.out == "good.test\t192.0.2.1\n");
}

TEST_CASE("stop lookup: Asio's own resolver has one thread for all") {
  host_files files;
  files.resolv_conf = "nameserver 127.0.0.1\noptions timeout:3 attempts:1\n";
  const private_host host(files);
  DUET_NEED(host);
  const scripted_dns server("silent.test * silence\ngood.test * answer 192.0.2.1\n");
  const outcome done = resolve<asio_column>(
      {"--via", "stock", "--timeout", "1s", "--short", "silent.test", "good.test"});
  CHECK(done.result == 5);  // the good one waited behind the silent one
  CHECK(done.out.empty());
}

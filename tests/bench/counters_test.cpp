// SPDX-License-Identifier: MIT
// The kernel's counters as text, and this process's own.
#include "harness/counters.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

using namespace duet::bench;

namespace {

constexpr const char* stat =
    "cpu  100 0 200 900 5 1 2 3 0 0\n"
    "cpu1 10 1 20 300 4 2 3 7 0 0\n"
    "cpu11 1 1 1 1 1 1 1 1 0 0\n"
    "intr 5\n";

}  // namespace

TEST_CASE("cpu times: busy is user nice system irq and softirq") {
  const auto times = parse_cpu_times(stat, 1);
  REQUIRE(times);
  CHECK(times->busy == 36);
  CHECK(times->steal == 7);
}

TEST_CASE("cpu times: an unknown CPU or a short line is none") {
  CHECK_FALSE(parse_cpu_times(stat, 2));
  CHECK_FALSE(parse_cpu_times("cpu0 1 2 3\n", 0));
  CHECK_FALSE(parse_cpu_times("", 0));
}

TEST_CASE("run delay: is the second number of schedstat") {
  CHECK(parse_run_delay_ns("149983977 151916150 41\n") == 151916150);
  CHECK_FALSE(parse_run_delay_ns("149983977\n"));
  CHECK_FALSE(parse_run_delay_ns(""));
}

TEST_CASE("throttled: is read from a cgroup's cpu.stat of either version") {
  CHECK(parse_throttled("nr_periods 0\nnr_throttled 12\nthrottled_time 5\n") == 12);
  CHECK(parse_throttled("usage_usec 1\nnr_periods 0\nnr_throttled 3") == 3);
  CHECK_FALSE(parse_throttled("usage_usec 1\n"));
}

TEST_CASE("process clock: own CPU time grows with work and a missing process has none") {
  const auto before = process_cpu_ns(::getpid());
  REQUIRE(before);
  volatile unsigned sum = 0;
  for (unsigned i = 0; i < 1'000'000; ++i) sum = sum + i;
  CHECK(process_cpu_ns(::getpid()).value() > *before);
  // Beyond the largest pid the kernel gives, 2^22.
  CHECK_FALSE(process_cpu_ns(5'000'000));
}

TEST_CASE("family clock: the ticks of children are behind a name of any form") {
  CHECK(parse_children_ticks("7 (a) b) c) S 1 7 7 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 99") == 23U);
  CHECK_FALSE(parse_children_ticks("7 (a) S 1 7 7 0 -1 4 5 6 7 8 9 10 11"));
  CHECK_FALSE(parse_children_ticks("7 (a)"));
  CHECK_FALSE(parse_children_ticks(""));
}

TEST_CASE("family clock: it has what children took while they run and when they are gone") {
  constexpr std::uint64_t work_ns = 50'000'000;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::uint64_t before = family_cpu_ns(::getpid()).value();
  const pid_t child = ::fork();
  if (child == 0) {
    while (process_cpu_ns(::getpid()).value_or(work_ns) < work_ns) {
    }
    static_cast<void>(::write(ends[1], "", 1));
    ::pause();
  }
  char done = 1;
  REQUIRE(::read(ends[0], &done, 1) == 1);
  CHECK(family_cpu_ns(::getpid()).value() >= before + work_ns);
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  // In ticks now, of user and of system time: less than a tick of each is lost.
  CHECK(family_cpu_ns(::getpid()).value() >= before + work_ns - 20'000'000);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("load: is the first three numbers") {
  const auto load = read_load();
  CHECK(std::count(load.begin(), load.end(), ' ') == 2);
}

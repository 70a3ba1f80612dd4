// SPDX-License-Identifier: MIT
// What perf and strace print, read.
#include "harness/call_counter.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string_view>

#include "harness/interrupt.hpp"

using namespace duet::bench;
using calls_by_name = std::map<std::string, std::uint64_t>;
using namespace std::string_view_literals;

TEST_CASE("perf counts: calls by name and what did not happen left out") {
  // The NUL is the end of perf's last acknowledgement.
  const auto text =
      "\0<not counted>,,syscalls:sys_enter_poll,0,100.00,,\n"
      "20000,,syscalls:sys_enter_sendto,157,100.00,,\n"
      "0,,syscalls:sys_enter_read,157,100.00,,\n"
      "60001,,raw_syscalls:sys_enter,157,100.00,,\n"sv;
  CHECK(parse_perf_counts(text) == calls_by_name{{"all", 60001}, {"sendto", 20000}});
  CHECK(parse_perf_counts("\0007,,raw_syscalls:sys_enter,1,100.00,,\n"sv) ==
        calls_by_name{{"all", 7}});
  CHECK(parse_perf_counts("").empty());
}

TEST_CASE("strace counts: the table with and without errors") {
  const auto text =
      "strace: Process 42 detached\n"
      "% time     seconds  usecs/call     calls    errors syscall\n"
      "------ ----------- ----------- --------- --------- ----------------\n"
      " 60.00    0.000600           1       500        12 recvfrom\n"
      " 40.00    0.000400           1       488           sendto\n"
      "------ ----------- ----------- --------- --------- ----------------\n"
      "100.00    0.001000           1       988        12 total\n"sv;
  CHECK(parse_strace_counts(text) ==
        calls_by_name{{"all", 988}, {"recvfrom", 500}, {"sendto", 488}});
  CHECK(parse_strace_counts("strace: attach: ptrace(PTRACE_SEIZE, 42): Operation not permitted\n")
            .empty());
}

TEST_CASE("counting: the work is done once whether it can be counted or not") {
  interrupt_source interrupts;
  int done = 0;
  const auto result = count_calls(
      0x3ffffff, [&] { ++done; }, interrupts);  // no such process
  CHECK(done == 1);
  CHECK(result.tool.empty());
  CHECK_FALSE(result.reason.empty());
}

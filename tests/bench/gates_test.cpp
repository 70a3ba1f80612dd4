// SPDX-License-Identifier: MIT
// Which rounds are dropped.
#include "harness/gates.hpp"

#include <doctest/doctest.h>

#include "made_up.hpp"

using namespace duet::bench;
using duet::bench::test::round_of;
using names = std::vector<std::string>;

TEST_CASE("gates: a quiet round passes") {
  CHECK(failed_gates(round_of(3000, 3000, 3100), false).empty());
  CHECK(failed_gates(round_of(3000, 3000, 3100), true).empty());
}

TEST_CASE("gates: any stolen time and any throttling drop the round") {
  auto round = round_of(3000, 3000, 3100);
  round.conditions.steal_ns = 10'000'000;
  CHECK(failed_gates(round, false) == names{"steal"});
  round.conditions.throttled = 1;
  CHECK(failed_gates(round, false) == names{"steal", "throttled"});
}

TEST_CASE("gates: foreign busy time must exceed what the counter can tell") {
  auto round = round_of(3000, 3000, 3100);
  round.conditions.busy_ns = round.conditions.own_cpu_ns + 29'000'000;
  CHECK(failed_gates(round, false).empty());
  round.conditions.busy_ns = round.conditions.own_cpu_ns + 31'000'000;
  CHECK(failed_gates(round, false) == names{"foreign busy"});
  round.conditions.busy_ns = 0;  // the counter may lag behind the clocks
  CHECK(failed_gates(round, false).empty());
}

TEST_CASE("gates: run delay counts on two CPUs and the wall clock on one") {
  auto round = round_of(3000, 3000, 3100);
  round.slots[1].report.server_run_delay_ns = 500'000;
  round.slots[1].report.loader_run_delay_ns = 400'000;  // 2.25 % of the slot
  CHECK(failed_gates(round, false) == names{"run delay"});
  CHECK(failed_gates(round, true).empty());
  round = round_of(3000, 3000, 3100);
  round.slots[2].report.loader_cpu_ns -= 900'000;
  CHECK(failed_gates(round, true) == names{"foreign busy"});
  CHECK(failed_gates(round, false).empty());
}

TEST_CASE("gates: what the kernel does not report drops nothing") {
  auto round = round_of(3000, 3000, 3100);
  round.conditions.busy_ns.reset();
  round.conditions.steal_ns.reset();
  round.conditions.throttled.reset();
  for (auto& slot : round.slots) {
    slot.report.server_cpu_ns.reset();
    slot.report.server_run_delay_ns.reset();
    slot.report.loader_run_delay_ns.reset();
  }
  CHECK(failed_gates(round, true).empty());
  CHECK(failed_gates(round, false).empty());
}

TEST_CASE("gates: an open loop that was late or too slow is dropped") {
  auto round = round_of(3000, 3000, 3100);
  auto& slot = round.slots[1].report;
  slot.messages = 1001;
  slot.open =
      open_loop_figures{.rate_per_s = 10'000, .sending_ns = 100'000'000, .lag_p99_ns = 5000};
  CHECK(failed_gates(round, false).empty());
  slot.open->lag_p99_ns = 5001;
  CHECK(failed_gates(round, false) == names{"send lag"});
  slot.open->sending_ns = 101'100'000;
  CHECK(failed_gates(round, false) == names{"send lag", "rate"});
}

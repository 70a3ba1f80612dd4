// SPDX-License-Identifier: MIT
// See gates.hpp.
#include "harness/gates.hpp"

#include <algorithm>

namespace duet::bench {

namespace {

/// /proc/stat counts in steps of 10 ms and charges a whole step to whoever is running when it ends: less than
/// this, summed over the CPUs, is no evidence.
constexpr double stat_resolution_ns = 30e6;

bool foreign_busy(const round_conditions& c) {
  if (!c.busy_ns || *c.busy_ns <= c.own_cpu_ns) return false;
  const auto foreign = static_cast<double>(*c.busy_ns - c.own_cpu_ns);
  const double available = static_cast<double>(c.wall_ns) * static_cast<double>(c.cpus);
  return foreign > std::max(gate_share * available, stat_resolution_ns);
}

/// Whether the share of `of_slot` is too large in any slot: pairs are made of single slots.
template <class Function>
bool any_slot_over(const round_result& round, Function of_slot) {
  return std::any_of(round.slots.begin(), round.slots.end(), [&](const slot_result& slot) {
    const auto elapsed = static_cast<double>(slot.report.elapsed_ns);
    return of_slot(slot.report, elapsed) > gate_share * elapsed;
  });
}

double unaccounted_ns(const slot_report& slot, double elapsed) {
  if (!slot.server_cpu_ns) return 0;
  return elapsed - static_cast<double>(*slot.server_cpu_ns + slot.loader_cpu_ns);
}

double run_delay_ns(const slot_report& slot, double) {
  return static_cast<double>(slot.server_run_delay_ns.value_or(0) +
                             slot.loader_run_delay_ns.value_or(0));
}

}  // namespace

std::vector<std::string> failed_gates(const round_result& round, bool same_core) {
  std::vector<std::string> failed;
  if (round.conditions.steal_ns.value_or(0) > 0) failed.emplace_back("steal");
  if (foreign_busy(round.conditions) || (same_core && any_slot_over(round, unaccounted_ns))) {
    failed.emplace_back("foreign busy");
  }
  if (!same_core && any_slot_over(round, run_delay_ns)) failed.emplace_back("run delay");
  if (round.conditions.throttled.value_or(0) > 0) failed.emplace_back("throttled");
  return failed;
}

}  // namespace duet::bench

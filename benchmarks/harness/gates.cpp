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

/// An open loop whose messages went out late, or which did not reach its rate, measured the loader.
template <class Function>
bool any_open_loop(const round_result& round, Function is_bad) {
  return std::any_of(round.slots.begin(), round.slots.end(), [&](const slot_result& slot) {
    return slot.report.open && is_bad(*slot.report.open, slot.report.messages);
  });
}

bool lags(const open_loop_figures& open, std::uint64_t) { return open.lag_p99_ns > most_lag_ns; }

bool misses_rate(const open_loop_figures& open, std::uint64_t messages) {
  // The last of n messages is due n - 1 intervals after the first.
  const double planned_ns =
      static_cast<double>(messages - 1) * 1e9 / static_cast<double>(open.rate_per_s);
  const double margin_ns = std::max(planned_ns * 0.01, static_cast<double>(most_lag_ns) * 10);
  return static_cast<double>(open.sending_ns) > planned_ns + margin_ns;
}

double slot_run_delay_ns(const slot_report& slot, double) {
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
  if (!same_core && any_slot_over(round, slot_run_delay_ns)) failed.emplace_back("run delay");
  if (round.conditions.throttled.value_or(0) > 0) failed.emplace_back("throttled");
  if (any_open_loop(round, lags)) failed.emplace_back("send lag");
  if (any_open_loop(round, misses_rate)) failed.emplace_back("rate");
  return failed;
}

}  // namespace duet::bench

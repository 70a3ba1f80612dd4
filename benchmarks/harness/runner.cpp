// SPDX-License-Identifier: MIT
// See runner.hpp.
#include "harness/runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "harness/counters.hpp"
#include "harness/crew.hpp"
#include "harness/gates.hpp"
#include "harness/latin_square.hpp"

namespace duet::bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Readings at one moment; conditions are the difference of two.
struct readings {
  steady_clock::time_point at;
  std::uint64_t own_cpu_ns = 0;
  std::optional<std::uint64_t> busy_ns, steal_ns, throttled;
};

readings read_now(const crew& processes, const placement& where) {
  readings now;
  now.at = steady_clock::now();
  now.own_cpu_ns = processes.own_cpu_ns();
  now.throttled = read_throttled();
  if (!where.pinned) return now;
  const std::uint64_t ns_per_tick =
      1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  cpu_times sum;
  for (const int cpu : {where.server_cpu, where.loader_cpu}) {
    const auto times = read_cpu_times(cpu);
    if (!times) return now;
    sum.busy += times->busy;
    sum.steal += times->steal;
    if (where.server_cpu == where.loader_cpu) break;
  }
  now.busy_ns = sum.busy * ns_per_tick;
  now.steal_ns = sum.steal * ns_per_tick;
  return now;
}

std::optional<std::uint64_t> difference(const std::optional<std::uint64_t>& after,
                                        const std::optional<std::uint64_t>& before) {
  if (!after || !before) return std::nullopt;
  return *after - *before;
}

round_result run_round(crew& processes, const arm_order& order, const placement& where) {
  round_result round;
  const readings before = read_now(processes, where);
  for (const std::size_t index : order) round.slots.push_back({index, processes.run_slot(index)});
  const readings after = read_now(processes, where);
  round.conditions = {
      .wall_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(after.at - before.at).count()),
      .cpus = where.server_cpu == where.loader_cpu ? 1U : 2U,
      .busy_ns = difference(after.busy_ns, before.busy_ns),
      .steal_ns = difference(after.steal_ns, before.steal_ns),
      .own_cpu_ns = after.own_cpu_ns - before.own_cpu_ns,
      .throttled = difference(after.throttled, before.throttled)};
  return round;
}

/// Moves the slots' histograms into one per arm.
void merge_round_trips(block_result& block, std::size_t arms) {
  const auto merged = std::make_unique<std::vector<histogram>>(arms);
  const bool none_kept = std::none_of(block.rounds.begin(), block.rounds.end(),
                                      [](const auto& round) { return round.kept(); });
  for (round_result& round : block.rounds) {
    for (slot_result& slot : round.slots) {
      if (round.kept() || none_kept) (*merged)[slot.arm].merge(slot.report.round_trips_ns);
      slot.report.round_trips_ns = {};
    }
  }
  for (const histogram& each : *merged) block.round_trips_ns.push_back(each.to_sparse());
}

block_result run_block(const run_context& run, cell_result& result) {
  std::mt19937_64 random = random_of_block(run.how.seed, result.what.id(), result.blocks.size());
  crew processes(run, result);
  block_result block;
  const std::size_t rounds_of_cell = run.how.blocks * run.how.squares * run.arms.size();
  const std::size_t rounds_before = result.blocks.size() * run.how.squares * run.arms.size();
  for (std::size_t square = 0; square < run.how.squares; ++square) {
    for (const arm_order& order : random_square(run.arms.size(), random)) {
      if (run.on_progress)
        run.on_progress(result.what, rounds_before + block.rounds.size(), rounds_of_cell);
      round_result round = run_round(processes, order, result.where);
      if (run.how.gates) round.failed_gates = failed_gates(round, result.what.same_core);
      block.rounds.push_back(std::move(round));
    }
  }
  merge_round_trips(block, run.arms.size());
  return block;
}

}  // namespace

milliseconds plan::expected_time(std::size_t arms) const {
  constexpr milliseconds start_of_a_block{150};
  const auto slots = static_cast<milliseconds::rep>(squares * arms * arms);
  return static_cast<milliseconds::rep>(blocks) * (slots * slot + start_of_a_block);
}

void run_cell(const run_context& run, cell_result& result) {
  try {
    while (result.blocks.size() < run.how.blocks) {
      block_result block = run_block(run, result);
      result.blocks.push_back(std::move(block));
      if (run.on_block) run.on_block(result);
    }
  } catch (const std::runtime_error& error) {
    result.failure = error.what();
  }
}

}  // namespace duet::bench

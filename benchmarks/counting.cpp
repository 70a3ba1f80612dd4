// SPDX-License-Identifier: MIT
// The counting itself; see counts.hpp.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

#include "counts.hpp"
#include "harness/allocation_counter.hpp"
#include "harness/counters.hpp"
#include "harness/instruction_counter.hpp"

namespace duet::bench {

namespace {

using counters_by_arm = std::vector<std::unique_ptr<allocation_counter>>;

arm_counts count_arm(crew& processes, std::size_t index, const run_context& run,
                     const allocation_counter& heap, std::uint64_t messages) {
  arm_counts result{.name = run.arms[index].name, .messages = messages};
  processes.run_messages(index, messages / 10 + 1);  // the first ones fill caches and pools
  const pid_t pid = processes.pid_of(index);
  std::optional<std::uint64_t> before, after, heap_before, heap_after;
  result.calls = count_calls(
      pid,
      [&] {
        before = voluntary_switches(pid);
        heap_before = heap.read();
        processes.run_messages(index, messages);
        heap_after = heap.read();
        after = voluntary_switches(pid);
      },
      run.interrupts);
  if (heap_before && heap_after) result.allocations = *heap_after - *heap_before;
  // strace makes the process sleep at every call; perf does not.
  if (result.calls.tool == "strace") return result;
  if (before && after)
    result.switches = static_cast<double>(*after - *before) / static_cast<double>(messages);
  return result;
}

/// Of one arm alone, from its start through so many messages to its end.
std::optional<std::uint64_t> instructions_of(const run_context& run, std::size_t index,
                                             const cell_result& of, std::uint64_t messages) {
  const instruction_counter counter;
  run_context alone{run.how, {run.arms[index]}, run.program_folder, run.interrupts, {}};
  alone.prefix_of = [&](std::size_t) { return counter.prefix(); };
  cell_result scratch;
  scratch.what = of.what;
  scratch.where = of.where;
  crew processes(alone, scratch);
  processes.run_messages(0, messages);
  processes.end_arm(0);
  return counter.read();
}

/// The slope between two numbers of messages: start and end are the same in both.
void count_instructions(const run_context& run, std::size_t index, const cell_result& of,
                        arm_counts& into) {
  constexpr std::uint64_t few = 500;
  constexpr std::uint64_t many = 1500;
  try {
    const auto less = instructions_of(run, index, of, few);
    const auto more = instructions_of(run, index, of, many);
    if (less && more && *more > *less) {
      into.instructions = static_cast<double>(*more - *less) / static_cast<double>(many - few);
    } else {
      into.instructions_reason = "callgrind left no count";
    }
  } catch (const interrupted&) {
    throw;
  } catch (const std::exception& error) {
    into.instructions_reason = error.what();
  }
}

bool is_there(const std::string& path) { return ::access(path.c_str(), R_OK) == 0; }

}  // namespace

double arm_counts::per_message(const std::string& call) const {
  const auto found = calls.by_name.find(call);
  if (found == calls.by_name.end()) return 0;
  return static_cast<double>(found->second) / static_cast<double>(messages);
}

std::optional<double> arm_counts::allocations_per_message() const {
  if (!allocations) return std::nullopt;
  return static_cast<double>(*allocations) / static_cast<double>(messages);
}

std::vector<arm_counts> count_cell(const run_context& run, cell_result& cell,
                                   const count_plan& how) {
  const std::string library = run.program_folder + "/duet-bench-allocations.so";
  counters_by_arm heaps;
  for (std::size_t i = 0; i < run.arms.size(); ++i)
    heaps.push_back(std::make_unique<allocation_counter>(library));
  run_context counted{run.how, run.arms, run.program_folder, run.interrupts, run.on_progress};
  if (is_there(library)) counted.prefix_of = [&](std::size_t arm) { return heaps[arm]->prefix(); };
  std::vector<arm_counts> result;
  {
    crew processes(counted, cell);
    for (std::size_t i = 0; i < run.arms.size(); ++i)
      result.push_back(count_arm(processes, i, run, *heaps[i], how.messages));
  }
  for (std::size_t i = 0; how.instructions && i < run.arms.size(); ++i)
    count_instructions(run, i, cell, result[i]);
  return result;
}

}  // namespace duet::bench

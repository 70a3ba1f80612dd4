// SPDX-License-Identifier: MIT
// duet-bench counts: system calls and context switches a message, in a pass of its own because tracing slows what it counts.
// Allocations and instructions a message have their place here.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "commands.hpp"
#include "harness/call_counter.hpp"
#include "harness/counters.hpp"
#include "harness/crew.hpp"
#include "harness/result_json.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

struct arm_counts {
  std::string name;
  call_counts calls;
  std::optional<double> switches;  ///< voluntary ones a message
  std::uint64_t messages = 0;

  [[nodiscard]] double per_message(const std::string& call) const {
    const auto found = calls.by_name.find(call);
    if (found == calls.by_name.end()) return 0;
    return static_cast<double>(found->second) / static_cast<double>(messages);
  }
};

arm_counts count_arm(crew& processes, std::size_t index, const run_context& run,
                     std::uint64_t messages) {
  arm_counts result{
      .name = run.arms[index].name, .calls = {}, .switches = {}, .messages = messages};
  processes.run_messages(index, messages / 10 + 1);  // the first ones fill caches and pools
  const pid_t pid = processes.pid_of(index);
  std::optional<std::uint64_t> before, after;
  result.calls = count_calls(
      pid,
      [&] {
        before = voluntary_switches(pid);
        processes.run_messages(index, messages);
        after = voluntary_switches(pid);
      },
      run.interrupts);
  // strace makes the process sleep at every call; perf does not.
  if (result.calls.tool == "strace") return result;
  if (before && after)
    result.switches = static_cast<double>(*after - *before) / static_cast<double>(messages);
  return result;
}

/// "3.05", and of less than one a message "0.047".
std::string text_of(double per_message) {
  return fmt::format("{:.{}f}", per_message, per_message < 0.995 ? 3 : 2);
}

/// The calls that any of the arms makes at least once in 200 messages, by name; the rest is "other".
std::vector<std::string> columns_of(const std::vector<arm_counts>& arms) {
  std::vector<std::string> names;
  for (const arm_counts& arm : arms) {
    for (const auto& [name, count] : arm.calls.by_name) {
      const bool known = std::find(names.begin(), names.end(), name) != names.end();
      if (name != "all" && !known && arm.per_message(name) >= 0.005) names.push_back(name);
    }
  }
  return names;
}

void print_table(const cell_result& cell, const std::vector<arm_counts>& arms, bool color) {
  const auto columns = columns_of(arms);
  std::string head = fmt::format("  {:<12}{:>9}", "arm", "calls");
  for (const auto& name : columns)
    head += fmt::format("{:>{}}", name, std::max<std::size_t>(name.size() + 2, 9));
  head += fmt::format("{:>9}{:>12}", "other", "switches");
  fmt::print("{}  {}\n\n{}\n", paint(cell.what.scenario, ink::bold, color), cell.what.description(),
             paint(head, ink::dim, color));
  for (const arm_counts& arm : arms) {
    std::string row = fmt::format("  {:<12}", arm.name);
    const auto switches = arm.switches ? text_of(*arm.switches) : "-";
    if (arm.calls.tool.empty()) {
      fmt::print("{}  not measured: {}\n", row, arm.calls.reason);
      continue;
    }
    double other = arm.per_message("all");
    row += fmt::format("{:>9}", text_of(other));
    for (const auto& name : columns) {
      other -= arm.per_message(name);
      row += fmt::format("{:>{}}", text_of(arm.per_message(name)),
                         std::max<std::size_t>(name.size() + 2, 9));
    }
    fmt::print("{}{:>9}{:>12}\n", row, text_of(std::max(other, 0.0)), switches);
  }
  fmt::print("\n");
}

void print_lines(const cell_result& cell, const std::vector<arm_counts>& arms) {
  for (const arm_counts& arm : arms) {
    json calls = json::object();
    for (const auto& [name, count] : arm.calls.by_name) calls[name] = count;
    fmt::print("{}\n",
               json{{"schema", schema},
                    {"type", "counts"},
                    {"id", cell.what.id()},
                    {"arm", arm.name},
                    {"messages", arm.messages},
                    {"tool", arm.calls.tool},
                    {"not_measured", arm.calls.reason},
                    {"calls", std::move(calls)},
                    {"voluntary_switches_per_message", arm.switches ? json(*arm.switches) : json()}}
                   .dump());
  }
}

/// All arms of a cell. @return whether nothing failed
bool count_cell(const run_context& run, cell_result& cell, const options& o) {
  if (cell.skipped) {
    fmt::print(stderr, "{}: skipped: {}\n", cell.what.id(), cell.failure);
    return true;
  }
  std::vector<arm_counts> counted;
  try {
    crew processes(run, cell);
    for (std::size_t i = 0; i < run.arms.size(); ++i)
      counted.push_back(count_arm(processes, i, run, o.messages));
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "{}: {}\n", cell.what.id(), error.what());
    return false;
  }
  if (o.json) {
    print_lines(cell, counted);
  } else {
    print_table(cell, counted, use_color(o.color, STDOUT_FILENO));
  }
  std::fflush(stdout);
  return true;
}

}  // namespace

int counts_command(const options& o) {
  chosen what;
  try {
    what = choose_what_to_run(o);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return exit_usage;
  }
  // Ratios need the control, counts do not.
  std::erase_if(what.arms, [](const arm& each) { return each.name == control_name; });
  interrupt_source interrupts;
  const run_context run{what.how, what.arms, own_folder().string(), interrupts, {}};
  if (!o.json)
    fmt::print(
        "Per message, over {} messages; the server's own calls and voluntary context switches\n\n",
        o.messages);
  std::size_t failed = 0;
  try {
    for (cell_result& cell : what.cells) failed += count_cell(run, cell, o) ? 0 : 1;
  } catch (const interrupted& stop) {
    die_by(stop.signal());
  }
  if (failed == 0) return 0;
  return failed == what.cells.size() ? exit_failed : exit_partly_failed;
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See counted.hpp.
#include "counted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "counts.hpp"
#include "harness/summary.hpp"
#include "ladder.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

json counts_object(const arm_counts& counts) {
  json calls = json::object();
  for (const auto& [name, count] : counts.calls.by_name) calls[name] = count;
  json reasons = json::object();
  if (!counts.instructions_reason.empty())
    reasons["user_instructions_per_message"] = counts.instructions_reason;
  const auto number = [](const std::optional<double>& value) {
    return value ? json(*value) : json();
  };
  return {{"messages", counts.messages},
          {"tool", counts.calls.tool},
          {"not_measured", counts.calls.reason},
          {"calls", std::move(calls)},
          {"voluntary_switches_per_message", number(counts.switches)},
          {"allocations_per_message", number(counts.allocations_per_message())},
          {"user_instructions_per_message", number(counts.instructions)},
          {"reasons", std::move(reasons)}};
}

/// How far the control strays from the reference, in ns a message.
std::optional<double> floor_in_ns(const metric_summary& cpu) {
  if (!cpu.floor || cpu.figures.empty() || !cpu.figures[0]) return std::nullopt;
  return std::max(std::abs(cpu.floor->low - 1), std::abs(cpu.floor->high - 1)) * *cpu.figures[0];
}

json ladder_steps(const run_context& run, const cell_result& cell,
                  const std::vector<arm_counts>& counted) {
  const cell_summary summary = summarise(cell, run.arms);
  std::vector<rung> rungs;
  for (const std::string& name : ladder_arms()) {
    for (std::size_t i = 0; i < counted.size(); ++i) {
      if (counted[i].name == name) rungs.push_back({counted[i], summary.cpu.figures[i]});
    }
  }
  const ladder_scale scale{.noise_ns = floor_in_ns(summary.cpu),
                           .bare_call_ns = measure_bare_call_ns()};
  return to_json(cell.what, rungs, steps_of(rungs, scale), scale)["steps"];
}

}  // namespace

void count_into(const run_context& run, cell_result& cell, std::uint64_t messages) {
  try {
    const auto counted = count_cell(run, cell, {.messages = messages});
    json counts = json::object();
    for (const arm_counts& each : counted) counts[each.name] = counts_object(each);
    cell.counted =
        json{{"counts", std::move(counts)}, {"ladder", ladder_steps(run, cell, counted)}}.dump();
  } catch (const std::runtime_error& error) {
    cell.warnings.push_back(fmt::format("counts: not measured: {}", error.what()));
  }
}

std::string counted_text(const cell_result& cell, const std::vector<arm>& arms) {
  if (cell.counted.empty()) return {};
  const json both = json::parse(cell.counted);
  std::string calls, text;
  for (const arm& each : arms) {
    const auto found = both.at("counts").find(each.name);
    if (found == both.at("counts").end() || each.name == control_name) continue;
    if (const std::string reason = found->at("not_measured"); !reason.empty()) {
      calls += fmt::format("{}{} not measured ({})", calls.empty() ? "" : ", ", each.name, reason);
      continue;
    }
    const double all = found->at("calls").value("all", 0.0);
    calls += fmt::format("{}{} {:.2f}", calls.empty() ? "" : ", ", each.name,
                         all / found->at("messages").get<double>());
  }
  if (!calls.empty()) text += fmt::format("  system calls a message: {}\n", calls);
  for (const json& step : both.at("ladder"))
    text += fmt::format("  {} to {}: {}\n", step.at("from").get<std::string>(),
                        step.at("to").get<std::string>(), step.at("sentence").get<std::string>());
  return text;
}

}  // namespace duet::bench

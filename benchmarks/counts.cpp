// SPDX-License-Identifier: MIT
// duet-bench counts: the command and its table; counting is counting.cpp's.
#include "counts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "commands.hpp"
#include "harness/report.hpp"
#include "harness/result_json.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

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

std::string or_dash(const std::optional<double>& per_message) {
  return per_message ? text_of(*per_message) : "-";
}

std::string whole_or_dash(const std::optional<double>& per_message) {
  return per_message ? fmt::format("{:.0f}", *per_message) : "-";
}

std::size_t width_of(const std::string& column) {
  return std::max<std::size_t>(column.size() + 2, 9);
}

/// @return whether nothing failed
bool print_cell(const run_context& run, cell_result& cell, const options& o) {
  if (cell.skipped) {
    fmt::print(stderr, "{}: skipped: {}\n", cell.what.id(), cell.failure);
    return true;
  }
  try {
    const auto counted = count_cell(run, cell, o.counts);
    for (const arm_counts& arm : counted) {
      if (!arm.instructions_reason.empty())
        fmt::print(stderr, "{}: {}: instructions not measured: {}\n", cell.what.id(), arm.name,
                   arm.instructions_reason);
      if (o.json) print_line(to_json(cell.what, arm));
    }
    if (!o.json)
      fmt::print("{}", counts_text(cell.what, counted, use_color(o.color, STDOUT_FILENO)));
    std::fflush(stdout);
    return true;
  } catch (const interrupted&) {
    throw;
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "{}: {}\n", cell.what.id(), error.what());
    return false;
  }
}

}  // namespace

json to_json(const cell& of, const arm_counts& arm) {
  json calls = json::object();
  for (const auto& [name, count] : arm.calls.by_name) calls[name] = count;
  return {{"type", "counts"},
          {"id", of.id()},
          {"arm", arm.name},
          {"messages", arm.messages},
          {"tool", arm.calls.tool},
          {"not_measured", arm.calls.reason},
          {"calls", std::move(calls)},
          {"allocations", arm.allocations ? json(*arm.allocations) : json()},
          {"instructions_per_message", arm.instructions ? json(*arm.instructions) : json()},
          {"instructions_not_measured", arm.instructions_reason},
          {"voluntary_switches_per_message", arm.switches ? json(*arm.switches) : json()}};
}

std::string counts_text(const cell& of, const std::vector<arm_counts>& arms, bool color) {
  const auto columns = columns_of(arms);
  std::string head = fmt::format("  {:<12}{:>9}", "arm", "calls");
  for (const auto& name : columns) head += fmt::format("{:>{}}", name, width_of(name));
  head +=
      fmt::format("{:>9}{:>10}{:>13}{:>14}", "other", "switches", "allocations", "instructions");
  std::string text = fmt::format("{}  {}\n\n{}\n", paint(of.scenario, ink::bold, color),
                                 of.description(), paint(head, ink::dim, color));
  for (const arm_counts& arm : arms) {
    std::string row = fmt::format("  {:<12}", arm.name);
    double other = arm.per_message("all");
    const bool counted = !arm.calls.tool.empty();
    row += fmt::format("{:>9}", counted ? text_of(other) : "-");
    for (const auto& name : columns) {
      other -= arm.per_message(name);
      row += fmt::format("{:>{}}", counted ? text_of(arm.per_message(name)) : "-", width_of(name));
    }
    text += fmt::format("{}{:>9}{:>10}{:>13}{:>14}\n", row,
                        counted ? text_of(std::max(other, 0.0)) : "-", or_dash(arm.switches),
                        or_dash(arm.allocations_per_message()), whole_or_dash(arm.instructions));
  }
  for (const arm_counts& arm : arms) {
    if (!arm.calls.reason.empty()) {
      text += fmt::format("  calls not measured: {}\n", arm.calls.reason);
      break;
    }
  }
  return text + '\n';
}

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
        "Per message, over {} messages after a tenth of that as warm-up; the server's own\n\n",
        o.counts.messages);
  std::size_t failed = 0;
  try {
    for (cell_result& cell : what.cells) failed += print_cell(run, cell, o) ? 0 : 1;
  } catch (const interrupted& stop) {
    die_by(stop.signal());
  }
  if (failed == 0) return 0;
  return failed == what.cells.size() ? exit_failed : exit_partly_failed;
}

}  // namespace duet::bench

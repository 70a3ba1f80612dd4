// SPDX-License-Identifier: MIT
// duet-bench list.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "arms/catalogue.hpp"
#include "commands.hpp"
#include "harness/result_json.hpp"
#include "scenarios/idle.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/scenario.hpp"

namespace duet::bench {

int list_command(const options& o) {
  if (o.json) {
    for (const cell& each : all_cells()) {
      print_line({{"type", "cell"},
                  {"id", each.id()},
                  {"quick", each.quick},
                  {"summary", each.description()}});
    }
    for (const arm& each : all_arms())
      print_line({{"type", "arm"}, {"name", each.name}, {"summary", each.summary}});
    return 0;
  }
  const auto time = plan().expected_time(select_arms({}).size());
  fmt::print("Cells (about {} each with the standard arms; * are those of --quick):\n",
             format_duration(time));
  for (const cell& each : all_cells()) {
    fmt::print("  {} {:<48} {}\n", each.quick ? '*' : ' ', each.id(), each.description());
  }
  fmt::print("\nBy a command of its own:\n    {:<48} {}\n", "resolve", description(resolve_plan{}));
  fmt::print("    {:<48} {}\n", "idle", description(idle_plan{}));
  fmt::print("\nArms:\n");
  for (const arm& each : all_arms()) {
    const bool standard = each.group == arm_group::standard;
    fmt::print("  {} {:<12} {}\n", standard ? ' ' : '+', each.name, each.summary);
  }
  fmt::print("  + not among the standard arms: --arms NAME, --peers\n");
  return 0;
}

}  // namespace duet::bench

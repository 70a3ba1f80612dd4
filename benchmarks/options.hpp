// SPDX-License-Identifier: MIT
// The command line of duet-bench as data: what was asked, or what to print and the exit code to leave with.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arms/catalogue.hpp"
#include "counts.hpp"
#include "harness/terminal.hpp"
#include "scenarios/idle.hpp"
#include "scenarios/resolve.hpp"

namespace duet::bench {

enum class command_kind { list, run, counts, ladder, resolve, idle, compare, report };

struct options {
  command_kind what = command_kind::run;
  bool quick = false;
  bool full = false;
  bool force = false;
  bool json = false;
  bool gates = true;
  bool no_counts = false;  ///< of run: leave out the counting after a cell
  std::vector<std::string> filters;
  arm_wishes arms;
  std::optional<std::size_t> blocks, squares;
  std::optional<std::chrono::milliseconds> slot, warm_up;
  std::optional<std::uint64_t> seed;
  count_plan counts;
  resolve_plan resolve;  ///< of resolve; its seed is the one above
  idle_plan idle;
  std::string cpus;    ///< "SERVER,LOADER"; empty: by the topology
  std::string out;     ///< empty: a new folder under the build folder
  std::string resume;  ///< a folder that holds a run
  std::optional<std::chrono::milliseconds> stop_after;
  std::string report_of;         ///< of report: result.json or its folder
  std::string older, newer;      ///< of compare
  double tolerance_percent = 2;  ///< of compare: by how much a count may rise
  color_mode color = color_mode::automatic;
};

/// Usage error, help or version: what to print where, and the exit code.
struct early_exit {
  int code = 0;
  std::string text;  ///< to stdout if the code is 0, else to stderr
};

struct parsed_options {
  options value;
  std::optional<early_exit> exit;
};

/// @param arguments without the program's name
parsed_options parse_options(std::vector<std::string> arguments);

/// "250ms", "2s", "5m". Nothing for any other text.
std::optional<std::chrono::milliseconds> parse_duration(const std::string& text);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// duet-bench ladder: times, then counts, then the ladder of both. One cell, by default the headline one on a single core, where noise is least.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "commands.hpp"
#include "counts.hpp"
#include "harness/environment.hpp"
#include "harness/report.hpp"
#include "harness/result_json.hpp"
#include "harness/runner.hpp"
#include "harness/summary.hpp"
#include "harness/terminal.hpp"
#include "ladder.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

constexpr const char* headline_cell = "pingpong/tcp/64B/1c/same-core";

std::optional<double> noise_of(const cell_summary& summary) {
  if (!summary.cpu.floor || !summary.cpu.figures[0]) return std::nullopt;
  const double share =
      std::max(std::abs(summary.cpu.floor->low - 1), std::abs(summary.cpu.floor->high - 1));
  return share * *summary.cpu.figures[0];
}

std::size_t index_of(const std::vector<arm>& arms, const std::string& name) {
  const auto found =
      std::find_if(arms.begin(), arms.end(), [&](const arm& each) { return each.name == name; });
  return static_cast<std::size_t>(found - arms.begin());
}

/// Both passes over one cell.
std::vector<rung> climb(const run_context& run, cell_result& cell, const count_plan& how,
                        ladder_scale& scale) {
  run_cell(run, cell);
  if (!cell.failure.empty()) throw std::runtime_error(cell.failure);
  const cell_summary summary = summarise(cell, run.arms);
  scale.noise_ns = noise_of(summary);
  const auto counts = count_cell(run, cell, how);
  std::vector<rung> rungs;
  for (const std::string& name : ladder_arms()) {
    const std::size_t index = index_of(run.arms, name);
    if (index < run.arms.size()) rungs.push_back({counts[index], summary.cpu.figures[index]});
  }
  return rungs;
}

void print_ladder(const options& o, const environment& where, const cell& of,
                  const std::vector<rung>& rungs, const ladder_scale& scale) {
  const auto steps = steps_of(rungs, scale);
  if (o.json) {
    print_line({{"type", "start"}, {"environment", to_json(where)}});
    print_line(to_json(of, rungs, steps, scale));
    return;
  }
  const bool color = use_color(o.color, STDOUT_FILENO);
  fmt::print("{}\n{}", machine_text(where, color), ladder_text(of, rungs, steps, scale, color));
}

}  // namespace

int ladder_command(const options& wanted) {
  options o = wanted;
  if (o.filters.empty()) o.filters = {headline_cell};
  o.blocks = o.blocks.value_or(8);
  o.squares = o.squares.value_or(4);
  o.slot = o.slot.value_or(std::chrono::milliseconds(60));
  chosen what;
  try {
    what = choose_what_to_run(o);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return exit_usage;
  }
  if (what.cells.size() != 1) {
    fmt::print(stderr, "duet-bench: a ladder is of one cell, --filter has chosen {}\n",
               what.cells.size());
    return exit_usage;
  }
  cell_result& cell = what.cells.front();
  if (cell.skipped) {
    fmt::print(stderr, "duet-bench: ladder: not measured: {}\n", cell.failure);
    return exit_failed;
  }
  interrupt_source interrupts;
  run_context run{what.how, what.arms, own_folder().string(), interrupts, {}};
  progress_line progress;
  run.on_progress = [&](const duet::bench::cell& of, std::size_t done, std::size_t all) {
    progress.show(fmt::format("{}: round {} of {}", of.id(), done + 1, all));
  };
  ladder_scale scale{.bare_call_ns = measure_bare_call_ns()};
  try {
    const environment where = read_environment(interrupts);
    const auto rungs = climb(run, cell, o.counts, scale);
    progress.clear();
    print_ladder(o, where, cell.what, rungs, scale);
  } catch (const interrupted& stop) {
    die_by(stop.signal());
  }
  return 0;
}

}  // namespace duet::bench

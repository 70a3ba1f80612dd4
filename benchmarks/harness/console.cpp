// SPDX-License-Identifier: MIT
// See console.hpp.
#include "harness/console.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "counted.hpp"
#include "harness/report.hpp"
#include "harness/sanity.hpp"

namespace duet::bench {

using nlohmann::json;
using std::chrono::milliseconds;

void console::line(json object) {
  print_line(std::move(object));
  std::fflush(stdout);
}

void console::begin(const run_result& run, milliseconds expected) {
  if (json_) {
    line({{"type", "start"}, {"environment", to_json(run.where)}, {"plan", to_json(run.how)}});
    return;
  }
  const plan& how = run.how;
  fmt::print(
      "duet-bench: {} cells, {} arms, {} blocks of {} rounds, slots of {} ms less {} ms of "
      "warm-up, seed {}, about {}\n\n{}\n",
      run.cells.size(), run.arms.size(), how.blocks, how.squares * run.arms.size(),
      how.slot.count(), how.warm_up.count(), how.seed, format_duration(expected),
      environment_text(run.where, how.settings, color_));
  std::fflush(stdout);
}

void console::progress(const cell& what, std::size_t rounds, std::size_t all_rounds,
                       milliseconds left) {
  progress_.show(fmt::format("{} left; {}: round {} of {}{}{}", format_duration(left), what.id(),
                             rounds + 1, all_rounds, so_far_.empty() ? "" : "; ", so_far_));
}

void console::beside(const cell& what, std::string_view doing, milliseconds left) {
  progress_.show(fmt::format("{} left; {}: {}", format_duration(left), what.id(), doing));
}

void console::end_of_block(const cell_result& cell, const std::vector<arm>& arms) {
  so_far_ = interval_so_far(summarise(cell, arms), arms);
}

void console::end_of_cell(const cell_result& cell, const cell_summary& summary,
                          const std::vector<arm>& arms) {
  progress_.clear();
  so_far_.clear();
  if (json_) {
    line(cell_line(cell, summary, arms));
    return;
  }
  fmt::print("{}{}{}\n", cell_text(cell, summary, arms, color_), counted_text(cell, arms),
             sanity_line(cell, summary));
  std::fflush(stdout);
}

void console::end(const run_result& run, const std::filesystem::path& folder,
                  const std::vector<std::string>& files) {
  if (json_) {
    line({{"type", "end"},
          {"complete", run.complete},
          {"load_after", run.load_after},
          {"steal_ns", run.steal_ns ? json(*run.steal_ns) : json()},
          {"result", (folder / "result.json").string()},
          {"files", files}});
    return;
  }
  fmt::print("{}\nload {} at the end; stolen by the hypervisor {}; seed {}\nresults: {}\n",
             legend_text(run.arms.size() - 1, color_), run.load_after,
             run.steal_ns ? fmt::format("{} ms", *run.steal_ns / 1'000'000) : "unknown",
             run.how.seed, (folder / "result.json").string());
  for (const std::string& each : files) {
    if (each == "report.html") fmt::print("report:  {}\n", (folder / each).string());
  }
  std::fflush(stdout);
}

void console::note(const std::string& text) {
  progress_.clear();
  fmt::print(stderr, "{}\n", text);
}

std::string interval_so_far(const cell_summary& summary, const std::vector<arm>& arms) {
  std::string text;
  for (std::size_t i = 1; i < arms.size(); ++i) {
    const auto& ratio = summary.cpu.ratios[i];
    if (!ratio || arms[i].name == control_name) continue;
    text += fmt::format("{}{} {:.3f}", text.empty() ? "" : ", ", arms[i].name, ratio->ratio);
    if (ratio->bounds)
      text += fmt::format(" ({:.3f} .. {:.3f})", ratio->bounds->low, ratio->bounds->high);
  }
  if (!text.empty() && summary.kept_blocks < summary.blocks_needed) {
    text += fmt::format("; intervals from block {} on, {} so far", summary.blocks_needed,
                        summary.kept_blocks);
  }
  return text;
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See ladder.hpp.
#include "ladder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "harness/statistics.hpp"
#include "harness/terminal.hpp"
#include "loader/clock.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

/// A change of less than this a message is how counting ended, not what a message costs.
constexpr double least_change = 0.05;
constexpr double least_instructions = 10;

/// What changes from one rung to the next, as text, and in which directions.
struct changes {
  std::vector<std::string> words;
  bool up = false, down = false;
  double calls = 0;

  void add(double change, double least, const std::string& text) {
    if (std::abs(change) < least) return;
    words.push_back(text);
    (change > 0 ? up : down) = true;
  }
};

changes changes_between(const arm_counts& below, const arm_counts& above) {
  changes result;
  if (!below.calls.tool.empty() && !above.calls.tool.empty()) {
    std::set<std::string> names;
    for (const arm_counts* arm : {&below, &above}) {
      for (const auto& [name, count] : arm->calls.by_name) names.insert(name);
    }
    names.erase("all");
    for (const std::string& name : names) {
      const double change = above.per_message(name) - below.per_message(name);
      result.add(change, least_change, fmt::format("{:+.2f} {}", change, name));
    }
    result.calls = above.per_message("all") - below.per_message("all");
  }
  const auto heap_below = below.allocations_per_message();
  const auto heap_above = above.allocations_per_message();
  if (heap_below && heap_above) {
    const double change = *heap_above - *heap_below;
    result.add(change, least_change, fmt::format("{:+.2f} allocations", change));
  }
  if (below.instructions && above.instructions) {
    const double change = *above.instructions - *below.instructions;
    result.add(change, least_instructions, fmt::format("{:+.0f} instructions", change));
  }
  return result;
}

/// "150 ns dearer" or "20 ns cheaper".
std::string difference_text(double ns) {
  return fmt::format("{:.0f} ns {}", std::abs(ns), ns > 0 ? "dearer" : "cheaper");
}

std::string sentence_of(const changes& what, std::optional<double> ns, const ladder_scale& scale,
                        bool explained) {
  std::string counts =
      what.words.empty() ? "the same counts" : fmt::format("{}", fmt::join(what.words, ", "));
  if (!ns) return counts;
  if (scale.noise_ns && std::abs(*ns) <= *scale.noise_ns)
    return fmt::format("no difference beyond the noise of {:.0f} ns; {}", *scale.noise_ns, counts);
  if (!explained)
    return fmt::format("{}, not explained by counts ({})", difference_text(*ns), counts);
  std::string text = fmt::format("{}: {}", difference_text(*ns), counts);
  if (*ns > 0 && what.calls >= least_change)
    text += fmt::format("; entering the kernel is {:.0f} ns of it",
                        std::min(*ns, what.calls * scale.bare_call_ns));
  return text;
}

std::string or_dash(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::optional<double> calls_of(const arm_counts& arm) {
  if (arm.calls.tool.empty()) return std::nullopt;
  return arm.per_message("all");
}

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }

}  // namespace

const std::vector<std::string>& ladder_arms() {
  static const std::vector<std::string> arms{"limit", "raw", "asio", "asio-stock", "asio-coro"};
  return arms;
}

std::vector<ladder_step> steps_of(const std::vector<rung>& rungs, const ladder_scale& scale) {
  std::vector<ladder_step> steps;
  for (std::size_t i = 1; i < rungs.size(); ++i) {
    const rung& below = rungs[i - 1];
    const rung& above = rungs[i];
    const changes what = changes_between(below.counts, above.counts);
    ladder_step step{.from = below.counts.name, .to = above.counts.name, .sentence = {}};
    if (below.cpu_ns && above.cpu_ns) step.cpu_ns = *above.cpu_ns - *below.cpu_ns;
    step.explained = step.cpu_ns && (*step.cpu_ns > 0 ? what.up : what.down);
    step.sentence = sentence_of(what, step.cpu_ns, scale, step.explained);
    steps.push_back(std::move(step));
  }
  return steps;
}

json to_json(const cell& of, const std::vector<rung>& rungs, const std::vector<ladder_step>& steps,
             const ladder_scale& scale) {
  json ladder{{"type", "ladder"},
              {"id", of.id()},
              {"noise_ns", or_null(scale.noise_ns)},
              {"bare_call_ns", scale.bare_call_ns},
              {"rungs", json::array()},
              {"steps", json::array()}};
  for (const rung& each : rungs) {
    json counts = to_json(of, each.counts);
    counts.erase("type");
    counts.erase("id");
    ladder["rungs"].push_back(
        {{"cpu_ns_per_message", or_null(each.cpu_ns)}, {"counts", std::move(counts)}});
  }
  for (const ladder_step& each : steps) {
    ladder["steps"].push_back({{"from", each.from},
                               {"to", each.to},
                               {"cpu_ns", or_null(each.cpu_ns)},
                               {"explained", each.explained},
                               {"sentence", each.sentence}});
  }
  return ladder;
}

std::string ladder_text(const cell& of, const std::vector<rung>& rungs,
                        const std::vector<ladder_step>& steps, const ladder_scale& scale,
                        bool color) {
  constexpr const char* row = "  {:<12}{:>16}{:>8}{:>13}{:>14}\n";
  std::string text =
      fmt::format("{}  {}\n\n", paint("ladder", ink::bold, color), of.description()) +
      paint(fmt::format(row, "arm", "CPU ns/message", "calls", "allocations", "instructions"),
            ink::dim, color);
  for (const rung& each : rungs) {
    text += fmt::format(
        row, each.counts.name, or_dash(each.cpu_ns, 0), or_dash(calls_of(each.counts), 2),
        or_dash(each.counts.allocations_per_message(), 2), or_dash(each.counts.instructions, 0));
  }
  text += '\n';
  for (const ladder_step& each : steps)
    text += fmt::format("  {} to {}: {}.\n", each.from, each.to, each.sentence);
  const std::string noise = scale.noise_ns
                                ? fmt::format("{:.0f} ns, raw against itself", *scale.noise_ns)
                                : std::string("unknown, too few blocks");
  return text + paint(fmt::format("\n  A message each; noise: {}; a system call that does nothing: "
                                  "{:.0f} ns.\n  Instructions are the user's, not the kernel's.\n",
                                  noise, scale.bare_call_ns),
                      ink::dim, color);
}

double measure_bare_call_ns() {
  constexpr int batches = 21;
  constexpr int calls = 1000;
  std::vector<double> each;
  each.reserve(batches);
  for (int batch = 0; batch < batches; ++batch) {
    const std::uint64_t start = now_ns();
    for (int i = 0; i < calls; ++i) ::syscall(SYS_getppid);
    each.push_back(static_cast<double>(now_ns() - start) / calls);
  }
  return median(std::move(each));
}

}  // namespace duet::bench

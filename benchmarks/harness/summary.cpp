// SPDX-License-Identifier: MIT
// See summary.hpp.
#include "harness/summary.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

namespace duet::bench {

namespace {

using optional_values = std::vector<std::optional<double>>;
using slot_figure = std::function<std::optional<double>(const slot_report&)>;

constexpr std::size_t reference = 0;

std::optional<double> messages_per_s(const slot_report& slot) {
  if (slot.elapsed_ns == 0 || slot.messages == 0) return std::nullopt;
  return static_cast<double>(slot.messages) * 1e9 / static_cast<double>(slot.elapsed_ns);
}

std::optional<double> cpu_ns_per_message(const slot_report& slot) {
  if (slot.server_cpu_ns.value_or(0) == 0 || slot.messages == 0) return std::nullopt;
  return static_cast<double>(*slot.server_cpu_ns) / static_cast<double>(slot.messages);
}

std::optional<double> busy_share(const slot_report& slot) {
  if (!slot.server_cpu_ns || slot.elapsed_ns == 0) return std::nullopt;
  return static_cast<double>(*slot.server_cpu_ns) / static_cast<double>(slot.elapsed_ns);
}

const slot_report* find_slot(const round_result& round, std::size_t arm) {
  for (const slot_result& slot : round.slots) {
    if (slot.arm == arm) return &slot.report;
  }
  return nullptr;
}

std::optional<double> median_if_any(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  return median(std::move(values));
}

std::size_t kept_rounds(const block_result& block) {
  return static_cast<std::size_t>(std::count_if(block.rounds.begin(), block.rounds.end(),
                                                [](const auto& round) { return round.kept(); }));
}

bool is_kept(const block_result& block) {
  const std::size_t wanted = std::min(rounds_of_a_kept_block, block.rounds.size());
  return kept_rounds(block) >= std::max<std::size_t>(wanted, 1);
}

/// What the figures are made of.
struct selection {
  std::vector<const block_result*> blocks;
  bool every_round = false;  ///< the dropped ones too
};

/// The kept rounds of the kept blocks; all of all, if no block is kept.
selection select(const cell_result& cell) {
  selection result;
  for (const block_result& block : cell.blocks) {
    if (is_kept(block)) result.blocks.push_back(&block);
  }
  if (!result.blocks.empty()) return result;
  for (const block_result& block : cell.blocks) result.blocks.push_back(&block);
  result.every_round = true;
  return result;
}

/// The median over the selected rounds of `of_round`, for each of the blocks where there is one.
std::vector<double> block_medians(
    const selection& from,
    const std::function<std::optional<double>(const round_result&)>& of_round) {
  std::vector<double> result;
  for (const block_result* block : from.blocks) {
    std::vector<double> values;
    for (const round_result& round : block->rounds) {
      if (!round.kept() && !from.every_round) continue;
      if (const auto value = of_round(round)) values.push_back(*value);
    }
    if (const auto value = median_if_any(std::move(values))) result.push_back(*value);
  }
  return result;
}

optional_values figures_by_arm(const selection& from, std::size_t arms, const slot_figure& figure) {
  optional_values result;
  for (std::size_t arm = 0; arm < arms; ++arm) {
    result.push_back(median_if_any(block_medians(from, [&](const round_result& round) {
      const slot_report* slot = find_slot(round, arm);
      return slot ? figure(*slot) : std::nullopt;
    })));
  }
  return result;
}

std::optional<comparison> compare_to_reference(const selection& from, std::size_t arm,
                                               std::size_t comparisons, const slot_figure& figure) {
  const auto logs = block_medians(from, [&](const round_result& round) -> std::optional<double> {
    const slot_report* slot = find_slot(round, arm);
    const slot_report* base = find_slot(round, reference);
    const auto value = slot ? figure(*slot) : std::nullopt;
    const auto base_value = base ? figure(*base) : std::nullopt;
    if (!value || !base_value) return std::nullopt;
    return std::log(*value / *base_value);
  });
  if (logs.empty()) return std::nullopt;
  comparison result = estimate(logs, comparisons);
  if (from.every_round)
    result.bounds.reset();  // an interval would lend dropped rounds a dignity they lack
  return result;
}

metric_summary summarise_metric(const std::string& name, better direction,
                                const slot_figure& figure, const selection& from,
                                const std::vector<arm>& arms) {
  metric_summary result{
      .name = name, .direction = direction, .figures = {}, .ratios = {}, .floor = {}};
  result.figures = figures_by_arm(from, arms.size(), figure);
  for (std::size_t index = 0; index < arms.size(); ++index) {
    if (index == reference) {
      result.ratios.emplace_back();
      continue;
    }
    result.ratios.push_back(compare_to_reference(from, index, arms.size() - 1, figure));
    const auto& ratio = result.ratios.back();
    if (arms[index].name == control_name && ratio) result.floor = ratio->bounds;
  }
  for (auto& ratio : result.ratios) {
    if (ratio) ratio->decision = judge(*ratio, result.floor, direction);
  }
  return result;
}

latency_summary summarise_latency(const selection& from, std::size_t arm) {
  std::vector<double> p50, p90, p99, p99_9;
  latency_summary result;
  const auto merged = std::make_unique<histogram>();
  for (const block_result* block : from.blocks) {
    merged->clear();
    if (arm < block->round_trips_ns.size()) merged->merge(block->round_trips_ns[arm]);
    const auto add = [&](double fraction, std::vector<double>& to) {
      if (const auto value = merged->percentile(fraction))
        to.push_back(static_cast<double>(*value));
    };
    add(0.5, p50);
    add(0.9, p90);
    add(0.99, p99);
    add(0.999, p99_9);
    result.max_ns = std::max(result.max_ns, static_cast<double>(merged->max()));
  }
  // A percentile that some blocks are too short for is shown by none.
  const auto of_all = [&](const std::vector<double>& values) {
    return values.size() == from.blocks.size() ? median_if_any(values) : std::nullopt;
  };
  result.p50_ns = of_all(p50);
  result.p90_ns = of_all(p90);
  result.p99_ns = of_all(p99);
  result.p99_9_ns = of_all(p99_9);
  return result;
}

}  // namespace

cell_summary summarise(const cell_result& cell, const std::vector<arm>& arms) {
  const selection from = select(cell);
  cell_summary result;
  result.indicative = from.every_round;
  result.blocks = cell.blocks.size();
  result.kept_blocks = from.every_round ? 0 : from.blocks.size();
  for (const block_result& block : cell.blocks) {
    result.rounds += block.rounds.size();
    result.kept_rounds += kept_rounds(block);
    for (const round_result& round : block.rounds) {
      for (const auto& gate : round.failed_gates) ++result.dropped_by[gate];
    }
  }
  result.cpu =
      summarise_metric("cpu_ns_per_message", better::lower, cpu_ns_per_message, from, arms);
  result.throughput =
      summarise_metric("messages_per_s", better::higher, messages_per_s, from, arms);
  result.server_busy = figures_by_arm(from, arms.size(), busy_share);
  for (std::size_t arm = 0; arm < arms.size(); ++arm) {
    result.round_trips.push_back(summarise_latency(from, arm));
  }
  const auto comparisons = static_cast<double>(std::max<std::size_t>(arms.size() - 1, 1));
  result.blocks_needed = values_needed(interval_alpha / comparisons);
  return result;
}

}  // namespace duet::bench

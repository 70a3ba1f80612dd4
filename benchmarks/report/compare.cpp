// SPDX-License-Identifier: MIT
// See compare.hpp.
#include "report/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "arms/catalogue.hpp"
#include "report/document.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

/// Counts below this step are a stray call, not one a message.
constexpr double least_step = 0.01;

void compare_members(const json& before, const json& now, const std::vector<const char*>& names,
                     std::vector<std::string>& to) {
  for (const char* name : names) {
    const auto show = [&](const json& in) {
      return in.contains(name) ? in[name].dump() : std::string("unknown");
    };
    const std::string old = show(before);
    const std::string fresh = show(now);
    if (old != fresh) to.push_back(fmt::format("{}: {}, now {}", name, old, fresh));
  }
}

const json* cell_of(const json& document, const std::string& id) {
  for (const json& each : object_in(document, "cells")) {
    if (text_in(each, "id") == id) return &each;
  }
  return nullptr;
}

/// How far the control strays from 1, as a logarithm.
double floor_width(const json& cell, const std::string& metric) {
  const json& floor = object_in(object_in(object_in(cell, "summary"), "floor"), metric);
  if (!floor.is_array() || floor.size() != 2) return 0;
  return std::max(std::abs(std::log(floor[0].get<double>())),
                  std::abs(std::log(floor[1].get<double>())));
}

ratio_change change_of(const json& before, const json& now, const std::string& arm,
                       const std::string& metric) {
  const compared a = compared_in(before, arm, metric);
  const compared b = compared_in(now, arm, metric);
  ratio_change result{
      text_in(now, "id"), arm, metric, a.ratio, b.ratio, a.low, a.high, b.low, b.high,
      change::unknown};
  if (!a.low || !a.high || !b.low || !b.high || !a.ratio || !b.ratio) return result;
  result.what = change::same;
  const bool opposed = (a.verdict == "faster" && b.verdict == "slower") ||
                       (a.verdict == "slower" && b.verdict == "faster");
  const double step = std::log(*b.ratio / *a.ratio);
  const double floor = std::max(floor_width(before, metric), floor_width(now, metric));
  if (!result.overlaps() && std::abs(step) > floor) {
    const bool is_better = metric == cpu_metric ? step < 0 : step > 0;
    result.what = is_better ? change::better : change::worse;
  }
  if (opposed) result.what = change::contradicts;
  return result;
}

/// Everything that is counted of an arm, a message.
std::vector<std::pair<std::string, double>> counts_of(const json& cell, const std::string& arm) {
  std::vector<std::pair<std::string, double>> result;
  const json& counts = object_in(object_in(cell, "counts"), arm);
  const auto messages = number_in(counts, "messages");
  if (!messages || *messages <= 0) return result;
  if (text_in(counts, "not_measured").empty()) {
    for (const auto& [name, count] : object_in(counts, "calls").items()) {
      result.emplace_back(name == "all" ? std::string("system calls") : name,
                          count.get<double>() / *messages);
    }
  }
  for (const char* name : {"allocations_per_message", "user_instructions_per_message"}) {
    if (const auto value = number_in(counts, name)) result.emplace_back(name, *value);
  }
  return result;
}

void compare_counts(const json& before, const json& now, const std::string& arm, double tolerance,
                    result_change& to) {
  const auto old = counts_of(before, arm);
  const auto fresh = counts_of(now, arm);
  if (old.empty() || fresh.empty()) return;
  ++to.counted;
  std::set<std::string> names;
  for (const auto* all : {&old, &fresh}) {
    for (const auto& each : *all) names.insert(each.first);
  }
  const auto value = [](const auto& all, const std::string& name) {
    for (const auto& each : all) {
      if (each.first == name) return each.second;
    }
    return 0.0;
  };
  for (const std::string& name : names) {
    count_change change{text_in(now, "id"), arm, name, value(old, name), value(fresh, name)};
    const double step = change.newer - change.older;
    // What the tolerance forgives is not worth a line either.
    if (std::abs(step) <= std::max(least_step, change.older * tolerance / 100)) continue;
    change.gated = now.value("same_core", false);
    change.risen = change.gated && step > 0;
    to.counts.push_back(std::move(change));
  }
}

bool has_arm(const json& document, const std::string& arm) {
  const auto names = arm_names(document);
  return std::find(names.begin(), names.end(), arm) != names.end();
}

std::optional<bool> is_compatible(const result_change& found) {
  std::size_t known = 0;
  std::size_t overlapping = 0;
  for (const ratio_change& each : found.ratios) {
    if (each.what == change::contradicts) return false;
    if (each.what == change::unknown) continue;
    ++known;
    overlapping += each.overlaps() ? 1 : 0;
  }
  if (known == 0) return std::nullopt;
  return overlapping * 100 >= known * 95;
}

}  // namespace

std::string to_string(change what) {
  switch (what) {
    case change::same: return "same";
    case change::better: return "better";
    case change::worse: return "worse";
    case change::contradicts: return "contradicts";
    case change::unknown: break;
  }
  return "unknown";
}

bool ratio_change::overlaps() const {
  if (!older_low || !older_high || !newer_low || !newer_high) return false;
  return *older_low <= *newer_high && *newer_low <= *older_high;
}

std::vector<std::string> unlike_environments(const json& before, const json& now) {
  std::vector<std::string> result;
  compare_members(
      before, now,
      {"host", "kernel", "cpu_model", "clock_source", "compiler", "build_type", "flags"}, result);
  const auto cpus = [](const json& in) { return object_in(in, "allowed_cpus").size(); };
  if (cpus(before) != cpus(now))
    result.push_back(fmt::format("CPUs: {}, now {}", cpus(before), cpus(now)));
  return result;
}

std::vector<std::string> unlike_results(const json& older, const json& newer) {
  auto result =
      unlike_environments(object_in(older, "environment"), object_in(newer, "environment"));
  compare_members(object_in(older, "plan"), object_in(newer, "plan"),
                  {"congestion_control", "buffer_bytes", "datagram_receive_buffer_bytes"}, result);
  return result;
}

result_change compare_results(const json& older, const json& newer, double tolerance_percent) {
  result_change result;
  for (const json& now : object_in(newer, "cells")) {
    const std::string id = text_in(now, "id");
    const json* before = cell_of(older, id);
    if (!before) {
      result.only_in_one.push_back(fmt::format("{} is in the newer only", id));
      continue;
    }
    for (const std::string& arm : arm_names(newer)) {
      if (arm == reference_name || arm == control_name || !has_arm(older, arm)) continue;
      for (const char* metric : {cpu_metric, rate_metric})
        result.ratios.push_back(change_of(*before, now, arm, metric));
    }
    for (const std::string& arm : arm_names(newer))
      compare_counts(*before, now, arm, tolerance_percent, result);
  }
  for (const json& before : object_in(older, "cells")) {
    const std::string id = text_in(before, "id");
    if (!cell_of(newer, id))
      result.only_in_one.push_back(fmt::format("{} is in the older only", id));
  }
  for (const std::string& arm : arm_names(newer)) {
    if (!has_arm(older, arm))
      result.only_in_one.push_back(fmt::format("arm {} is in the newer only", arm));
  }
  for (const std::string& arm : arm_names(older)) {
    if (!has_arm(newer, arm))
      result.only_in_one.push_back(fmt::format("arm {} is in the older only", arm));
  }
  result.compatible = is_compatible(result);
  return result;
}

}  // namespace duet::bench

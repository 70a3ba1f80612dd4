// SPDX-License-Identifier: MIT
// See hgrm.hpp.
#include "report/hgrm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/histogram.hpp"
#include "report/document.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

constexpr double ns_per_us = 1000;
constexpr double steps_per_halving = 5;

std::uint64_t total_of(const counted_values& values) {
  std::uint64_t total = 0;
  for (const auto& [value, count] : values) total += count;
  return total;
}

/// The samples up to and with `value`.
std::uint64_t count_up_to(const counted_values& values, std::uint64_t value) {
  std::uint64_t sum = 0;
  for (const auto& [each, count] : values) {
    if (each <= value) sum += count;
  }
  return sum;
}

std::string footer(const counted_values& values, double total) {
  double sum = 0;
  for (const auto& [value, count] : values)
    sum += static_cast<double>(value) * static_cast<double>(count);
  const double mean = sum / total;
  double squares = 0;
  for (const auto& [value, count] : values) {
    const double off = static_cast<double>(value) - mean;
    squares += off * off * static_cast<double>(count);
  }
  return fmt::format(
      "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n"
      "#[Max     = {:12.3f}, Total count    = {:12.0f}]\n"
      "#[Buckets = {:12}, SubBuckets     = {:12}]\n",
      mean / ns_per_us, std::sqrt(squares / total) / ns_per_us,
      static_cast<double>(values.back().first) / ns_per_us, total,
      histogram::value_bits - histogram::sub_bits, 1U << histogram::sub_bits);
}

std::string file_name(std::string cell, const std::string& arm) {
  std::replace(cell.begin(), cell.end(), '/', '-');
  std::string name = arm;
  // An apostrophe is a nuisance to every shell.
  if (!name.empty() && name.back() == '\'') name.replace(name.size() - 1, 1, "-control");
  std::replace(name.begin(), name.end(), '/', '-');
  return fmt::format("{}.{}.hgrm", cell, name);
}

}  // namespace

counted_values round_trips_of(const json& cell, const std::string& arm) {
  std::map<std::uint64_t, std::uint64_t> merged;
  for (const json& block : object_in(cell, "blocks")) {
    for (const json& pair : object_in(object_in(block, "round_trips_ns"), arm))
      merged[pair.at(0).get<std::uint64_t>()] += pair.at(1).get<std::uint64_t>();
  }
  return {merged.begin(), merged.end()};
}

std::uint64_t value_at(const counted_values& values, double fraction) {
  const double total = static_cast<double>(total_of(values));
  const auto rank =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(fraction * total - 1e-9)));
  std::uint64_t seen = 0;
  for (const auto& [value, count] : values) {
    seen += count;
    if (seen >= rank) return value;
  }
  return values.back().first;
}

std::string hgrm_text(const counted_values& values) {
  std::string text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  const std::uint64_t total = total_of(values);
  const auto row = [&](std::uint64_t value, double fraction, const std::string& inverse) {
    text += fmt::format("{:12.3f} {:2.12f} {:10} {:>14}\n", static_cast<double>(value) / ns_per_us,
                        fraction, count_up_to(values, value), inverse);
  };
  double fraction = 0;
  while (true) {
    const std::uint64_t value = value_at(values, fraction);
    if (count_up_to(values, value) == total) break;
    row(value, fraction, fmt::format("{:.2f}", 1 / (1 - fraction)));
    const double halvings = std::floor(std::log2(1 / (1 - fraction))) + 1;
    fraction += 1 / (steps_per_halving * std::exp2(halvings));
  }
  row(values.back().first, 1, "inf");
  return text + footer(values, static_cast<double>(total));
}

std::vector<hgrm_file> hgrm_files(const json& document) {
  std::vector<hgrm_file> files;
  for (const json& cell : object_in(document, "cells")) {
    for (const std::string& arm : arm_names(document)) {
      const counted_values values = round_trips_of(cell, arm);
      if (!values.empty())
        files.push_back({file_name(text_in(cell, "id"), arm), hgrm_text(values)});
    }
  }
  return files;
}

}  // namespace duet::bench

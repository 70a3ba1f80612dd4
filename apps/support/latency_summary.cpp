// SPDX-License-Identifier: MIT
#include "support/latency_summary.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

namespace duet::apps {
namespace {

std::string in_us(std::optional<std::chrono::nanoseconds> value) {
  return value ? fmt::format("{:.1f}", static_cast<double>(value->count()) / 1e3) : "-";
}

}  // namespace

latency_summary summary_of(const latency_histogram& of) {
  latency_summary summary;
  summary.count = of.count();
  if (summary.count == 0) return summary;
  summary.min = of.min();
  summary.mean = of.mean();
  summary.max = of.max();
  for (std::size_t i = 0; i < summary.percentiles.size(); ++i) {
    summary.percentiles[i] = of.percentile(latency_summary::per_mille[i]);
  }
  return summary;
}

std::string latency_text(const latency_summary& of) {
  std::string text =
      "min/mean/p50/p90/p99/p99.9/max = " + in_us(of.min) + '/' + in_us(of.mean) + '/';
  for (const auto& each : of.percentiles) text += in_us(each) + '/';
  return text + in_us(of.max) + " us";
}

std::vector<json_field> latency_fields(const latency_summary& of) {
  const auto ns = [&](std::optional<std::chrono::nanoseconds> value) {
    return value && of.count > 0 ? json_value(std::int64_t{value->count()}) : json_value(nullptr);
  };
  const auto& [p50, p90, p99, p99_9] = of.percentiles;
  return {{"min_ns", ns(of.min)}, {"mean_ns", ns(of.mean)}, {"p50_ns", ns(p50)},
          {"p90_ns", ns(p90)},    {"p99_ns", ns(p99)},      {"p99_9_ns", ns(p99_9)},
          {"max_ns", ns(of.max)}};
}

}  // namespace duet::apps

// SPDX-License-Identifier: MIT
// latency_summary: what is told of how long many things took: least, mean, percentiles, greatest; as one line of text, and as the fields
// of a line of JSON.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/json_lines.hpp"
#include "support/latency_histogram.hpp"

namespace duet::apps {

/// A histogram's figures without its memory.
struct latency_summary {
  static constexpr std::array<std::uint64_t, 4> per_mille{500, 900, 990, 999};

  std::uint64_t count = 0;
  std::chrono::nanoseconds min{};
  std::chrono::nanoseconds mean{};
  std::chrono::nanoseconds max{};
  /// nullopt: too few samples beyond it (latency_histogram).
  std::array<std::optional<std::chrono::nanoseconds>, per_mille.size()> percentiles{};
};

/// All zero of an empty histogram.
latency_summary summary_of(const latency_histogram& of);

/// "min/mean/p50/p90/p99/p99.9/max = 61.0/70.2/68.1/-/-/-/93.4 us"; - for a percentile with too few samples beyond it.
std::string latency_text(const latency_summary& of);

/// min_ns, mean_ns, p50_ns, p90_ns, p99_ns, p99_9_ns, max_ns; null for what is not known.
std::vector<json_field> latency_fields(const latency_summary& of);

}  // namespace duet::apps

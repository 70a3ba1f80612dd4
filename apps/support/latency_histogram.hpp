// SPDX-License-Identifier: MIT
// latency_histogram: how long things took, in memory that does not grow with their number. Values are kept to one part in a thousand,
// as three printed digits want it: 1024 steps an octave (the layout of HdrHistogram).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace duet::apps {

class latency_histogram {
 public:
  /// Samples that must lie beyond a percentile for it to mean anything.
  static constexpr std::uint64_t samples_beyond = 10;

  void add(std::chrono::nanoseconds latency);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  // Exact. Precondition: count() > 0.
  [[nodiscard]] std::chrono::nanoseconds min() const noexcept { return min_; }
  [[nodiscard]] std::chrono::nanoseconds max() const noexcept { return max_; }
  [[nodiscard]] std::chrono::nanoseconds mean() const noexcept;

  /// The least value that at least `per_mille` thousandths of the samples do not exceed (500 is the median); nullopt with fewer than
  /// samples_beyond of them above it.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> percentile(std::uint64_t per_mille) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::chrono::nanoseconds min_{};
  std::chrono::nanoseconds max_{};
};

}  // namespace duet::apps

// SPDX-License-Identifier: MIT
#include "support/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace duet::apps {
namespace {

constexpr unsigned step_bits = 10;
constexpr std::uint64_t steps = std::uint64_t{1} << step_bits;

/// Values below `steps` have a bucket each; from there on the top step_bits + 1 bits count.
std::size_t bucket_of(std::uint64_t value) {
  if (value < steps) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
  return (std::size_t{shift} << step_bits) + (value >> shift);
}

/// The middle of a bucket.
std::uint64_t value_of(std::size_t bucket) {
  if (bucket < 2 * steps) return bucket;
  const auto shift = static_cast<unsigned>(bucket >> step_bits) - 1;
  const std::uint64_t first = (bucket - (std::size_t{shift} << step_bits)) << shift;
  return first + (std::uint64_t{1} << shift) / 2;
}

}  // namespace

void latency_histogram::add(std::chrono::nanoseconds latency) {
  latency = std::max(latency, std::chrono::nanoseconds(0));
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(latency.count()));
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  min_ = count_ == 0 ? latency : std::min(min_, latency);
  max_ = std::max(max_, latency);
  sum_ += static_cast<double>(latency.count());
  ++count_;
}

std::chrono::nanoseconds latency_histogram::mean() const noexcept {
  return std::chrono::nanoseconds(std::llround(sum_ / static_cast<double>(count_)));
}

std::optional<std::chrono::nanoseconds> latency_histogram::percentile(
    std::uint64_t per_mille) const {
  const std::uint64_t wanted = (count_ * per_mille + 999) / 1000;
  if (count_ < wanted + samples_beyond) return std::nullopt;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen < wanted || seen == 0) continue;
    const auto value = std::chrono::nanoseconds(static_cast<std::int64_t>(value_of(bucket)));
    return std::clamp(value, min_, max_);
  }
  return max_;
}

}  // namespace duet::apps

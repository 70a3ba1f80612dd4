// SPDX-License-Identifier: MIT
// See histogram.hpp. Values below 2^8 have a bucket each; above, the leading 8 bits choose it.
#include "harness/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace duet::bench {

namespace {

constexpr std::uint64_t samples_beyond_a_percentile = 10;
constexpr std::uint64_t largest = (std::uint64_t{1} << histogram::value_bits) - 1;

}  // namespace

std::size_t histogram::bucket_of(std::uint64_t value) noexcept {
  value = std::min(value, largest);
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= sub_bits + 1) return static_cast<std::size_t>(value);
  const unsigned shift = width - (sub_bits + 1);
  return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t histogram::middle_of(std::size_t bucket) noexcept {
  if (bucket < (std::size_t{2} << sub_bits)) return bucket;
  const auto shift = static_cast<unsigned>((bucket >> sub_bits) - 1);
  const std::uint64_t leading = bucket - (std::uint64_t{shift} << sub_bits);
  return (leading << shift) + ((std::uint64_t{1} << shift) - 1) / 2;
}

void histogram::add(std::size_t bucket, std::uint64_t count) {
  if (bucket >= bucket_count) throw std::out_of_range("histogram: no such bucket");
  counts_[bucket] += count;
}

void histogram::merge(const sparse& other) {
  for (const auto& [bucket, count] : other) add(bucket, count);
}

std::uint64_t histogram::count() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

histogram::sparse histogram::to_sparse() const {
  sparse result;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    if (counts_[bucket] != 0) result.emplace_back(bucket, counts_[bucket]);
  }
  return result;
}

std::optional<std::uint64_t> histogram::percentile(double fraction) const {
  const std::uint64_t total = count();
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(total)));
  if (total < rank + samples_beyond_a_percentile) return std::nullopt;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    seen += counts_[bucket];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return middle_of(bucket);
  }
  return std::nullopt;
}

std::uint64_t histogram::max() const noexcept {
  for (std::size_t bucket = bucket_count; bucket-- > 0;) {
    if (counts_[bucket] != 0) return middle_of(bucket);
  }
  return 0;
}

}  // namespace duet::bench

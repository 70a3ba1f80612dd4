// SPDX-License-Identifier: MIT
// A log-linear histogram of nanoseconds: 128 buckets to each power of two, so that a bucket's middle is
// within 0.4 % of every value in it. Recording is an index and an increment: no lock, no allocation.
// The idea is that of HdrHistogram (hdrhistogram.org); its `.hgrm` export is not here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace duet::bench {

class histogram {
 public:
  /// (bucket, count), only those that are not empty, in ascending order.
  using sparse = std::vector<std::pair<std::size_t, std::uint64_t>>;

  static constexpr unsigned sub_bits = 7;
  /// Values from 2^36 ns (68 s) on are counted in the last bucket.
  static constexpr unsigned value_bits = 36;
  static constexpr std::size_t bucket_count = (value_bits - sub_bits + 1) << sub_bits;

  static std::size_t bucket_of(std::uint64_t value) noexcept;
  /// The middle of the bucket's values, rounded down.
  static std::uint64_t middle_of(std::size_t bucket) noexcept;

  void record(std::uint64_t value) noexcept { ++counts_[bucket_of(value)]; }
  void add(std::size_t bucket, std::uint64_t count);
  void merge(const sparse&);
  void clear() noexcept { counts_.fill(0); }

  [[nodiscard]] std::uint64_t count() const noexcept;
  [[nodiscard]] sparse to_sparse() const;

  /// The value that `fraction` (0..1) of the samples do not exceed; nothing if fewer than 10 samples lie
  /// beyond it: such a figure would be an anecdote.
  [[nodiscard]] std::optional<std::uint64_t> percentile(double fraction) const;
  /// The largest sample's bucket; 0 without samples.
  [[nodiscard]] std::uint64_t max() const noexcept;

 private:
  std::array<std::uint64_t, bucket_count> counts_{};
};

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// The statistics of a comparison: medians, the exact sign-test interval, the verdict.
// Pure functions of numbers; they know nothing of slots, arms or clocks.
// The interval: order statistics x(k), x(n+1-k) cover the median with probability
// 1 - 2 P(Bin(n, 1/2) <= k-1), whatever the distribution. @see Conover, Practical Nonparametric Statistics, 3.2
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace duet::bench {

/// The interval's error probability, shared among the comparisons of one cell (Bonferroni).
inline constexpr double interval_alpha = 0.05;

/// `equal` means: the whole interval lies within 1/(1+x) .. 1+x. This is x.
inline constexpr double equal_margin = 0.03;

struct interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] bool contains(double value) const { return low <= value && value <= high; }
};

/// The middle value, or the mean of the two middle ones.
/// @pre `values` is not empty
double median(std::vector<double> values);

/// P(X <= successes) for X ~ Bin(trials, 1/2), by exact summation.
double fair_coin_cdf(std::size_t successes, std::size_t trials);

/// The narrowest symmetric order-statistic interval for the median of `values` that covers with at least
/// 1 - alpha; nothing if even (smallest, largest) does not.
std::optional<interval> sign_test_interval(std::vector<double> values, double alpha);

/// The smallest number of values for which `sign_test_interval` exists: the least n with 2^(1-n) <= alpha.
std::size_t values_needed(double alpha);

enum class verdict { insufficient, not_resolved, equal, faster, slower };
std::string_view to_string(verdict);

/// In which direction a larger figure points.
enum class better { higher, lower };

struct comparison {
  double ratio = 1;                ///< exp(median of the blocks' median log ratios)
  std::optional<interval> bounds;  ///< of the ratio; absent with too few blocks
  verdict decision = verdict::insufficient;
};

/// The estimate from one log(arm / reference) per block.
/// @param comparisons how many are printed side by side for the cell
/// @pre `block_log_ratios` is not empty
comparison estimate(const std::vector<double>& block_log_ratios, std::size_t comparisons);

/// `faster` or `slower` only if the bounds exclude 1 and the ratio lies outside the floor; else `equal` if
/// the bounds lie within the margin; else `not_resolved`.
/// @param floor the A/A control's bounds in the same cell; 1 counts as part of it. Without a floor nothing
///              is faster or slower
verdict judge(const comparison&, const std::optional<interval>& floor, better);

/// Whether the bounds lie within 1/(1+equal_margin) .. 1+equal_margin: a difference can be certain and small.
bool within_margin(const comparison&);

}  // namespace duet::bench

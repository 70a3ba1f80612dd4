// SPDX-License-Identifier: MIT
// See statistics.hpp.
#include "harness/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace duet::bench {

double median(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  const auto upper = values.begin() + static_cast<std::ptrdiff_t>(middle);
  std::nth_element(values.begin(), upper, values.end());
  if (values.size() % 2 == 1) return *upper;
  const double lower = *std::max_element(values.begin(), upper);
  return (lower + *upper) / 2;
}

double fair_coin_cdf(std::size_t successes, std::size_t trials) {
  double term = std::pow(0.5, static_cast<double>(trials));  // P(X = 0)
  double sum = term;
  for (std::size_t k = 1; k <= std::min(successes, trials); ++k) {
    term *= static_cast<double>(trials - k + 1) / static_cast<double>(k);
    sum += term;
  }
  return sum;
}

std::optional<interval> sign_test_interval(std::vector<double> values, double alpha) {
  if (values.empty() || 2 * fair_coin_cdf(0, values.size()) > alpha) return std::nullopt;
  std::size_t k = 0;  // how many values are left out on either side
  while (2 * fair_coin_cdf(k + 1, values.size()) <= alpha) ++k;
  std::sort(values.begin(), values.end());
  return interval{values[k], values[values.size() - 1 - k]};
}

std::size_t values_needed(double alpha) {
  std::size_t n = 1;
  while (2 * fair_coin_cdf(0, n) > alpha) ++n;
  return n;
}

std::string_view to_string(verdict decision) {
  switch (decision) {
    case verdict::insufficient: return "insufficient";
    case verdict::not_resolved: return "not resolved";
    case verdict::equal: return "equal";
    case verdict::faster: return "faster";
    case verdict::slower: return "slower";
  }
  return "?";
}

comparison estimate(const std::vector<double>& block_log_ratios, std::size_t comparisons) {
  comparison result;
  result.ratio = std::exp(median(block_log_ratios));
  const double alpha = interval_alpha / static_cast<double>(std::max<std::size_t>(comparisons, 1));
  if (const auto logs = sign_test_interval(block_log_ratios, alpha)) {
    result.bounds = interval{std::exp(logs->low), std::exp(logs->high)};
  }
  return result;
}

bool within_margin(const comparison& c) {
  return c.bounds && c.bounds->low >= 1 / (1 + equal_margin) && c.bounds->high <= 1 + equal_margin;
}

verdict judge(const comparison& c, const std::optional<interval>& floor, better direction) {
  if (!c.bounds) return verdict::insufficient;
  if (floor && !c.bounds->contains(1)) {
    const interval band{std::min(floor->low, 1.0), std::max(floor->high, 1.0)};
    const bool is_better = (c.ratio > 1) == (direction == better::higher);
    if (!band.contains(c.ratio)) return is_better ? verdict::faster : verdict::slower;
  }
  return within_margin(c) ? verdict::equal : verdict::not_resolved;
}

}  // namespace duet::bench

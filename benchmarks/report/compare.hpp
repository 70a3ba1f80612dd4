// SPDX-License-Identifier: MIT
// Two results against each other: not their times, which belong to a machine's moment, but their ratios to raw with their
// intervals, and their counts. Pure: documents in, findings out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace duet::bench {

/// What makes the figures of two environments unlike, a line each: another host, kernel, CPU, compiler or flags.
/// Another version of duet or Asio does not: that is what one compares.
std::vector<std::string> unlike_environments(const nlohmann::json& before,
                                             const nlohmann::json& now);

/// The same of two whole results: congestion control and the sizes of the plan, too.
std::vector<std::string> unlike_results(const nlohmann::json& older, const nlohmann::json& newer);

/// `contradicts`: faster in one, slower in the other.
enum class change { same, better, worse, contradicts, unknown };
std::string to_string(change);

struct ratio_change {
  std::string cell, arm, metric;
  std::optional<double> older, newer;  ///< ratios to raw
  std::optional<double> older_low, older_high, newer_low, newer_high;
  change what = change::unknown;  ///< unknown: an interval is missing

  [[nodiscard]] bool overlaps() const;
};

/// A count a message of an arm that differs.
struct count_change {
  std::string cell, arm, name;
  double older = 0, newer = 0;
  bool gated = false;  ///< of a cell whose counts do not hang on how the processes are scheduled
  bool risen = false;  ///< gated, and by more than the tolerance
};

struct result_change {
  std::vector<ratio_change> ratios;
  std::vector<count_change> counts;
  std::size_t counted = 0;               ///< arms with counts in both
  std::vector<std::string> only_in_one;  ///< cells and arms that cannot be compared
  /// No cell is faster in one and slower in the other, and 95 % of the intervals overlap.
  /// Nothing without a single pair of intervals.
  std::optional<bool> compatible;
};

/// A ratio has changed only if the intervals have no value in common and the step is wider than either noise floor.
result_change compare_results(const nlohmann::json& older, const nlohmann::json& newer,
                              double tolerance_percent);

}  // namespace duet::bench

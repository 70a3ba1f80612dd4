// SPDX-License-Identifier: MIT
// From a cell's slots to its figures, ratios and verdicts. Pure: the same result gives the same summary.
// Pairs are formed in the round, medians in the block, the interval over blocks.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/result.hpp"
#include "harness/statistics.hpp"

namespace duet::bench {

/// One kind of figure, for every arm of a cell.
struct metric_summary {
  std::string name;  ///< with its unit, as JSON has it: "cpu_ns_per_message"
  better direction = better::higher;
  std::vector<std::optional<double>> figures;  ///< by arm: median over blocks of the block's median
  std::vector<std::optional<comparison>>
      ratios;                     ///< by arm, to the reference; nothing for the reference itself
  std::optional<interval> floor;  ///< the control's bounds
};

struct latency_summary {
  std::optional<double> p50_ns, p90_ns, p99_ns, p99_9_ns;  ///< medians over blocks
  double max_ns = 0;                                       ///< over all blocks
};

struct cell_summary {
  metric_summary cpu;         ///< of the server, per message
  metric_summary throughput;  ///< messages per second
  std::vector<latency_summary> round_trips;
  std::vector<std::optional<double>> server_busy;  ///< by arm: CPU time by wall time
  std::size_t blocks = 0, kept_blocks = 0;
  std::size_t rounds = 0, kept_rounds = 0;
  std::map<std::string, std::size_t> dropped_by;  ///< gate: rounds
  std::size_t blocks_needed = 0;                  ///< for an interval at this number of comparisons
  bool indicative =
      false;  ///< no block was kept: the figures are of dropped rounds, without intervals
};

/// Below this the server waits for the loader, and a throughput ratio says little.
inline constexpr double busy_server = 0.97;

/// A block counts if this many of its rounds do (all of them if it has fewer).
inline constexpr std::size_t rounds_of_a_kept_block = 3;

/// @param arms the run's, the reference first; the control is found by its name
cell_summary summarise(const cell_result&, const std::vector<arm>& arms);

}  // namespace duet::bench

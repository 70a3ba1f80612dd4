// SPDX-License-Identifier: MIT
// The cost ladder: from the barest loop up to coroutines, what each step adds in counts and in time, and a sentence for it that is derived from
// the counts, or says that they do not explain the time. Pure: figures in, text out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "counts.hpp"
#include "scenarios/scenario.hpp"

namespace duet::bench {

/// One arm: what a message costs it.
struct rung {
  arm_counts counts;
  std::optional<double> cpu_ns{};  ///< of the server, a message
};

/// From one arm to the next.
struct ladder_step {
  std::string from, to;
  std::optional<double> cpu_ns{};  ///< what it adds; negative if it saves
  bool explained = false;          ///< by a count that changes in the same direction
  std::string sentence;
};

/// What the machine does with figures that mean nothing, and what entering its kernel costs.
struct ladder_scale {
  std::optional<double> noise_ns{};  ///< differences up to this are none
  double bare_call_ns = 0;           ///< of a system call that does nothing
};

/// The arms in the order of the ladder.
const std::vector<std::string>& ladder_arms();

/// @param rungs in the order of the ladder
std::vector<ladder_step> steps_of(const std::vector<rung>& rungs, const ladder_scale& scale);

nlohmann::json to_json(const cell&, const std::vector<rung>&, const std::vector<ladder_step>&,
                       const ladder_scale&);
std::string ladder_text(const cell&, const std::vector<rung>&, const std::vector<ladder_step>&,
                        const ladder_scale&, bool color);

/// Of this machine, now: the median over batches of a call that does nothing, in ns.
double measure_bare_call_ns();

}  // namespace duet::bench

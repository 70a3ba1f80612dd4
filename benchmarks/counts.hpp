// SPDX-License-Identifier: MIT
// What a message costs, counted instead of timed: system calls by name, context switches, allocations, user instructions. Counts are the same
// every time, where a server does the same for every message; they are made in a pass of their own because counting slows what it counts.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/call_counter.hpp"
#include "harness/crew.hpp"
#include "harness/result.hpp"

namespace duet::bench {

struct arm_counts {
  std::string name;
  call_counts calls{};               ///< where neither tool may count, the reason is in it
  std::optional<double> switches{};  ///< voluntary ones a message
  std::optional<std::uint64_t> allocations{};
  std::optional<double> instructions{};  ///< a message; not counted unless asked for
  std::string instructions_reason{};     ///< then: why there are none
  std::uint64_t messages = 0;

  /// Of one call, or of "all".
  [[nodiscard]] double per_message(const std::string& call) const;
  [[nodiscard]] std::optional<double> allocations_per_message() const;
};

struct count_plan {
  std::uint64_t messages = 20'000;
  bool instructions = false;
};

/// All arms of a cell. @throws std::runtime_error naming an arm that failed; interrupted
std::vector<arm_counts> count_cell(const run_context&, cell_result&, const count_plan&);

/// A line of --json, and for people.
nlohmann::json to_json(const cell&, const arm_counts&);
std::string counts_text(const cell&, const std::vector<arm_counts>&, bool color);

}  // namespace duet::bench

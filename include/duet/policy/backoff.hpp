// SPDX-License-Identifier: MIT
// backoff: how long to wait before the next attempt: longer and longer, and each caller differently ("decorrelated jitter", Brooker,
// "Exponential Backoff And Jitter", AWS Architecture Blog 2015), so that a thousand clients do not come back at once. It draws no random numbers.
#pragma once

#include <algorithm>
#include <chrono>

#include "duet/reconnect_options.hpp"

namespace duet::policy {

class backoff {
 public:
  explicit backoff(backoff_limits limits = {}) noexcept : limits_(limits) {}

  /// The next pause: between the shortest one and three times the one before, at most the longest. `random`: uniform, 0 <= random < 1.
  [[nodiscard]] std::chrono::nanoseconds next(double random) noexcept {
    using std::chrono::nanoseconds;
    const nanoseconds from = limits_.shortest;
    const nanoseconds to = std::max(from, last_ * 3);
    const auto more = static_cast<std::int64_t>(random * static_cast<double>((to - from).count()));
    last_ = std::min<nanoseconds>(from + nanoseconds(more), limits_.longest);
    return last_;
  }

  /// What was waited for is there: the next pause is short again.
  void reset() noexcept { last_ = {}; }

 private:
  backoff_limits limits_;
  std::chrono::nanoseconds last_{};
};

}  // namespace duet::policy

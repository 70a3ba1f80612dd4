// SPDX-License-Identifier: MIT
// ping_pace: when the next message is due. Time comes in as an argument.
#pragma once

#include <algorithm>
#include <chrono>

namespace duet::apps::echo {

class ping_pace {
 public:
  using clock = std::chrono::steady_clock;

  /// A server that is gone is not to be asked without pause, whatever the interval.
  static constexpr std::chrono::milliseconds first_pause{50};
  static constexpr std::chrono::milliseconds longest_pause{1000};

  explicit ping_pace(std::chrono::nanoseconds interval) noexcept : interval_(interval) {}

  void began(clock::time_point now) noexcept { due_ = now + interval_; }

  void ended(clock::time_point now, bool answered) noexcept {
    if (answered) {
      pause_ = first_pause;
      return;
    }
    due_ = std::max(due_, now + pause_);
    pause_ = std::min(pause_ * 2, longest_pause);
  }

  /// How long until the next message.
  [[nodiscard]] std::chrono::nanoseconds wait(clock::time_point now) const noexcept {
    return std::max<std::chrono::nanoseconds>(due_ - now, std::chrono::nanoseconds(0));
  }

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::milliseconds pause_ = first_pause;
  clock::time_point due_{};
};

}  // namespace duet::apps::echo

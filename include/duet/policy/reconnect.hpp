// SPDX-License-Identifier: MIT
// reconnect: what a client that wants to stay connected does next: try, wait, give up. It connects nothing, reads no clock and draws no
// random numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <system_error>

#include "duet/policy/backoff.hpp"
#include "duet/reconnect_options.hpp"

namespace duet::policy {

class reconnect {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit reconnect(const reconnect_options& options) noexcept
      : stable_after_(options.stable_after),
        max_attempts_(options.max_attempts),
        pauses_(options.pauses) {}

  /// An attempt begins: the first, or the one behind a pause.
  reconnect_change attempt() noexcept {
    return now_is(reconnect_state::connecting, {}, ++attempts_);
  }

  /// It has succeeded.
  reconnect_change connected(time_point now) noexcept {
    since_ = now;
    return now_is(reconnect_state::connected, {}, attempts_);
  }

  /// The attempt has failed, or the connection is over. `random`: uniform, 0 <= random < 1. The state is waiting or given_up.
  reconnect_change lost(std::error_code why, time_point now, double random) noexcept {
    if (state_ == reconnect_state::connected && now - since_ >= stable_after_) {
      attempts_ = 0;
      pauses_.reset();
    }
    if (max_attempts_ != 0 && attempts_ >= max_attempts_)
      return now_is(reconnect_state::given_up, why, attempts_);
    reconnect_change change = now_is(reconnect_state::waiting, why, attempts_);
    change.pause = pauses_.next(random);
    return change;
  }

  /// Nothing more is wanted; a new start counts from the beginning.
  reconnect_change stop() noexcept {
    attempts_ = 0;
    pauses_.reset();
    return now_is(reconnect_state::stopped, {}, 0);
  }

  [[nodiscard]] reconnect_state state() const noexcept { return state_; }

 private:
  reconnect_change now_is(reconnect_state state, std::error_code why,
                          std::uint32_t attempt) noexcept {
    state_ = state;
    return {state, why, attempt, {}};
  }

  std::chrono::nanoseconds stable_after_;
  std::uint32_t max_attempts_;
  backoff pauses_;
  reconnect_state state_ = reconnect_state::stopped;
  std::uint32_t attempts_ = 0;
  time_point since_{};
};

}  // namespace duet::policy

// SPDX-License-Identifier: MIT
// fork_door: whether a server that makes a process for each connection accepts the next one: a cap on children, and pauses while the system
// is out of something. It accepts nothing, forks nothing and reads no clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <system_error>

#include "duet/policy/accept_policy.hpp"

namespace duet::policy {

class fork_door {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `most`: children at a time; 0 counts as 1.
  explicit fork_door(std::size_t most) noexcept : most_(std::max<std::size_t>(most, 1)) {}

  /// Whether the next one is accepted.
  [[nodiscard]] bool open(time_point now) const noexcept { return !full() && now >= closed_until_; }

  /// How long until it is open by itself. None: it is, or only a child's end opens it.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> opens_in(time_point now) const noexcept {
    if (full() || now >= closed_until_) return std::nullopt;
    return closed_until_ - now;
  }

  /// A child serves a connection.
  void entered() noexcept {
    ++active_;
    accepting_.accepted();
  }

  /// A child has ended: what there was too little of may be there again, so a pause is over.
  void left() noexcept {
    --active_;
    closed_until_ = {};
  }

  /// accept failed. After `pause` the door is closed for that long; after `fatal` it is the caller's to give up.
  accept_policy::decision accept_failed(std::error_code error, time_point now) noexcept {
    const auto verdict = accepting_.failed(error);
    if (verdict.action == accept_action::pause) closed_until_ = now + verdict.pause;
    return verdict;
  }

  /// There was no process to be had. True: this is the first pause of an episode.
  bool fork_failed(time_point now) noexcept {
    return accept_failed(std::make_error_code(std::errc::not_enough_memory), now).first;
  }

  [[nodiscard]] std::size_t active() const noexcept { return active_; }

 private:
  [[nodiscard]] bool full() const noexcept { return active_ >= most_; }

  std::size_t most_;
  std::size_t active_ = 0;
  accept_policy accepting_;
  time_point closed_until_{};
};

}  // namespace duet::policy

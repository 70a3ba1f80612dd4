// SPDX-License-Identifier: MIT
// session_watch: when a session is over because its peer is too silent, too slow or too old (session_limits). It is told what moves, sets no
// timer and reads no clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "duet/server_options.hpp"

namespace duet::policy {

class session_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `limits` outlive it. `random`: uniform, 0 <= random < 1.
  session_watch(const session_limits& limits, time_point now, double random) noexcept
      : limits_(&limits), moved_at_(now), interval_began_(now), dies_at_(time_point::max()) {
    if (limits.age.count() == 0) return;
    const std::chrono::nanoseconds age = limits.age;
    const double less = static_cast<double>(age.count()) * limits.age_jitter * random;
    dies_at_ = now + age - std::chrono::nanoseconds(static_cast<std::int64_t>(less));
  }

  /// Whether moved() needs to know the time; else any will do.
  [[nodiscard]] bool wants_time() const noexcept {
    return limits_->idle.count() > 0 || limits_->progress_bytes > 0;
  }

  /// Bytes were read or written. True: next() may be earlier than before.
  bool moved(std::size_t bytes, time_point now) noexcept {
    moved_at_ = now;
    if (limits_->progress_bytes == 0) return false;
    // An interval begins with the first byte after one that is over, and is judged when it ends.
    const bool begins = interval_bytes_ == 0;
    if (begins) interval_began_ = now;
    interval_bytes_ += bytes;
    return begins;
  }

  /// A write waits for room. True: next() may be earlier than before.
  bool waits_for_room(time_point now) noexcept {
    if (limits_->stall.count() == 0 || stalled_at_) return false;
    stalled_at_ = now;
    return true;
  }
  /// The peer took bytes. Whoever still waits begins anew.
  void found_room() noexcept { stalled_at_.reset(); }

  /// Our side has ended; the peer has so long to end its own.
  void linger_until(time_point at) noexcept { dies_at_ = std::min(dies_at_, at), lingers_ = true; }

  /// When judge() may find something; nullopt: never.
  [[nodiscard]] std::optional<time_point> next() const noexcept {
    time_point first = dies_at_;
    if (limits_->idle.count() > 0) first = std::min(first, moved_at_ + limits_->idle);
    if (stalled_at_) first = std::min(first, *stalled_at_ + limits_->stall);
    if (interval_bytes_ > 0) first = std::min(first, interval_began_ + limits_->progress_interval);
    if (first == time_point::max()) return std::nullopt;
    return first;
  }

  /// Why the session is to be closed now; nullopt: it may go on.
  [[nodiscard]] std::optional<close_reason> judge(time_point now) noexcept {
    if (now >= dies_at_) return lingers_ ? close_reason::end_of_stream : close_reason::age;
    if (stalled_at_ && now >= *stalled_at_ + limits_->stall) return close_reason::stalled;
    if (limits_->idle.count() > 0 && now >= moved_at_ + limits_->idle) return close_reason::idle;
    if (interval_bytes_ > 0 && now >= interval_began_ + limits_->progress_interval) {
      if (interval_bytes_ < limits_->progress_bytes) return close_reason::slow;
      interval_bytes_ = 0;
    }
    return std::nullopt;
  }

 private:
  const session_limits* limits_;
  time_point moved_at_;
  std::optional<time_point> stalled_at_;
  time_point interval_began_;
  std::size_t interval_bytes_ = 0;
  time_point dies_at_;
  bool lingers_ = false;
};

}  // namespace duet::policy

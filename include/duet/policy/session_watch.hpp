// SPDX-License-Identifier: MIT
// session_watch: when a session is over because its peer is too silent, too slow or too old (session_limits). It is told what moves, sets no
// timer and reads no clock. The limits are its server's, the same at every call: there may be thousands of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "duet/server_options.hpp"

namespace duet::policy {

class session_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `random`: uniform, 0 <= random < 1.
  session_watch(const session_limits& limits, time_point now, double random) noexcept
      : moved_at_(now), interval_began_(now) {
    if (limits.age.count() == 0) return;
    const std::chrono::nanoseconds age = limits.age;
    const double less = static_cast<double>(age.count()) * limits.age_jitter * random;
    dies_at_ = now + age - std::chrono::nanoseconds(static_cast<std::int64_t>(less));
  }

  /// Whether moved() needs to know the time; else any will do.
  [[nodiscard]] static bool wants_time(const session_limits& limits) noexcept {
    return limits.idle.count() > 0 || limits.progress_bytes > 0;
  }

  /// Bytes were read or written. True: next() may be earlier than before.
  bool moved(const session_limits& limits, std::size_t bytes, time_point now) noexcept {
    moved_at_ = now;
    if (limits.progress_bytes == 0) return false;
    // An interval begins with the first byte after one that is over, and is judged when it ends.
    const bool begins = interval_bytes_ == 0;
    if (begins) interval_began_ = now;
    // What matters is whether it is enough.
    interval_bytes_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        interval_bytes_ + bytes, std::numeric_limits<std::uint32_t>::max()));
    return begins;
  }

  /// A write waits for room. True: next() may be earlier than before.
  bool waits_for_room(const session_limits& limits, time_point now) noexcept {
    if (limits.stall.count() == 0 || stalled()) return false;
    stalled_at_ = now;
    return true;
  }
  /// The peer took bytes. Whoever still waits begins anew.
  void found_room() noexcept { stalled_at_ = never; }

  /// Our side has ended; the peer has so long to end its own.
  void linger_until(time_point at) noexcept {
    dies_at_ = std::min(dies_at_, at);
    lingers_ = true;
  }

  /// When judge() may find something; nullopt: never.
  [[nodiscard]] std::optional<time_point> next(const session_limits& limits) const noexcept {
    time_point first = dies_at_;
    if (limits.idle.count() > 0) first = std::min(first, moved_at_ + limits.idle);
    if (stalled()) first = std::min(first, stalled_at_ + limits.stall);
    if (interval_bytes_ > 0) first = std::min(first, interval_began_ + limits.progress_interval);
    if (first == never) return std::nullopt;
    return first;
  }

  /// Why the session is to be closed now; nullopt: it may go on.
  [[nodiscard]] std::optional<close_reason> judge(const session_limits& limits,
                                                  time_point now) noexcept {
    if (now >= dies_at_) return lingers_ ? close_reason::end_of_stream : close_reason::age;
    if (stalled() && now >= stalled_at_ + limits.stall) return close_reason::stalled;
    if (limits.idle.count() > 0 && now >= moved_at_ + limits.idle) return close_reason::idle;
    if (interval_bytes_ > 0 && now >= interval_began_ + limits.progress_interval) {
      if (interval_bytes_ < limits.progress_bytes) return close_reason::slow;
      interval_bytes_ = 0;
    }
    return std::nullopt;
  }

 private:
  static constexpr time_point never = time_point::max();
  [[nodiscard]] bool stalled() const noexcept { return stalled_at_ != never; }

  time_point moved_at_;
  time_point stalled_at_ = never;
  time_point interval_began_;
  time_point dies_at_ = never;
  std::uint32_t interval_bytes_ = 0;
  bool lingers_ = false;
};

}  // namespace duet::policy

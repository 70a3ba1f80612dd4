// SPDX-License-Identifier: MIT
// probe_schedule: when an echo client's next datagram goes out, and when its run is over. It sends nothing, and time comes as an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace duet::policy {

struct probe_plan {
  std::optional<std::uint64_t> count{};  ///< unset: endless
  /// > 0: one each interval, whatever came back. 0: the next as soon as fewer than `window` are under way.
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::size_t window = 1;
  std::chrono::nanoseconds reply_deadline = std::chrono::seconds(5);  ///< max(): never
};

class probe_schedule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A peer that is not there is not to be asked without pause.
  static constexpr std::chrono::milliseconds first_pause{50};
  static constexpr std::chrono::milliseconds longest_pause{1000};

  explicit probe_schedule(const probe_plan& plan) noexcept : plan_(plan) {}

  enum class action { send, wait, done };
  struct step {
    action what;
    time_point until = time_point::max();  ///< of wait; max(): until something else happens
  };
  /// What to do, with `open` datagrams under way.
  [[nodiscard]] step next(time_point now, std::size_t open) const noexcept {
    if (plan_.count && begun_ >= *plan_.count) return {open == 0 ? action::done : action::wait};
    if (!paced() && open >= plan_.window) return {action::wait};
    if (due_ > now) return {action::wait, due_};
    return {action::send};
  }

  /// The next one has had its turn, whether it was sent or not.
  void began(time_point now) noexcept {
    ++begun_;
    // What was missed because the loop was busy is not made up for in a burst.
    due_ = std::max(later(begun_ == 1 ? now : due_, plan_.interval), now);
  }
  /// The peer is said not to be there, or the way to it.
  void failed(time_point now) noexcept {
    if (paced()) return;
    due_ = std::max(due_, now + pause_);
    pause_ = std::min(pause_ * 2, longest_pause);
  }
  void answered() noexcept { pause_ = first_pause; }

  /// When something is given up that begins to wait now.
  [[nodiscard]] time_point deadline(time_point now) const noexcept {
    return later(now, plan_.reply_deadline);
  }

 private:
  static time_point later(time_point from, std::chrono::nanoseconds by) noexcept {
    return by > time_point::max() - from ? time_point::max() : from + by;
  }
  [[nodiscard]] bool paced() const noexcept { return plan_.interval.count() > 0; }

  probe_plan plan_;
  std::uint64_t begun_ = 0;
  time_point due_ = time_point::min();
  std::chrono::milliseconds pause_ = first_pause;
};

}  // namespace duet::policy

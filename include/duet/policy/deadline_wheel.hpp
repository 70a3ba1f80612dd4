// SPDX-License-Identifier: MIT
// deadline_wheel: many deadlines behind one timer. Putting one off writes a number and nothing else, so that a deadline that every message
// renews costs no timer call. It reads no clock and sets no timer: its owner asks next() and calls advance(). After Varghese and Lauck,
// "Hashed and hierarchical timing wheels" (1987), scheme 6, with lazy renewal.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace duet::policy {

class deadline_wheel {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// What has a deadline: a base class or member of it. It leaves the wheel when it goes. It does not move.
  class entry {
   public:
    entry() noexcept = default;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry() { detach(); }

    [[nodiscard]] bool waits() const noexcept { return next_ != this; }
    [[nodiscard]] time_point deadline() const noexcept { return deadline_; }

   private:
    friend class deadline_wheel;

    void detach() noexcept {
      before_->next_ = next_;
      next_->before_ = before_;
      before_ = next_ = this;
    }
    void link_before(entry& at) noexcept {
      before_ = at.before_;
      next_ = &at;
      before_->next_ = this;
      at.before_ = this;
    }

    entry* before_ = this;
    entry* next_ = this;
    time_point deadline_{};
    std::uint64_t place_ = 0;  ///< the tick in whose list it stands: not behind the deadline's
  };

  /// A deadline is told at most one `tick` late. Range: > 0.
  explicit deadline_wheel(time_point now,
                          std::chrono::nanoseconds tick = std::chrono::milliseconds(16))
      : origin_(now), tick_(tick), lists_(ticks_a_turn) {}
  deadline_wheel(const deadline_wheel&) = delete;
  deadline_wheel& operator=(const deadline_wheel&) = delete;

  /// Sets or replaces a deadline. True: next() is earlier than before, the timer has to be set again.
  bool set(entry& of, time_point deadline) noexcept {
    of.deadline_ = deadline;
    const std::uint64_t place = std::min(tick_of(deadline), now_ + ticks_a_turn - 1);
    // Later than where it stands: it is put on when its turn comes there.
    if (of.waits() && of.place_ <= place) return false;
    put(of, place);
    if (earliest_ && *earliest_ <= of.place_) return false;
    earliest_ = of.place_;
    return true;
  }

  /// Forgets it. next() may stay as early as it was.
  void clear(entry& of) noexcept { of.detach(); }

  /// When advance() may have something to do: not before any deadline is due, unless one was put off. nullopt: never.
  [[nodiscard]] std::optional<time_point> next() const noexcept {
    if (!earliest_) return std::nullopt;
    return origin_ + static_cast<std::int64_t>(*earliest_) * tick_;
  }

  /// When the owner's timer has to be set anew; nullopt: never, or it is set early enough as it is.
  [[nodiscard]] std::optional<time_point> arm() noexcept {
    const auto first = next();
    if (!first || (armed_ && *armed_ <= *first)) return std::nullopt;
    return armed_ = first;
  }
  /// The owner's timer is set no more.
  void disarm() noexcept { armed_.reset(); }
  /// The owner's timer has come: how late. One that was due when it was set anew, or stopped, comes all the same.
  std::chrono::nanoseconds rang(time_point now) noexcept {
    const auto late = armed_ ? now - *armed_ : std::chrono::nanoseconds(0);
    armed_.reset();
    return late;
  }

  /// Calls due(entry&) for each whose deadline has passed, out of the wheel by then; it may set, clear and destroy any, itself too. What it
  /// throws goes to the caller: those that it was not called for stay, and are told next time.
  template <class Due>
  void advance(time_point now, Due&& due) {
    const std::uint64_t today = now <= origin_ ? 0 : ticks(now - origin_);
    // Beyond a whole turn each list would come again.
    const std::uint64_t last = std::min(today, now_ + ticks_a_turn);
    entry overdue;
    for (std::uint64_t each = now_ + 1; each <= last; ++each) splice(list_of(each), overdue);
    now_ = std::max(now_, today);
    const rest_of_day rest{*this, overdue};
    while (overdue.waits()) {
      entry& first = *overdue.next_;
      first.detach();
      if (first.deadline_ <= now) {
        due(first);
      } else {
        put_back(first);
      }
    }
  }

 private:
  static constexpr std::uint64_t ticks_a_turn = 512;

  [[nodiscard]] std::uint64_t ticks(std::chrono::nanoseconds since_origin) const noexcept {
    return static_cast<std::uint64_t>(since_origin / tick_);
  }
  /// The first tick that does not come before it.
  [[nodiscard]] std::uint64_t tick_of(time_point deadline) const noexcept {
    if (deadline <= origin_) return now_ + 1;
    const std::chrono::nanoseconds since = deadline - origin_;
    return std::max(now_ + 1,
                    ticks(since) + (since % tick_ != std::chrono::nanoseconds(0) ? 1 : 0));
  }
  [[nodiscard]] entry& list_of(std::uint64_t place) noexcept {
    return lists_[place % ticks_a_turn];
  }

  void put(entry& it, std::uint64_t place) noexcept {
    it.detach();
    it.place_ = place;
    it.link_before(list_of(place));
  }

  void put_back(entry& it) noexcept {
    put(it, std::min(tick_of(it.deadline_), now_ + ticks_a_turn - 1));
  }

  /// What a day ends with, however it ends.
  struct rest_of_day {
    deadline_wheel& of;
    entry& overdue;
    ~rest_of_day() {
      while (overdue.waits()) of.put_back(*overdue.next_);
      of.find_earliest();
    }
  };

  static void splice(entry& from, entry& to) noexcept {
    while (from.waits()) {
      entry& first = *from.next_;
      first.detach();
      first.link_before(to);
    }
  }

  void find_earliest() noexcept {
    earliest_.reset();
    for (std::uint64_t each = now_ + 1; each < now_ + ticks_a_turn; ++each) {
      if (!list_of(each).waits()) continue;
      earliest_ = each;
      return;
    }
  }

  time_point origin_;
  std::chrono::nanoseconds tick_;
  std::vector<entry> lists_;  ///< ring of heads; that of now_ is empty
  std::uint64_t now_ = 0;     ///< the tick up to which all was told
  std::optional<std::uint64_t> earliest_;
  std::optional<time_point> armed_;  ///< what the owner's timer is set for
};

}  // namespace duet::policy

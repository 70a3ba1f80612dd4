// SPDX-License-Identifier: MIT
// stop_switch: how a program of blocking calls is stopped, and how its calls get a deadline. Programs with a loop use their column's
// signal_set and timer. Source: signal(7), signal-safety(7), shutdown(2).
#pragma once

#include <chrono>

#include "duet/os/unique_fd.hpp"

#include "support/quantity.hpp"

namespace duet::apps {

/// While it lives, a signal or a deadline shuts the connection in progress down, which wakes the call that is blocked on it: unlike
/// a flag, which a signal just before the call would set in vain, and unlike SO_RCVTIMEO, which Asio's synchronous calls outwait.
/// One at a time in a process. A forked child makes one of its own, which knows nothing of its parent's signals.
class stop_switch {
 public:
  /// What the first SIGINT or SIGTERM does. A second one ends both directions, a third exits at once, unless repeats are ignored.
  enum class first_signal {
    kills,           ///< the process, by that signal
    ends_receiving,  ///< of the connection: what has come is still read, then the end of the stream
    ends_both,       ///< directions of the connection
  };

  enum class repeats {
    end,  ///< the second signal both directions, the third the process
    ignored,  ///< of a child, which a signal of its group and one of its parent may both reach, and mean the same
  };

  /// `drain_time`: so long after the first signal the deadline passes, rounded up to seconds, for only alarm(2) may be called there.
  explicit stop_switch(first_signal what, std::chrono::nanoseconds drain_time = never,
                       repeats more = repeats::end);
  ~stop_switch();
  stop_switch(const stop_switch&) = delete;
  stop_switch& operator=(const stop_switch&) = delete;

  /// The first signal, 0 if none came.
  [[nodiscard]] int signal() const noexcept;
  /// The second one, 0 if none came.
  [[nodiscard]] int second_signal() const noexcept;
  /// Readable once a signal has come.
  [[nodiscard]] int descriptor() const noexcept { return read_end_.get(); }
  /// The first signal has been seen: from now on the descriptor is readable once the second has come.
  void await_second() const noexcept;

  /// The connection in progress has so long; then it is shut down both ways. `never` takes the deadline away.
  void set_deadline(std::chrono::nanoseconds from_now) noexcept;
  /// The deadline has passed.
  [[nodiscard]] bool expired() const noexcept;

  /// Waits so long, or until a signal comes; returns whether none did.
  [[nodiscard]] bool pause(std::chrono::nanoseconds duration) const;

  /// Names the connection in progress for as long as this lives, which is shorter than the descriptor. If a signal came before, it is
  /// obeyed at once. `with`: other than the switch's own, the first signal ends both directions of this one.
  class guard {
   public:
    guard(const stop_switch& owner, int fd) noexcept;
    guard(const stop_switch& owner, int fd, first_signal with) noexcept;
    ~guard();
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

   private:
    int switchs_own_;
  };

 private:
  os::unique_fd read_end_;
  os::unique_fd write_end_;
};

}  // namespace duet::apps

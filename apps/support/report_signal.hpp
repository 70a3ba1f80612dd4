// SPDX-License-Identifier: MIT
// report_signal: SIGUSR1 asks a program of blocking calls for a report, and a tick may do so now and then. Programs with a loop use their
// column's signal_set and timer. Source: signal(7), signal-safety(7), timer_create(2).
#pragma once

#include <chrono>

namespace duet::apps {

/// Both make the call that is blocked fail with EINTR, so ask then, and between calls. A signal that comes just before a call blocks is
/// followed by others until it has been asked for: none is missed. One at a time in a process.
class report_signal {
 public:
  /// `tick`: zero is none. Throws std::system_error if there is no timer to be had.
  explicit report_signal(std::chrono::nanoseconds tick);
  /// From then on the signal is ignored.
  ~report_signal();
  report_signal(const report_signal&) = delete;
  report_signal& operator=(const report_signal&) = delete;

  /// Whether the signal has come since the last call.
  [[nodiscard]] bool asked() noexcept;
  /// Whether a tick has passed since the last call.
  [[nodiscard]] bool ticked() noexcept;
};

}  // namespace duet::apps

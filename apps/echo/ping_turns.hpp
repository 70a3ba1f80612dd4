// SPDX-License-Identifier: MIT
// ping_turns: when a blocking `ping` sends its next message and how long that may take: interval, both deadlines, signals. Not the calls.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>

#include "duet/error.hpp"
#include "echo/options.hpp"
#include "echo/ping_pace.hpp"
#include "echo/ping_report.hpp"
#include "support/quantity.hpp"
#include "support/stop_switch.hpp"

namespace duet::apps::echo {

class ping_turns {
 public:
  using clock = std::chrono::steady_clock;

  /// The run's time begins.
  explicit ping_turns(const ping_options& options)
      : options_(options), stop_(stop_switch::first_signal::ends_both), pace_(options.interval) {
    if (options.whole_deadline != never) whole_ = clock::now() + options.whole_deadline;
  }

  [[nodiscard]] const stop_switch& stop() const noexcept { return stop_; }
  [[nodiscard]] ping_pace& pace() noexcept { return pace_; }
  [[nodiscard]] std::chrono::nanoseconds time_left() const {
    return whole_ ? *whole_ - clock::now() : never;
  }
  /// A signal, or the end of the time: what failed was ended by us.
  [[nodiscard]] bool over() const { return stop_.signal() != 0 || time_left().count() <= 0; }

  /// Waits until the next message is due; false if there is none.
  bool wait(const ping_report& report) {
    if (report.enough() || report.deaf()) return false;
    const auto wait = pace_.wait(clock::now());
    if (wait.count() > 0 &&
        !stop_.pause(std::min(wait, std::max(time_left(), clock::duration(0))))) {
      return false;
    }
    return !over();
  }

  /// From here on a message's calls have its deadline, or what is left of the run.
  void begin_reply() {
    limit_ = std::min(options_.reply_deadline, time_left());
    if (limit_ != never)
      stop_.set_deadline(std::max<std::chrono::nanoseconds>(limit_, std::chrono::microseconds(1)));
  }
  /// An error that the deadline caused is timed_out.
  void end_reply(std::error_code& ec) {
    if (limit_ == never) return;
    stop_.set_deadline(never);
    if (ec && stop_.expired()) ec = error::timed_out;
  }

 private:
  const ping_options& options_;
  stop_switch stop_;
  ping_pace pace_;
  std::optional<clock::time_point> whole_;
  std::chrono::nanoseconds limit_ = never;
};

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// accept_policy: what to do when accept(2) fails. It decides from the error and from what came before; it accepts nothing and reads
// no clock. Source: accept(2) "Error handling", and what long-running servers do.
#pragma once

#include <algorithm>
#include <chrono>
#include <system_error>

namespace duet::policy {

/// What an accept error asks for.
enum class accept_action {
  wait,   ///< nothing is queued: wait until the listener is ready
  retry,  ///< that connection is gone, or a signal came: accept again now
  pause,  ///< the system is out of something: accept again after a while
  fatal,  ///< the listener itself is broken or closed
};

/// The class of an error of accept(2) by itself.
inline accept_action judge_accept_error(std::error_code error) {
  using std::errc;
  if (error == errc::resource_unavailable_try_again || error == errc::operation_would_block)
    return accept_action::wait;
  // accept(2): errors that a connection met before it was accepted are reported by accept on Linux; they are that connection's.
  for (const errc gone : {errc::interrupted, errc::connection_aborted, errc::protocol_error,
                          errc::network_down, errc::no_protocol_option, errc::host_unreachable,
                          errc::operation_not_supported, errc::network_unreachable}) {
    if (error == gone) return accept_action::retry;
  }
  constexpr int host_down = 112,
                not_on_network = 64;  // EHOSTDOWN, ENONET of Linux, which errc does not know
  if (error.category() == std::system_category() &&
      (error.value() == host_down || error.value() == not_on_network))
    return accept_action::retry;
  for (const errc scarce :
       {errc::too_many_files_open, errc::too_many_files_open_in_system, errc::no_buffer_space,
        errc::not_enough_memory, errc::no_space_on_device, errc::operation_not_permitted}) {
    if (error == scarce) return accept_action::pause;
  }
  return accept_action::fatal;
}

/// The decisions for one listener, one after another.
class accept_policy {
 public:
  /// Retries in a row before they are paused too: a flood of aborted connections must not hold the loop.
  static constexpr int retries_in_a_row = 16;
  static constexpr std::chrono::milliseconds first_pause{50};
  static constexpr std::chrono::milliseconds longest_pause{1000};

  struct decision {
    accept_action action;
    std::chrono::milliseconds pause{0};  ///< for accept_action::pause
    bool first = false;                  ///< the first pause of an episode: worth one line in a log
  };

  void accepted() noexcept {
    retries_ = 0;
    pause_ = first_pause;
    pausing_ = false;
  }

  decision failed(std::error_code error) noexcept {
    accept_action action = judge_accept_error(error);
    if (action == accept_action::retry && ++retries_ > retries_in_a_row)
      action = accept_action::pause;
    if (action != accept_action::pause) return {action};
    retries_ = 0;
    const bool first = !pausing_;
    pausing_ = true;
    const std::chrono::milliseconds now = pause_;
    pause_ = std::min(pause_ * 2, longest_pause);
    return {action, now, first};
  }

 private:
  int retries_ = 0;
  bool pausing_ = false;
  std::chrono::milliseconds pause_ = first_pause;
};

}  // namespace duet::policy

// SPDX-License-Identifier: MIT
// server_state: what a server may do now, and what it has done: whether it accepts, whom it lets in, what an error of accept asks for, when a
// drain is over, and the counters of all that. It touches no socket and no timer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/policy/accept_policy.hpp"
#include "duet/policy/admission.hpp"
#include "duet/server_options.hpp"

namespace duet::policy {

class server_state {
 public:
  explicit server_state(const server_options& options) noexcept
      : admission_(options.max_connections, options.max_per_address, options.at_cap),
        watched_(options.watcher != nullptr) {}

  // Lifecycle.
  void start() noexcept { running_ = true; }
  void pause() noexcept { paused_ = true; }
  void resume() noexcept { paused_ = false; }
  /// True: it begins now; false: it had begun.
  bool drain() noexcept { return !std::exchange(draining_, true); }
  /// Nobody is let in again, and who is still here is aborted for the reason that is returned.
  close_reason cut() noexcept {
    running_ = false;
    return draining_ ? close_reason::drain : close_reason::local;
  }

  [[nodiscard]] bool running() const noexcept { return running_; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  /// Whether to accept.
  [[nodiscard]] bool accepts() const noexcept {
    return running_ && !paused_ && !draining_ && admission_.open();
  }
  /// Whether a drain that begins takes in what the kernel has accepted already: it was promised service, by somebody else if this one pauses.
  [[nodiscard]] bool takes_promised() const noexcept {
    return running_ && !paused_ && admission_.open();
  }
  [[nodiscard]] bool drained() const noexcept { return draining_ && admission_.active() == 0; }

  // Connections.
  /// Whether anybody asks who a peer is; else any endpoint will do below.
  [[nodiscard]] bool wants_peers() const noexcept {
    return watched_ || admission_.knows_addresses();
  }
  /// One was accepted. nullopt: it is to be served, and left() or not_served() is told of it; else it is to be refused, with that event.
  std::optional<std::string_view> enters(const endpoint& peer) {
    switch (admission_.enter(peer)) {
      case admission::verdict::refuse_by_cap: ++counters_.refused_by_cap; return "refused: cap";
      case admission::verdict::refuse_by_address:
        ++counters_.refused_by_address;
        return "refused: address";
      case admission::verdict::serve: break;
    }
    ++counters_.accepted;
    counters_.active = admission_.active();
    return std::nullopt;
  }
  /// There was no memory to serve one that had entered.
  void not_served(const endpoint& peer) noexcept {
    admission_.leave(peer);
    --counters_.accepted;
    counters_.active = admission_.active();
    lacks();
  }
  /// One that was served has gone. True: accepting, which had been closed, is open again.
  bool left(const endpoint& peer, close_reason why) noexcept {
    ++counters_.closed[static_cast<std::size_t>(why)];
    const bool reopened = admission_.leave(peer);
    counters_.active = admission_.active();
    return reopened;
  }

  // Errors of accept.
  struct accept_verdict {
    bool fatal = false;     ///< the listener is broken: it accepts no more
    bool tell = false;      ///< worth an event
    bool shortage = false;  ///< of descriptors: the reserve may tell one client
    std::chrono::milliseconds pause{0};
  };
  /// `at`: of the listener that failed, which has passed over as many lost connections as is good in a row: they are a reason to pause too.
  accept_verdict accept_failed(accept_policy& at, std::error_code error) noexcept {
    const accept_policy::decision judged = at.failed(error);
    if (judged.action == accept_action::fatal) return {.fatal = true, .tell = true};
    ++counters_.accept_pauses;
    return {.tell = judged.first,
            .shortage = is(error, std::errc::too_many_files_open) ||
                        is(error, std::errc::too_many_files_open_in_system),
            .pause = std::max(judged.pause, accept_policy::first_pause)};
  }
  /// A client was turned away for want of a descriptor or of memory.
  void lacks() noexcept { ++counters_.refused_by_shortage; }
  /// One was lost before it could be served: an option could not be set on it.
  void spoilt() noexcept { ++counters_.refused_by_error; }

  // Bytes and time.
  void has_read(std::size_t bytes) noexcept { counters_.bytes_read += bytes; }
  void has_written(std::size_t bytes) noexcept { counters_.bytes_written += bytes; }
  void handler_took(std::chrono::nanoseconds time) noexcept {
    counters_.slowest_handler = std::max(counters_.slowest_handler, time);
  }
  void timer_was_late(std::chrono::nanoseconds by) noexcept {
    counters_.loop_lag = std::max(counters_.loop_lag, by);
  }

  [[nodiscard]] const server_counters& counters() const noexcept { return counters_; }

 private:
  admission admission_;
  bool watched_;
  bool running_ = false;
  bool paused_ = false;
  bool draining_ = false;
  server_counters counters_;
};

}  // namespace duet::policy

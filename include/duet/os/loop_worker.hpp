// SPDX-License-Identifier: MIT
// loop_worker: what a process owes its supervisor while it serves on a loop: it says when it is ready, beats as long as the loop turns, and
// is told when to go. Each column's `worker` is this on its own loop. The supervisor is os/supervisor.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <system_error>
#include <utility>

#include "duet/os/supervisor.hpp"
#include "duet/stream_types.hpp"

namespace duet::os {

/// A worker on its loop, which has a signal set, a descriptor to wait for and a timer. Makes its own signal set of SIGTERM, which no other
/// set of the process may have. Lifetime: the context outlives it, and it outlives the loop's run. Threads: the loop's.
template <class Loop, class SignalSet, class Descriptor, class Timer>
class loop_worker {
 public:
  loop_worker(Loop& owner, worker_context& context)
      : context_(context),
        term_(owner, {SIGTERM}),
        gone_(owner, context.supervisor_descriptor()),
        next_(owner) {}

  /// Says ready: call it when everything listens. From now on `publish()` is called before each beat, four times a second at least, to
  /// put down counters; `drain()` once, when the supervisor says so or has gone.
  void start(std::function<void()> publish, std::function<void()> drain) {
    publish_ = std::move(publish);
    drain_ = std::move(drain);
    term_.async_wait([this](std::error_code ec, int) { told(ec); });
    gone_.async_wait(wait_type::read, [this](std::error_code ec) { told(ec); });
    beat();
    context_.ready();
  }

  /// It has drained: counters are put down a last time, and the loop has no work of this any more.
  void stop() {
    over_ = true;
    publish_();
    next_.cancel();
    term_.cancel();
    gone_.cancel();
  }

 private:
  static constexpr std::chrono::milliseconds longest_interval{250};

  void told(std::error_code ec) {
    if (ec || over_) return;
    if (const auto drain = std::exchange(drain_, nullptr)) drain();
    // Told twice, by a terminal's group and by the supervisor, is told once.
    if (!over_) term_.async_wait([this](std::error_code again, int) { told(again); });
  }

  void beat() {
    if (over_) return;
    publish_();
    context_.beat();
    const auto asked = context_.beat_interval();
    next_.expires_after(asked.count() > 0 ? std::min(asked, longest_interval) : longest_interval);
    next_.async_wait([this](std::error_code ec) {
      if (!ec) beat();
    });
  }

  worker_context& context_;
  SignalSet term_;
  Descriptor gone_;
  Timer next_;
  std::function<void()> publish_;
  std::function<void()> drain_;
  bool over_ = false;
};

}  // namespace duet::os

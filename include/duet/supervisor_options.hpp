// SPDX-License-Identifier: MIT
// What a supervisor of worker processes may be told, and what it tells, as values. The supervisor is os/supervisor.hpp; it decides in
// policy/supervisor.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "duet/reconnect_options.hpp"

namespace duet {

/// What a worker exits with to say that starting it again is of no use: its place stays empty. The number is nginx's.
inline constexpr int exit_do_not_respawn = 2;
/// What supervisor_result::code is when workers die again and again before they are ready.
inline constexpr int exit_crash_loop = 9;
/// More are refused: each costs a process, and three pages of shared memory.
inline constexpr std::size_t most_workers = 1024;

/// Less is refused: heartbeats are four in that time, and a busy machine delays them.
inline constexpr std::chrono::milliseconds shortest_hang_timeout{100};

struct supervisor_options {
  /// Places to fill. Range: 1 to most_workers.
  std::size_t workers = 1;

  /// Pauses before a place is filled again. A worker that was ready for stable_after or longer is replaced at once, and the pauses are
  /// short again.
  backoff_limits restart{std::chrono::milliseconds(100), std::chrono::milliseconds(30'000)};
  std::chrono::milliseconds stable_after{1000};

  /// The crash loop: nobody serves, and since somebody did, within the window, so many starts more than there are places were in vain (the
  /// worker died before it was ready, or fork failed). While anybody serves it goes on trying, and while
  /// anybody starts no failing fork ends that. Range: >= 1.
  std::size_t vain_starts = 5;
  std::chrono::milliseconds crash_window{60'000};

  /// A worker that is not ready so long after its fork is killed, and was started in vain. 0: no limit.
  std::chrono::milliseconds ready_timeout{30'000};
  /// A worker without a heartbeat for so long hangs: it is killed and replaced. 0: no heartbeats are asked for. Range: 0, or
  /// >= shortest_hang_timeout.
  std::chrono::milliseconds hang_timeout{10'000};
  /// A worker that was told to drain is killed so long after that. 0: no limit.
  std::chrono::milliseconds drain_timeout{12'000};
};

/// How a worker ended.
struct worker_end {
  bool by_signal = false;
  int value = 0;  ///< the signal, or the exit code
  bool operator==(const worker_end&) const = default;
};

/// What happens under a supervisor.
enum class supervisor_event : std::uint8_t {
  started,        ///< a worker was forked
  fork_failed,    ///< with the error and the pause before the next attempt
  ready,          ///< a worker serves
  all_ready,      ///< every place is filled for the first time, or is to stay empty
  ended,          ///< a worker, unasked; with how and the pause before the next one
  drained,        ///< a worker, as it was told to; with how
  hung,           ///< a worker without a heartbeat, or not ready in time, is killed
  drain_overdue,  ///< a worker that drains too long is killed
  retired,        ///< a worker's end says that its place is to stay empty
  reloading,      ///< new workers take the places of the old ones, one after another
  reloaded,
  reload_failed,  ///< new workers do not come up: the old ones stay
  stopping,
  gave_up,  ///< the crash loop
};

/// "started", "fork failed", ...
constexpr std::string_view to_string(supervisor_event event) noexcept {
  switch (event) {
    case supervisor_event::started: return "started";
    case supervisor_event::fork_failed: return "fork failed";
    case supervisor_event::ready: return "ready";
    case supervisor_event::all_ready: return "all ready";
    case supervisor_event::ended: return "ended";
    case supervisor_event::drained: return "drained";
    case supervisor_event::hung: return "hung";
    case supervisor_event::drain_overdue: return "drain overdue";
    case supervisor_event::retired: return "retired";
    case supervisor_event::reloading: return "reloading";
    case supervisor_event::reloaded: return "reloaded";
    case supervisor_event::reload_failed: return "reload failed";
    case supervisor_event::stopping: return "stopping";
    case supervisor_event::gave_up: return "gave up";
  }
  return "?";
}

/// One of them. What does not concern a worker has no pid.
struct supervisor_news {
  supervisor_event event = supervisor_event::started;
  std::size_t place = 0;  ///< of the worker, from 0
  int pid = 0;
  worker_end end{};
  std::chrono::nanoseconds pause{};
  std::error_code error{};
};

}  // namespace duet

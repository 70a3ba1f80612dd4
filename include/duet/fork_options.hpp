// SPDX-License-Identifier: MIT
// fork_options: what a server that makes a process for each connection is told, and what it tells. Values, no I/O.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "duet/observer.hpp"
#include "duet/socket_options.hpp"

namespace duet {

struct fork_options {
  /// Children at a time, in processes. While there are so many nobody is accepted; clients wait in the backlog. Range: >= 1.
  std::size_t max_children = 256;

  /// Of the listeners, and of what they accept.
  socket_options socket{};

  /// Descriptors that children keep, beside 0, 1, 2 and their connection. All others are closed in them.
  std::vector<int> kept_descriptors{};

  /// What drain() asks children to end with, and what the kernel sends them when their parent has ended without; 0: nothing.
  int end_signal = SIGTERM;

  /// Signals that are blocked in a child when its handler begins, which lets them through when it is ready for them.
  std::vector<int> blocked_signals{};

  /// Told of steps, of "accepted", "refused: shortage", "closed: ..." (end of stream, failed, killed) with the client, and of
  /// "accept paused". Must outlive the server; children use their copy.
  observer* watcher = nullptr;
};

/// Of a server, since it was made.
struct fork_counters {
  std::uint64_t accepted = 0;  ///< connections for which there was a child
  std::uint64_t active = 0;    ///< children now
  std::uint64_t failed = 0;    ///< children that gave another status than 0
  std::uint64_t killed = 0;    ///< children that a signal ended
  std::uint64_t refused = 0;   ///< clients that were reset because there was no process for them
  std::uint64_t accept_pauses =
      0;  ///< how often accepting waited because the system was out of something
};

}  // namespace duet

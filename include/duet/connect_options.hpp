// SPDX-License-Identifier: MIT
// How a connection is to be made, as values. Not how it is made: that is connect.hpp of either column.
#pragma once

#include <chrono>

#include "duet/observer.hpp"
#include "duet/socket_options.hpp"

namespace duet {

struct connect_options {
  /// Set on each socket before connect(2).
  socket_options socket{};

  /// How long resolving and all attempts together may take, in milliseconds; then error::timed_out. 0: as long as the kernel and
  /// the name servers take. Default 0.
  std::chrono::milliseconds deadline{0};

  /// Told each step, and handed on to the stream; nullptr: nobody. Outlives the stream.
  observer* watcher = nullptr;
};

}  // namespace duet

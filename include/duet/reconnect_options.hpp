// SPDX-License-Identifier: MIT
// What a reconnecting client may be told, and what it tells, as values. The client is reconnecting_client.hpp of either column.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "duet/connect_options.hpp"

namespace duet {

/// How long to wait before the next attempt: longer and longer, and each caller differently.
struct backoff_limits {
  std::chrono::milliseconds shortest{100};    ///< Range: > 0.
  std::chrono::milliseconds longest{30'000};  ///< Range: >= shortest.
};

struct reconnect_options {
  /// How each connection is made. Its deadline is 10 s here unless told: an attempt without end would never be repeated.
  connect_options connect{.deadline = std::chrono::seconds(10)};
  backoff_limits pauses{};
  /// A connection that lasted so long was a good one: after it the pauses are short again, and attempts are counted anew.
  std::chrono::milliseconds stable_after{10'000};
  /// Attempts in a row without a good connection; then it gives up. 0 (default): never.
  std::uint32_t max_attempts = 0;
};

enum class reconnect_state : std::uint8_t {
  stopped,     ///< not started, or stopped
  connecting,  ///< an attempt is under way
  connected,
  waiting,   ///< until the next attempt
  given_up,  ///< after max_attempts
};

/// "stopped", "connecting", ...
constexpr std::string_view to_string(reconnect_state state) noexcept {
  switch (state) {
    case reconnect_state::stopped: return "stopped";
    case reconnect_state::connecting: return "connecting";
    case reconnect_state::connected: return "connected";
    case reconnect_state::waiting: return "waiting";
    case reconnect_state::given_up: return "given up";
  }
  return "?";
}

/// What an observer of a client's state is told at each change.
struct reconnect_change {
  reconnect_state state = reconnect_state::stopped;
  std::error_code error{};    ///< waiting and given_up: why the attempt or the connection ended
  std::uint32_t attempt = 0;  ///< of those in a row without a good connection, from 1
  std::chrono::nanoseconds pause{};  ///< waiting: how long
};

}  // namespace duet

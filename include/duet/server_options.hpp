// SPDX-License-Identifier: MIT
// What a server may be told, and what it tells, as values: limits of a session, caps on connections, counters. The server is server.hpp of
// either column.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "duet/observer.hpp"
#include "duet/socket_options.hpp"

namespace duet {

/// Why a session ended.
enum class close_reason : std::uint8_t {
  end_of_stream,  ///< the peer ended, and so did we
  failed,         ///< reset, or another error of the connection
  idle,           ///< nothing moved for session_limits::idle
  age,            ///< it was as old as session_limits::age allows
  stalled,        ///< the peer took no byte for session_limits::stall
  slow,           ///< less moved than session_limits::progress_bytes asks for
  limit,          ///< a bound of its own was reached, a send queue's say
  drain,          ///< the server drained
  local,          ///< our side wanted no more
  thrown,         ///< its handler threw
};
inline constexpr std::size_t close_reasons = 10;

/// What an observer is told of it: "closed: idle".
constexpr std::string_view close_event(close_reason reason) noexcept {
  switch (reason) {
    case close_reason::end_of_stream: return "closed: end of stream";
    case close_reason::failed: return "closed: failed";
    case close_reason::idle: return "closed: idle";
    case close_reason::age: return "closed: age";
    case close_reason::stalled: return "closed: stalled";
    case close_reason::slow: return "closed: slow";
    case close_reason::limit: return "closed: limit";
    case close_reason::drain: return "closed: drain";
    case close_reason::local: return "closed: local";
    case close_reason::thrown: return "closed: thrown";
  }
  return "closed: ?";
}

/// "end of stream", "failed", "idle", ...
constexpr std::string_view to_string(close_reason reason) noexcept {
  return close_event(reason).substr(std::string_view("closed: ").size());
}

/// How long a session may take for what. 0 anywhere: no limit.
struct session_limits {
  /// Without a byte in either direction.
  std::chrono::milliseconds idle{0};
  /// In all. Each session's is shorter by a random part of up to age_jitter of it, so that those that came together do not leave together.
  std::chrono::milliseconds age{0};
  double age_jitter = 0.1;  ///< Range: 0 to 1.
  /// For a write that waits, without the peer taking a byte.
  std::chrono::milliseconds stall{0};
  /// In each interval in which anything moves at all, so many bytes have to, in both directions together.
  std::size_t progress_bytes = 0;
  std::chrono::milliseconds progress_interval{10'000};
};

/// What to do with a connection when as many as may be are being served.
enum class cap_rule : std::uint8_t {
  wait,    ///< it stays in the kernel's backlog
  refuse,  ///< it is accepted and reset
};

struct server_options {
  /// Connections served at a time. 0: no cap.
  std::size_t max_connections = 0;
  cap_rule at_cap = cap_rule::wait;
  /// Connections at a time from one IP address; more are refused, for the backlog cannot be sorted. 0: no cap. UNIX peers have no address.
  std::size_t max_per_address = 0;
  /// Connections accepted before other handlers have their turn. Range: >= 1.
  std::size_t accept_burst = 16;

  session_limits limits{};
  /// A limit strikes at most so late, and never early. Range: > 0.
  std::chrono::milliseconds tick{16};
  /// How long a peer may take to end its side after we have ended ours, before the connection is closed all the same.
  std::chrono::milliseconds linger{2000};

  /// Set on the listeners, and where they are not inherited, on what they accept.
  socket_options socket{};

  /// Told the steps of listeners and connections, and events: "accepted", "refused: cap" (address, shortage, error), "closed: idle" (any
  /// close_reason), "accept paused", "accept failed". nullptr: nobody. Outlives the server.
  observer* watcher = nullptr;
};

/// Since the server was made.
struct server_counters {
  std::uint64_t accepted = 0;             ///< connections that became sessions
  std::uint64_t active = 0;               ///< sessions now
  std::uint64_t refused_by_cap = 0;       ///< by server_options::max_connections
  std::uint64_t refused_by_address = 0;   ///< by server_options::max_per_address
  std::uint64_t refused_by_shortage = 0;  ///< for want of descriptors or memory
  std::uint64_t refused_by_error = 0;     ///< an option could not be set on it
  std::uint64_t accept_pauses = 0;        ///< times that accepting was paused for want of something
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::array<std::uint64_t, close_reasons> closed{};  ///< sessions, by close_reason
  /// How late the server's timer came at worst: what the loop's handlers made others wait.
  std::chrono::nanoseconds loop_lag{0};
  /// The longest that a session's handler held the loop, of those that the server calls (a session's first, and drains) and of those that
  /// session::guard() made.
  std::chrono::nanoseconds slowest_handler{0};

  [[nodiscard]] std::uint64_t closed_by(close_reason reason) const noexcept {
    return closed[static_cast<std::size_t>(reason)];
  }
};

/// The counters in Prometheus' text exposition format 0.0.4, each name with `prefix` in front ("duet_echo"), counters with "_total" behind.
std::string to_prometheus(const server_counters& counters, std::string_view prefix);

}  // namespace duet

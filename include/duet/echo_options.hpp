// SPDX-License-Identifier: MIT
// What an echo server may be told, and what it tells, as values. The server is echo.hpp of either column.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "duet/observer.hpp"
#include "duet/server_options.hpp"
#include "duet/socket_options.hpp"

namespace duet {

struct echo_server_options {
  /// Size of a buffer, in bytes; also the most that is read at once. A connection has one while bytes of it are on their way and none
  /// while it is idle. Range: 1 to 2^32 - 1. Default 64 KiB.
  std::size_t buffer_bytes = 65536;

  /// Connections served at a time; further ones wait in the kernel's backlog. 0: no cap. Default 0.
  std::size_t max_connections = 0;
  /// What happens then, and how many may come from one address (0: no cap), as server_options say.
  cap_rule at_cap = cap_rule::wait;
  std::size_t max_per_address = 0;

  /// How long a connection may be silent, old, or stuck. Default: for ever.
  session_limits limits{};

  /// How long a connection that the server has ended may take to end its own side before it is closed all the same,
  /// in milliseconds. Default 2 s.
  std::chrono::milliseconds linger{2000};

  /// Set on the listeners, and where they are not inherited, on what they accept.
  socket_options socket{};

  /// Told the steps of listeners and connections, and events as server_options::watcher. nullptr: nobody. Outlives the server.
  observer* watcher = nullptr;
};

/// Those of the server that an echo server is made of.
server_options to_server_options(const echo_server_options& options);

/// Since the server was made.
struct echo_counters {
  std::uint64_t accepted = 0;      ///< connections
  std::uint64_t active = 0;        ///< connections being served now
  std::uint64_t bytes_echoed = 0;  ///< bytes handed to the kernel
  std::uint64_t failed = 0;        ///< connections that ended in an error
  std::uint64_t cut =
      0;  ///< connections reset with bytes still to echo, by stop() or a drain's end
  std::uint64_t accept_pauses =
      0;  ///< times accepting was paused for want of descriptors or memory
};

/// The echo server's view of its server's counters and of what it has cut itself.
echo_counters to_echo_counters(const server_counters& of, std::uint64_t cut) noexcept;

struct echo_client_options {
  /// Size of each of the two buffers, in bytes. Range: >= 1. Default 64 KiB.
  std::size_t buffer_bytes = 65536;

  /// Compare what comes back with what was sent. The bytes under way are remembered, at most window_bytes of them; then sending
  /// waits for the echo.
  bool verify = false;

  /// At most so many bytes may be on their way when verifying. Range: >= buffer_bytes. Default 1 MiB.
  std::size_t window_bytes = 1048576;
};

/// What an echo client has moved, in bytes.
struct echo_result {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  /// When verifying: where in the stream the first byte came back that differs, or was never sent.
  std::optional<std::uint64_t> mismatch_at{};
};

}  // namespace duet

// SPDX-License-Identifier: MIT
// What an echo server of datagrams may be told, and what it tells, as values. The server is datagram_echo.hpp of either column.
#pragma once

#include <cstdint>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/observer.hpp"

namespace duet {

struct datagram_echo_options {
  /// Of the sockets. The server asks for local_address and drop_count beside what is set here.
  datagram_options socket{};

  /// Answer no source port at which such a server may be (0, below 1024, the server's own), and no source more often than the rate below:
  /// two echo servers would bounce one datagram for ever. Off: for benchmarks on loopback.
  bool loop_guard = true;

  /// Replies to one source a second, and how many of them at once; the guard's. Range: >= 1. Defaults 10 000 and 1000.
  std::uint32_t replies_per_second = 10'000;
  std::uint32_t replies_at_once = 1'000;

  /// Told the steps of the sockets, and, once a second at most, that datagrams were not answered: "not answered: looping". nullptr: nobody.
  /// Outlives the server.
  observer* watcher = nullptr;
};

/// Since the server was made, in datagrams but for bytes_echoed.
struct datagram_echo_counters {
  std::uint64_t received = 0;
  std::uint64_t echoed = 0;        ///< handed to the kernel
  std::uint64_t bytes_echoed = 0;  ///< of those that were to be echoed
  /// Received and not answered, by reason.
  std::uint64_t truncated = 0;
  std::uint64_t to_many = 0;
  std::uint64_t nameless = 0;
  std::uint64_t looping = 0;
  std::uint64_t limited = 0;
  std::uint64_t not_sent = 0;  ///< to be answered, and the kernel took it not
  std::uint64_t lost = 0;      ///< never received: the socket's buffer was full (SO_RXQ_OVFL)

  bool operator==(const datagram_echo_counters&) const = default;
};

}  // namespace duet

// SPDX-License-Identifier: MIT
// What a sender may be told, and what it tells, as values: the bounds of its queue, what happens beyond them, counters. The sender is
// sender.hpp of either column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace duet {

/// What to do with a message for which there is no room.
enum class overflow_rule : std::uint8_t {
  wait,         ///< it is not taken; the sender waits for room and comes again
  refuse,       ///< it is not taken
  drop_oldest,  ///< older ones that were not begun make room; it is refused if that is not enough
  close,        ///< the peer is too slow: the connection is closed, with a reset
};

/// What became of a message that was offered.
enum class send_verdict : std::uint8_t {
  queued,   ///< taken: it is written now, or as soon as the peer lets it
  wait,     ///< not taken, by overflow_rule::wait
  refused,  ///< not taken: there is no room
  closed,   ///< not taken: nothing can be sent any more, or overflow_rule::close has just ended it
};

struct sender_options {
  /// Of messages that the kernel has not taken yet. Range: >= 1.
  std::size_t max_bytes = 1048576;
  std::size_t max_messages = 4096;
  /// Above the high watermark senders had better stop, until the queue is at or below the low one. In bytes. Range: low <= high <= max_bytes.
  std::size_t high_watermark = 262144;
  std::size_t low_watermark = 65536;
  overflow_rule overflow = overflow_rule::wait;

  /// Write behind the handlers that are due now, and not at once: what one turn of the loop sends leaves in one call.
  bool gather_turn = false;

  /// How many bytes the kernel may hold that it has not sent, TCP only; nullopt: as many as its send buffer takes, which is left alone.
  /// @see tcp(7) TCP_NOTSENT_LOWAT
  std::optional<int> unsent_low_water_bytes = 131072;
};

/// Since the sender was made.
struct sender_counters {
  std::uint64_t queued = 0;   ///< messages taken
  std::uint64_t sent = 0;     ///< messages handed to the kernel whole
  std::uint64_t refused = 0;  ///< messages not taken
  std::uint64_t dropped = 0;  ///< messages taken and thrown away
  std::uint64_t bytes_sent = 0;
  bool operator==(const sender_counters&) const = default;
};

}  // namespace duet

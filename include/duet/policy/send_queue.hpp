// SPDX-License-Identifier: MIT
// send_queue: messages on their way to one stream, in order, bounded in bytes and in number. It owns the bytes and writes nothing: a column
// writes what gather() names, tells wrote(), and asks again. A message of which a byte was written is never dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace duet::policy {

/// What to do with a message for which there is no room.
enum class overflow_rule : std::uint8_t {
  wait,         ///< it is not taken; the sender waits for room and comes again
  refuse,       ///< it is not taken
  drop_oldest,  ///< older ones that were not begun make room; it is refused if that is not enough
  close,        ///< the peer is too slow: the connection is to be closed
};

struct send_queue_limits {
  std::size_t bytes = 1048576;  ///< Range: >= 1.
  std::size_t messages = 4096;  ///< Range: >= 1.
  /// Above the high watermark senders had better stop, until the queue is at or below the low one. Range: low <= high <= bytes.
  std::size_t high_watermark = 262144;
  std::size_t low_watermark = 65536;
  overflow_rule overflow = overflow_rule::wait;
};

struct send_queue_counters {
  std::uint64_t queued = 0;   ///< messages taken
  std::uint64_t sent = 0;     ///< messages written whole
  std::uint64_t refused = 0;  ///< messages not taken
  std::uint64_t dropped = 0;  ///< messages taken and thrown away
  std::uint64_t bytes_sent = 0;
  bool operator==(const send_queue_counters&) const = default;
};

class send_queue {
 public:
  using message = std::vector<std::byte>;

  enum class verdict : std::uint8_t {
    queued,
    wait,     ///< not taken, by overflow_rule::wait
    refused,  ///< not taken
    close,    ///< not taken, by overflow_rule::close
  };

  explicit send_queue(const send_queue_limits& limits = {}) : limits_(limits) {}

  /// Takes a message unless it returns something other than `queued`; then `it` is untouched. A message that is longer than the whole limit
  /// is taken when the queue is empty: it could never be sent otherwise. An empty one is taken and written at once.
  [[nodiscard]] verdict push(message&& it) {
    if (!fits(it.size()) && limits_.overflow == overflow_rule::drop_oldest) make_room(it.size());
    if (!fits(it.size())) return overflow();
    ++counters_.queued;
    if (it.empty()) {
      ++counters_.sent;
      return verdict::queued;
    }
    bytes_ += it.size();
    messages_.push_back(std::move(it));
    if (bytes_ > limits_.high_watermark) high_ = true;
    return verdict::queued;
  }

  /// The bytes to write next, in order, neighbouring messages in one call: how many of `pieces` were filled.
  [[nodiscard]] std::size_t gather(std::span<std::span<const std::byte>> pieces) const noexcept {
    std::size_t count = 0;
    std::size_t skip = begun_;
    for (const message& each : messages_) {
      if (count == pieces.size()) break;
      pieces[count++] = std::span(each).subspan(skip);
      skip = 0;
    }
    return count;
  }

  /// So many of those bytes were written. True: the queue has come down to the low watermark, whoever waits may go on.
  bool wrote(std::size_t size) noexcept {
    bytes_ -= size;
    counters_.bytes_sent += size;
    begun_ += size;
    while (!messages_.empty() && begun_ >= messages_.front().size()) {
      begun_ -= messages_.front().size();
      messages_.pop_front();
      ++counters_.sent;
    }
    return came_down();
  }

  /// Throws everything away, begun or not, when the connection is over. How many messages that were.
  std::size_t clear() noexcept {
    const std::size_t lost = messages_.size();
    counters_.dropped += lost;
    messages_.clear();
    bytes_ = begun_ = 0;
    high_ = false;
    return lost;
  }

  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  /// Not written yet.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t messages() const noexcept { return messages_.size(); }
  /// Above the high watermark, and not at the low one since.
  [[nodiscard]] bool above_high_watermark() const noexcept { return high_; }
  /// Whether a message of so many bytes would be taken now.
  [[nodiscard]] bool fits(std::size_t size) const noexcept {
    if (messages_.empty()) return true;
    return messages_.size() < limits_.messages && size <= limits_.bytes &&
           bytes_ <= limits_.bytes - size;
  }
  [[nodiscard]] const send_queue_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const send_queue_limits& limits() const noexcept { return limits_; }

 private:
  [[nodiscard]] verdict overflow() noexcept {
    if (limits_.overflow == overflow_rule::wait) return verdict::wait;
    ++counters_.refused;
    return limits_.overflow == overflow_rule::close ? verdict::close : verdict::refused;
  }

  /// Nothing is dropped if all that may be would not be enough.
  void make_room(std::size_t size) {
    const bool begun = begun_ > 0;
    const std::size_t kept = begun ? messages_.front().size() - begun_ : 0;
    if (begun && (size > limits_.bytes || kept > limits_.bytes - size || limits_.messages < 2))
      return;
    while (!fits(size) && messages_.size() > (begun ? 1U : 0U)) {
      const auto oldest = messages_.begin() + (begun ? 1 : 0);
      bytes_ -= oldest->size();
      messages_.erase(oldest);
      ++counters_.dropped;
    }
    static_cast<void>(came_down());
  }

  [[nodiscard]] bool came_down() noexcept {
    if (!high_ || bytes_ > limits_.low_watermark) return false;
    high_ = false;
    return true;
  }

  send_queue_limits limits_;
  std::deque<message> messages_;
  std::size_t begun_ = 0;  ///< bytes of the first message that were written
  std::size_t bytes_ = 0;
  bool high_ = false;
  send_queue_counters counters_;
};

}  // namespace duet::policy

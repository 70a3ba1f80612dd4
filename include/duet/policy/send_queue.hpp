// SPDX-License-Identifier: MIT
// send_queue: messages on their way to one stream, in order, bounded in bytes and in number. It owns the bytes and writes nothing: a column
// writes what gather() names, tells wrote(), and asks again. A message of which a byte was written is never dropped.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/sender_options.hpp"

namespace duet::policy {

class send_queue {
 public:
  using message = std::vector<std::byte>;

  /// Write calls in a row before other handlers have their turn.
  static constexpr int calls_a_turn = 16;

  /// What a message is told that is refused, and a connection that overflow_rule::close ends.
  [[nodiscard]] static std::error_code no_room() noexcept {
    return std::make_error_code(std::errc::no_buffer_space);
  }

  explicit send_queue(const sender_options& limits = {}) : limits_(limits) {}

  /// Takes a message unless it returns something other than `queued`; then `it` is untouched. A message that is longer than the whole limit
  /// is taken when the queue is empty: it could never be sent otherwise. An empty one is taken and written at once.
  [[nodiscard]] send_verdict push(message&& it) {
    if (!fits(it.size()) && limits_.overflow == overflow_rule::drop_oldest) make_room(it.size());
    if (!fits(it.size())) return overflow();
    ++counters_.queued;
    if (it.empty()) {
      ++counters_.sent;
      return send_verdict::queued;
    }
    bytes_ += it.size();
    messages_.push_back(std::move(it));
    if (bytes_ > limits_.high_watermark) high_ = true;
    return send_verdict::queued;
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
    return messages_.size() < limits_.max_messages && size <= limits_.max_bytes &&
           bytes_ <= limits_.max_bytes - size;
  }
  [[nodiscard]] const sender_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const sender_options& limits() const noexcept { return limits_; }

 private:
  [[nodiscard]] send_verdict overflow() noexcept {
    if (limits_.overflow == overflow_rule::wait) return send_verdict::wait;
    ++counters_.refused;
    return limits_.overflow == overflow_rule::close ? send_verdict::closed : send_verdict::refused;
  }

  /// Nothing is dropped if all that may be would not be enough.
  void make_room(std::size_t size) {
    const bool begun = begun_ > 0;
    const std::size_t kept = begun ? messages_.front().size() - begun_ : 0;
    if (begun &&
        (size > limits_.max_bytes || kept > limits_.max_bytes - size || limits_.max_messages < 2))
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

  sender_options limits_;
  std::deque<message> messages_;
  std::size_t begun_ = 0;  ///< bytes of the first message that were written
  std::size_t bytes_ = 0;
  bool high_ = false;
  sender_counters counters_;
};

}  // namespace duet::policy

// SPDX-License-Identifier: MIT
// frame_buffer: bytes of a stream as they come in, and the frames in them, many to one read. It reads nothing: a column fills room(), tells
// filled(), and asks next(). It is made once and used again for all frames of a connection.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/policy/frame.hpp"

namespace duet::policy {

/// Its memory is made when it is first needed, `read_bytes` of it, and doubled when a frame is longer, up to what the framing allows: a
/// peer has to send bytes to take memory, a header that promises them is not enough. Precondition of all: read_bytes >= 1.
template <framing Framing>
class frame_buffer {
 public:
  explicit frame_buffer(Framing how = Framing(), std::size_t read_bytes = 16384)
      : framing_(std::move(how)), read_bytes_(read_bytes) {}
  frame_buffer(const frame_buffer&) = delete;
  frame_buffer& operator=(const frame_buffer&) = delete;

  /// Whether next() has something to say, a frame or an error.
  [[nodiscard]] bool look() noexcept {
    if (!std::exchange(looked_, true)) {
      begin_ += std::exchange(taken_, 0);
      const std::span<const std::byte> bytes = unread();
      found_ = framing_.find(bytes);
      if (found_.what == frame_step::verdict::more && bytes.size() >= framing_.max_bytes())
        found_ = frame_step::error(error::frame_too_long);
    }
    return found_.what != frame_step::verdict::more;
  }

  /// The payload of the next frame that is here whole, until the next call of next(), room() or give_back(); nullopt without an error: more
  /// bytes are needed. An error stays: the place where a next frame might begin is lost.
  [[nodiscard]] std::optional<std::span<const std::byte>> next(std::error_code& ec) noexcept {
    ec.clear();
    const bool something = look();
    if (something && found_.what == frame_step::verdict::error) ec = found_.why;
    if (!something || ec) return std::nullopt;
    const std::span<const std::byte> bytes = unread();
    header_ = bytes.first(found_.begin);
    taken_ = found_.next;
    looked_ = false;
    return bytes.subspan(found_.begin, found_.end - found_.begin);
  }

  /// Of the frame that next() has just given: what comes before its payload.
  [[nodiscard]] std::span<const std::byte> header() const noexcept { return header_; }

  /// Where to read to, one byte at least. Precondition: next() has just said that more bytes are needed.
  /// Errors: not_enough_memory, and nothing is lost.
  [[nodiscard]] std::span<std::byte> room(std::error_code& ec) noexcept {
    ec.clear();
    begin_ += std::exchange(taken_, 0);
    if (begin_ == end_) begin_ = end_ = 0;
    // A reading into the last corner of the memory would be a short one.
    if (begin_ > 0 && capacity_ - end_ < capacity_ / 4) move_to_front();
    if (end_ == capacity_ && !grow(capacity_ == 0 ? read_bytes_ : std::min(limit(), 2 * capacity_)))
      ec = std::make_error_code(std::errc::not_enough_memory);
    return {memory_.get() + end_, capacity_ - end_};
  }
  [[nodiscard]] std::span<std::byte> room() {
    std::error_code ec;
    const auto where = room(ec);
    if (ec) throw_error(ec, "frame_buffer");
    return where;
  }
  void filled(std::size_t size) noexcept {
    end_ += size;
    looked_ = false;
  }

  /// What the end of the stream means here: end_of_stream between two frames, unexpected_end in one.
  [[nodiscard]] duet::error at_end() const noexcept {
    return begin_ + taken_ == end_ ? error::end_of_stream : error::unexpected_end;
  }

  /// What came and is no part of a frame given so far: a protocol may go on without frames.
  [[nodiscard]] std::span<const std::byte> unread() const noexcept {
    return {memory_.get() + begin_ + taken_, end_ - begin_ - taken_};
  }

  /// Frees the memory if nothing is unread: for a connection that is idle.
  void give_back() noexcept {
    if (!unread().empty()) return;
    memory_.reset();
    header_ = {};
    begin_ = end_ = taken_ = capacity_ = 0;
    looked_ = false;
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] const Framing& how() const noexcept { return framing_; }

 private:
  /// A frame of any length fits.
  [[nodiscard]] std::size_t limit() const noexcept {
    return std::max(read_bytes_, framing_.max_bytes());
  }

  void move_to_front() noexcept {
    std::memmove(memory_.get(), memory_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }

  [[nodiscard]] bool grow(std::size_t capacity) noexcept {
    std::unique_ptr<std::byte[]> larger(new (std::nothrow) std::byte[capacity]);
    if (!larger) return false;
    if (end_ > begin_) std::memcpy(larger.get(), memory_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    memory_ = std::move(larger);
    capacity_ = capacity;
    return true;
  }

  Framing framing_;
  std::size_t read_bytes_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  ///< of the bytes of which the framing has been told, or will be
  std::size_t taken_ = 0;  ///< of those, what the frame given last takes
  std::size_t end_ = 0;
  bool looked_ = false;  ///< `found_` is about what is here
  frame_step found_;
  std::span<const std::byte> header_;
};

}  // namespace duet::policy

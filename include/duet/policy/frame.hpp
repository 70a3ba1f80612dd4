// SPDX-License-Identifier: MIT
// frame: what every framing has in common: how the next frame of a byte stream is found, and how a message becomes one without being copied.
// The framings are in frame_text.hpp and frame_length.hpp; frame_buffer.hpp keeps the bytes. No I/O, and no allocation.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "duet/error.hpp"

namespace duet::policy {

/// What is known of the first frame in some bytes.
struct frame_step {
  enum class verdict : std::uint8_t {
    more,   ///< it is not whole yet
    frame,  ///< it is
    error,  ///< there is none, and never will be
  };

  verdict what = verdict::more;
  duet::error why = duet::error::bad_frame;  ///< of an error: bad_frame or frame_too_long
  std::size_t begin = 0;                     ///< of the payload, counted from the first byte
  std::size_t end = 0;                       ///< of the payload
  std::size_t next = 0;                      ///< where the next frame begins

  static constexpr frame_step more() noexcept { return {}; }
  static constexpr frame_step frame(std::size_t begin, std::size_t end, std::size_t next) noexcept {
    return {verdict::frame, {}, begin, end, next};
  }
  static constexpr frame_step error(duet::error why) noexcept { return {verdict::error, why}; }
};

/// A few bytes, by value.
template <std::size_t Capacity>
class few_bytes {
 public:
  static constexpr std::size_t capacity = Capacity;

  constexpr void push(std::byte value) noexcept { bytes_[size_++] = value; }
  constexpr void append(std::span<const std::byte> from) noexcept {
    for (const std::byte each : from) push(each);
  }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::span<const std::byte> bytes() const noexcept {
    return std::span(bytes_).first(size_);
  }

 private:
  std::array<std::byte, Capacity> bytes_{};
  std::uint8_t size_ = 0;
};

/// What a framing adds to a message: bytes after the first `lead` ones of the message, and at its end.
struct frame_marks {
  static constexpr std::size_t max_pieces = 4;

  std::size_t lead = 0;
  few_bytes<22> head;  // a netstring's length has at most 20 digits, and a colon
  few_bytes<16> tail;

  [[nodiscard]] std::size_t size(std::span<const std::byte> message) const noexcept {
    return message.size() + head.size() + tail.size();
  }
  /// The frame, for a gathered write: valid as long as this and the message are, and do not move.
  [[nodiscard]] std::array<std::span<const std::byte>, max_pieces> pieces(
      std::span<const std::byte> message) const noexcept {
    return {message.first(lead), head.bytes(), message.subspan(lead), tail.bytes()};
  }
};

/// A framing: how frames follow one another in a stream, and how far the search for the end of the next one has come. A value; a copy
/// goes on where the original is.
/// * find(bytes): `bytes` begin where the last frame ended, and are those of the last call and more. The verdict does not depend on how
///   they were cut into calls. After a frame the next search begins anew, at its `next`.
/// * mark(message, marks): what makes a frame of it; bad_frame if it cannot be told from others once framed, frame_too_long if it is
///   beyond the limit. What is written by mark() is found by find().
/// * max_bytes(): of a whole frame with all that belongs to it. Bytes of that number hold a frame, or an error.
template <class Framing>
concept framing =
    std::copyable<Framing> && requires(Framing& it, const Framing& fixed,
                                       std::span<const std::byte> bytes, frame_marks& marks) {
      { it.find(bytes) } noexcept -> std::same_as<frame_step>;
      { fixed.mark(bytes, marks) } noexcept -> std::same_as<std::error_code>;
      { fixed.max_bytes() } noexcept -> std::same_as<std::size_t>;
    };

/// Appends `message`, framed, to `out`, whose memory is kept from one batch of frames to the next. With an error nothing is appended.
template <framing Framing>
[[nodiscard]] std::error_code append_frame(const Framing& how, std::span<const std::byte> message,
                                           std::vector<std::byte>& out) {
  frame_marks marks;
  if (const std::error_code ec = how.mark(message, marks)) return ec;
  for (const auto piece : marks.pieces(message)) out.insert(out.end(), piece.begin(), piece.end());
  return {};
}

}  // namespace duet::policy

// SPDX-License-Identifier: MIT
// frame_length: frames that say how long they are: in a field of 1, 2, 4 or 8 bytes at some place of their header, or in a varint.
// Source: RFC 1035 4.2.2 (a field alone), https://protobuf.dev/programming-guides/encoding (varints).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <system_error>

#include "duet/error.hpp"
#include "duet/policy/frame.hpp"

namespace duet::policy {

enum class byte_order : std::uint8_t { big, little };  ///< big is the network's

/// The header of a length_framing.
struct length_layout {
  enum class width : std::uint8_t { one = 1, two = 2, four = 4, eight = 8 };

  width field = width::four;
  byte_order order = byte_order::big;

  /// Bytes of the header before the field, a type or a magic number say. They are the message's first ones when it is written, and in
  /// header() of the frame_buffer when it is read. Range: < 2^31.
  std::size_t offset = 0;

  /// What the field's value lacks to be the number of bytes that follow the field: 0 where it counts these, -4 where a field of four
  /// counts itself too, 3 where three bytes of header follow that it does not count.
  std::int64_t adjustment = 0;

  /// Of what follows the field.
  std::size_t max_frame_bytes = 65536;
};

/// Frames whose length is in a field of fixed width.
class length_framing {
 public:
  explicit length_framing(const length_layout& layout = {}) noexcept : layout_(layout) {
    layout_.max_frame_bytes =
        std::min(layout_.max_frame_bytes,
                 static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max()) - head_bytes());
  }

  [[nodiscard]] frame_step find(std::span<const std::byte> bytes) noexcept {
    const std::size_t begin = head_bytes();
    if (bytes.size() < begin) return frame_step::more();
    std::uint64_t value = 0;
    for (std::size_t each = 0; each < width(); ++each)
      value |= std::to_integer<std::uint64_t>(bytes[layout_.offset + each]) << shift(each);
    const std::int64_t lacks = layout_.adjustment;
    const std::uint64_t magnitude = magnitude_of(lacks);
    if (lacks < 0 && value < magnitude) return frame_step::error(error::bad_frame);
    if (lacks < 0) value -= magnitude;
    if (lacks >= 0 && value > std::numeric_limits<std::uint64_t>::max() - magnitude)
      return frame_step::error(error::frame_too_long);
    if (lacks >= 0) value += magnitude;
    if (value > layout_.max_frame_bytes) return frame_step::error(error::frame_too_long);
    const std::size_t size = static_cast<std::size_t>(value);
    if (bytes.size() - begin < size) return frame_step::more();
    return frame_step::frame(begin, begin + size, begin + size);
  }

  /// The first `offset` bytes of the message come before the field, the rest behind it.
  [[nodiscard]] std::error_code mark(std::span<const std::byte> message,
                                     frame_marks& marks) const noexcept {
    if (message.size() < layout_.offset) return error::bad_frame;
    const std::uint64_t size = message.size() - layout_.offset;
    if (size > layout_.max_frame_bytes) return error::frame_too_long;
    const std::int64_t lacks = layout_.adjustment;
    const std::uint64_t magnitude = magnitude_of(lacks);
    if (lacks > 0 && size < magnitude) return error::bad_frame;
    const std::uint64_t value = lacks > 0 ? size - magnitude : size + magnitude;
    if (value < size && lacks < 0) return error::frame_too_long;
    if (width() < 8 && value >> (8 * width()) != 0) return error::frame_too_long;
    marks.lead = layout_.offset;
    for (std::size_t each = 0; each < width(); ++each)
      marks.head.push(static_cast<std::byte>(value >> shift(each)));
    return {};
  }

  [[nodiscard]] std::size_t max_bytes() const noexcept {
    return head_bytes() + layout_.max_frame_bytes;
  }

 private:
  [[nodiscard]] std::size_t width() const noexcept {
    return static_cast<std::size_t>(layout_.field);
  }
  [[nodiscard]] std::size_t head_bytes() const noexcept { return layout_.offset + width(); }
  /// Of the byte so far into the field.
  [[nodiscard]] unsigned shift(std::size_t byte) const noexcept {
    const std::size_t place = layout_.order == byte_order::big ? width() - 1 - byte : byte;
    return static_cast<unsigned>(8 * place);
  }
  /// Also of the least one, whose opposite is no int64_t.
  [[nodiscard]] static std::uint64_t magnitude_of(std::int64_t value) noexcept {
    return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                     : static_cast<std::uint64_t>(value);
  }

  length_layout layout_;
};

/// Frames with their length before them, seven bits a byte, the lowest first, the eighth bit set in all bytes but the last: how
/// protobuf messages are put into a stream. As there, a length may take more bytes than it needs, 10 at most.
class varint_framing {
 public:
  static constexpr std::size_t max_head_bytes = 10;

  explicit varint_framing(std::size_t max_frame_bytes = 65536) noexcept
      : max_(std::min(max_frame_bytes, std::numeric_limits<std::size_t>::max() - max_head_bytes)) {}

  [[nodiscard]] frame_step find(std::span<const std::byte> bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t at = 0; at < std::min(bytes.size(), max_head_bytes); ++at) {
      const auto seven = std::to_integer<std::uint64_t>(bytes[at] & std::byte{0x7f});
      if (at == max_head_bytes - 1 && std::to_integer<unsigned>(bytes[at]) > 1) break;
      value |= seven << (7 * at);
      if ((bytes[at] & std::byte{0x80}) == std::byte{0}) return framed(value, at + 1, bytes.size());
    }
    return bytes.size() < max_head_bytes ? frame_step::more() : frame_step::error(error::bad_frame);
  }

  [[nodiscard]] std::error_code mark(std::span<const std::byte> message,
                                     frame_marks& marks) const noexcept {
    if (message.size() > max_) return error::frame_too_long;
    std::uint64_t rest = message.size();
    for (; rest > 0x7f; rest >>= 7) marks.head.push(static_cast<std::byte>(rest | 0x80));
    marks.head.push(static_cast<std::byte>(rest));
    return {};
  }

  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_ + max_head_bytes; }

 private:
  [[nodiscard]] frame_step framed(std::uint64_t size, std::size_t begin,
                                  std::size_t have) const noexcept {
    if (size > max_) return frame_step::error(error::frame_too_long);
    if (have - begin < size) return frame_step::more();
    const std::size_t end = begin + static_cast<std::size_t>(size);
    return frame_step::frame(begin, end, end);
  }

  std::size_t max_;
};

static_assert(framing<length_framing> && framing<varint_framing>);

}  // namespace duet::policy

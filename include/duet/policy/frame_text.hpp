// SPDX-License-Identifier: MIT
// frame_text: frames that end in a mark (lines, any delimiter), and netstrings, whose length is written in digits.
// Source: https://cr.yp.to/proto/netstrings.txt.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/policy/frame.hpp"

namespace duet::policy {

/// Lines, which end in LF, or in CR LF: one CR before the LF belongs to the end. What follows the last LF is no line.
class line_framing {
 public:
  enum class ending : std::uint8_t { lf, cr_lf };

  /// `max_line_bytes` without the end; `written` is what mark() ends lines with.
  explicit line_framing(std::size_t max_line_bytes = 65536, ending written = ending::lf) noexcept
      : max_(std::min(max_line_bytes, std::numeric_limits<std::size_t>::max() - 2)),
        written_(written) {}

  [[nodiscard]] frame_step find(std::span<const std::byte> bytes) noexcept {
    const std::size_t from = std::exchange(searched_, bytes.size());
    const void* const at =
        from < bytes.size() ? std::memchr(bytes.data() + from, '\n', bytes.size() - from) : nullptr;
    const std::size_t length =
        at == nullptr ? bytes.size()
                      : static_cast<std::size_t>(static_cast<const std::byte*>(at) - bytes.data());
    const bool cr = length > 0 && bytes[length - 1] == std::byte{'\r'};
    if (length - (cr ? 1 : 0) > max_) return frame_step::error(error::frame_too_long);
    if (at == nullptr) return frame_step::more();
    searched_ = 0;
    return frame_step::frame(0, length - (cr ? 1 : 0), length + 1);
  }

  /// A line has no LF in it, and, where LF alone ends it, no CR before that.
  [[nodiscard]] std::error_code mark(std::span<const std::byte> message,
                                     frame_marks& marks) const noexcept {
    if (message.size() > max_) return error::frame_too_long;
    const bool cr_lf = written_ == ending::cr_lf;
    if (!message.empty()) {
      if (std::memchr(message.data(), '\n', message.size()) != nullptr) return error::bad_frame;
      if (!cr_lf && message.back() == std::byte{'\r'}) return error::bad_frame;
    }
    if (cr_lf) marks.tail.push(std::byte{'\r'});
    marks.tail.push(std::byte{'\n'});
    return {};
  }

  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_ + 2; }

 private:
  std::size_t max_;
  std::size_t searched_ = 0;
  ending written_;
};

/// Frames that end in a delimiter of 1 to 16 bytes.
class delimiter_framing {
 public:
  /// Throws std::system_error (invalid_argument) if the delimiter has no byte, or more than 16.
  explicit delimiter_framing(std::span<const std::byte> delimiter,
                             std::size_t max_frame_bytes = 65536) {
    if (delimiter.empty() || delimiter.size() > decltype(delimiter_)::capacity)
      throw_error(std::make_error_code(std::errc::invalid_argument), "delimiter_framing");
    delimiter_.append(delimiter);
    max_ = std::min(max_frame_bytes, std::numeric_limits<std::size_t>::max() - delimiter.size());
  }
  explicit delimiter_framing(std::string_view delimiter, std::size_t max_frame_bytes = 65536)
      : delimiter_framing(std::as_bytes(std::span(delimiter.data(), delimiter.size())),
                          max_frame_bytes) {}

  [[nodiscard]] frame_step find(std::span<const std::byte> bytes) noexcept {
    const std::span<const std::byte> mark = delimiter_.bytes();
    const std::size_t at = search(bytes, searched_);
    if (at > max_) return frame_step::error(error::frame_too_long);
    if (at + mark.size() > bytes.size()) {
      searched_ = at;
      return frame_step::more();
    }
    searched_ = 0;
    return frame_step::frame(0, at, at + mark.size());
  }

  /// The delimiter comes first in the frame at its end, so no part of it before may look like it.
  [[nodiscard]] std::error_code mark(std::span<const std::byte> message,
                                     frame_marks& marks) const noexcept {
    if (message.size() > max_) return error::frame_too_long;
    const std::span<const std::byte> mark = delimiter_.bytes();
    if (search(message, 0) + mark.size() <= message.size()) return error::bad_frame;
    // The last bytes of the message may make a delimiter together with the first ones of the delimiter itself.
    few_bytes<32> seam;
    seam.append(message.last(std::min(message.size(), mark.size() - 1)));
    const std::size_t own = seam.size();
    seam.append(mark);
    if (search(seam.bytes(), 0) < own) return error::bad_frame;
    marks.tail.append(mark);
    return {};
  }

  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_ + delimiter_.size(); }

 private:
  /// Where the first delimiter begins at or after `from`; without one, where it might begin once there are more bytes.
  [[nodiscard]] std::size_t search(std::span<const std::byte> bytes,
                                   std::size_t from) const noexcept {
    const std::span<const std::byte> mark = delimiter_.bytes();
    while (from + mark.size() <= bytes.size()) {
      const std::size_t starts = bytes.size() - from - mark.size() + 1;
      const void* const first = std::memchr(bytes.data() + from, to_integer(mark[0]), starts);
      if (first == nullptr) return from + starts;
      from = static_cast<std::size_t>(static_cast<const std::byte*>(first) - bytes.data());
      if (std::memcmp(first, mark.data(), mark.size()) == 0) return from;
      ++from;
    }
    return from;
  }
  [[nodiscard]] static int to_integer(std::byte value) noexcept {
    return std::to_integer<int>(value);
  }

  few_bytes<16> delimiter_;
  std::size_t max_ = 0;
  std::size_t searched_ = 0;
};

/// Netstrings: "12:hello world!,". No leading zeros.
class netstring_framing {
 public:
  explicit netstring_framing(std::size_t max_frame_bytes = 65536) noexcept
      : max_(std::min(max_frame_bytes, std::numeric_limits<std::size_t>::max() - 22)) {}

  [[nodiscard]] frame_step find(std::span<const std::byte> bytes) noexcept {
    std::size_t size = 0;
    std::size_t at = 0;
    for (; at < bytes.size() && bytes[at] != std::byte{':'}; ++at) {
      const auto digit = std::to_integer<std::size_t>(bytes[at]) - '0';  // wraps around below '0'
      if (digit > 9 || (at == 1 && size == 0)) return frame_step::error(error::bad_frame);
      if (size > (max_ - std::min(digit, max_)) / 10 || size * 10 + digit > max_)
        return frame_step::error(error::frame_too_long);
      size = size * 10 + digit;
    }
    if (at == bytes.size()) return frame_step::more();
    if (at == 0) return frame_step::error(error::bad_frame);
    const std::size_t begin = at + 1;
    if (bytes.size() - begin <= size) return frame_step::more();
    if (bytes[begin + size] != std::byte{','}) return frame_step::error(error::bad_frame);
    return frame_step::frame(begin, begin + size, begin + size + 1);
  }

  [[nodiscard]] std::error_code mark(std::span<const std::byte> message,
                                     frame_marks& marks) const noexcept {
    if (message.size() > max_) return error::frame_too_long;
    std::size_t unit = 1;
    while (message.size() / unit >= 10) unit *= 10;
    for (; unit > 0; unit /= 10)
      marks.head.push(static_cast<std::byte>('0' + message.size() / unit % 10));
    marks.head.push(std::byte{':'});
    marks.tail.push(std::byte{','});
    return {};
  }

  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_ + 22; }

 private:
  std::size_t max_;
};

static_assert(framing<line_framing> && framing<delimiter_framing> && framing<netstring_framing>);

}  // namespace duet::policy

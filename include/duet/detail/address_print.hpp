// SPDX-License-Identifier: MIT
// The writers behind address::print and its neighbours, constexpr and without allocation. Private
// to duet: no stable interface. IPv6 follows RFC 5952, as inet_ntop(3) of glibc has it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace duet::detail {

// Appends to a caller's buffer and notes when something does not fit.
class text_writer {
 public:
  constexpr explicit text_writer(std::span<char> into) noexcept : into_(into) {}

  constexpr void put(char c) noexcept {
    if (size_ < into_.size()) {
      into_[size_++] = c;
    } else {
      fits_ = false;
    }
  }
  constexpr void put(std::string_view text) noexcept {
    for (const char c : text) put(c);
  }
  constexpr void put_digit(unsigned value) noexcept { put("0123456789abcdef"[value & 0xfU]); }
  constexpr void put_number(unsigned value, unsigned base) noexcept {
    if (value >= base) put_number(value / base, base);
    put_digit(value % base);
  }
  constexpr void put_quad(const std::uint8_t* bytes) noexcept {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) put('.');
      put_number(bytes[i], 10);
    }
  }

  constexpr std::optional<std::string_view> text() const noexcept {
    if (!fits_) return std::nullopt;
    return std::string_view(into_.data(), size_);
  }

 private:
  std::span<char> into_;
  std::size_t size_ = 0;
  bool fits_ = true;
};

inline constexpr std::size_t groups_v6 = 8;

struct zero_run {
  std::size_t first = groups_v6;
  std::size_t size = 0;
};

// RFC 5952 4.2: the longest run of two or more groups of zeros, of several the first.
constexpr zero_run longest_zero_run(const std::array<unsigned, groups_v6>& groups) noexcept {
  zero_run best;
  for (std::size_t i = 0; i < groups_v6; ++i) {
    std::size_t end = i;
    while (end < groups_v6 && groups[end] == 0) ++end;
    if (end - i > best.size) best = {i, end - i};
    i = end;  // groups[end] is not zero: go on behind it
  }
  return best.size >= 2 ? best : zero_run{};
}

constexpr void write_v6(text_writer& out, const std::array<std::uint8_t, 16>& bytes) noexcept {
  std::array<unsigned, groups_v6> groups{};
  for (std::size_t i = 0; i < groups_v6; ++i) {
    groups[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  }
  const zero_run zeros = longest_zero_run(groups);
  // RFC 5952 5: dotted where the prefix alone says that an IPv4 address is embedded: IPv4-mapped
  // and the (deprecated) IPv4-compatible addresses of RFC 4291 2.5.5, as inet_ntop(3) has it.
  const bool mapped = zeros.first == 0 && zeros.size == 5 && groups[5] == 0xffff;
  const bool compatible = zeros.first == 0 && zeros.size == 6;
  for (std::size_t i = 0; i < groups_v6; ++i) {
    if (i == zeros.first) {
      out.put(':');
      i += zeros.size - 1;
      if (i == groups_v6 - 1) out.put(':');
      continue;
    }
    if (i > 0) out.put(':');
    if (i == 6 && (mapped || compatible)) {
      out.put_quad(&bytes[12]);
      break;
    }
    out.put_number(groups[i], 16);
  }
}

}  // namespace duet::detail

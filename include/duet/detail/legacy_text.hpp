// SPDX-License-Identifier: MIT
// The reader behind address::parse_legacy, constexpr and without allocation. Private to duet: no
// stable interface. Same language as glibc's inet_aton(3), except that the whole text is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "duet/detail/address_text.hpp"

namespace duet::detail {

constexpr bool is_hex_prefixed(std::string_view text) noexcept {
  return text.starts_with("0x") || text.starts_with("0X");
}

// One number of at most 32 bits from the front of `text`, which loses it: hexadecimal behind 0x,
// octal behind 0, else decimal, as strtoul(3) with base 0 has it.
constexpr std::optional<std::uint32_t> take_c_number(std::string_view& text) noexcept {
  const int base = is_hex_prefixed(text) ? 16 : text.starts_with('0') ? 8 : 10;
  if (base == 16) text.remove_prefix(2);
  std::uint64_t value = 0;
  bool any = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const int digit = hex_value(text.front());
    if (digit < 0 || digit >= base) break;
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    if (value > 0xffffffffU) return std::nullopt;
    any = true;
  }
  if (!any) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// One to four numbers with dots between them: each but the last is a byte, the last fills the bytes
// that are left. The result is in the host's byte order.
constexpr std::optional<std::uint32_t> parse_legacy_v4(std::string_view text) noexcept {
  std::uint32_t front = 0;
  for (unsigned bits_left = 32;; bits_left -= 8) {
    const auto number = take_c_number(text);
    if (!number) return std::nullopt;
    if (text.empty()) {
      if (bits_left < 32 && *number >> bits_left != 0) return std::nullopt;
      return front | *number;
    }
    if (text.front() != '.' || bits_left == 8 || *number > 255) return std::nullopt;
    front |= *number << (bits_left - 8);
    text.remove_prefix(1);
  }
}

}  // namespace duet::detail

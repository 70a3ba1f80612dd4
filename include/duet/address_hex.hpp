// SPDX-License-Identifier: MIT
// Addresses as hexadecimal numbers: 0x7f000001 is 127.0.0.1, 32 digits are an IPv6 address. The
// bytes in the order in which they are written, so the host's order of bytes does not matter. What
// inet_aton(3) makes of shorter numbers is address::parse_legacy.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "duet/address.hpp"

namespace duet {

/// The longest text of print_hex, in bytes: 0x and 32 digits.
inline constexpr std::size_t max_hex_bytes = 34;

/// `0x` and 8 (IPv4) or 32 (IPv6) lower-case digits in a caller's buffer, without allocation: a
/// view of it, or nullopt if it does not fit. A scope is not part of the number.
/// Threads: safe from any thread, as all functions here are.
constexpr std::optional<std::string_view> print_hex(const address& value,
                                                    std::span<char> into) noexcept {
  detail::text_writer out(into);
  out.put("0x");
  const auto bytes = value.bytes();
  for (const std::uint8_t byte : std::span(bytes).first(value.is_v4() ? 4 : 16)) {
    out.put_digit(byte >> 4U);
    out.put_digit(byte);
  }
  return out.text();
}

/// The same as a string. Errors: std::bad_alloc.
std::string to_hex(const address& value);

/// The address of `0x` (or `0X`) and exactly 8 or 32 hexadecimal digits, or nullopt.
constexpr std::optional<address> parse_hex(std::string_view text) noexcept {
  if (!detail::is_hex_prefixed(text)) return std::nullopt;
  text.remove_prefix(2);
  if (text.size() != 8 && text.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = detail::hex_value(text[i]);
    if (digit < 0) return std::nullopt;
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | digit);
  }
  if (text.size() == 32) return address::v6(bytes);
  return address::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

}  // namespace duet

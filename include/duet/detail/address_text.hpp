// SPDX-License-Identifier: MIT
// The readers behind address::parse, constexpr and without allocation. Private to duet: no stable
// interface. Same language as glibc's inet_pton(3): the dotted quad has no leading zeros; IPv6 is
// RFC 4291 2.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace duet::detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// See address::is_scope.
constexpr bool is_scope(std::string_view text) noexcept {
  if (text.empty() || text.size() > 15) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;  // a signed char >= 0x80 is negative
    if (std::string_view("%/:[]").find(c) != std::string_view::npos) return false;
  }
  return true;
}

// One number of a dotted quad from the front of `text`, which loses it.
constexpr std::optional<std::uint8_t> take_octet(std::string_view& text) noexcept {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits == 3 || (digits == 1 && text[0] == '0')) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
  }
  if (digits == 0 || value > 255) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint8_t>(value);
}

constexpr std::optional<std::array<std::uint8_t, 4>> parse_dotted_quad(
    std::string_view text) noexcept {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto octet = take_octet(text);
    if (!octet) return std::nullopt;
    bytes[i] = *octet;
  }
  if (!text.empty()) return std::nullopt;
  return bytes;
}

// Groups of an IPv6 address as they are read, and where "::" stood among them.
struct v6_groups {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;  // bytes read
  std::optional<std::size_t> gap{};

  constexpr bool has_room(std::size_t count) const noexcept { return size + count <= bytes.size(); }
  constexpr void push(unsigned byte) noexcept { bytes[size++] = static_cast<std::uint8_t>(byte); }

  // Moves what stood behind "::" to the end. The gap stands for one group of zeros at least.
  constexpr std::optional<std::array<std::uint8_t, 16>> finish() const noexcept {
    if (!gap) return size == bytes.size() ? std::optional(bytes) : std::nullopt;
    if (size == bytes.size()) return std::nullopt;
    std::array<std::uint8_t, 16> result{};
    for (std::size_t i = 0; i < *gap; ++i) result[i] = bytes[i];
    for (std::size_t i = *gap; i < size; ++i) result[result.size() - size + i] = bytes[i];
    return result;
  }
};

// IPv6 without a scope.
constexpr std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) noexcept {
  v6_groups groups;
  if (text.starts_with("::")) {
    groups.gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    const bool is_last = group.size() == text.size();
    if (is_last && group.find('.') != std::string_view::npos) {  // the last 32 bits as a quad
      const auto quad = parse_dotted_quad(group);
      if (!quad || !groups.has_room(4)) return std::nullopt;
      for (const std::uint8_t byte : *quad) groups.push(byte);
      break;
    }
    if (group.empty() || group.size() > 4 || !groups.has_room(2)) return std::nullopt;
    unsigned value = 0;
    for (const char c : group) {
      if (hex_value(c) < 0) return std::nullopt;
      value = value << 4 | static_cast<unsigned>(hex_value(c));
    }
    groups.push(value >> 8);
    groups.push(value & 0xff);
    text.remove_prefix(group.size());
    if (text.empty()) break;
    text.remove_prefix(1);  // the colon
    if (text.empty()) return std::nullopt;
    if (text.front() == ':') {
      if (groups.gap) return std::nullopt;
      groups.gap = groups.size;
      text.remove_prefix(1);
    }
  }
  return groups.finish();
}

}  // namespace duet::detail

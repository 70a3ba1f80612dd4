// SPDX-License-Identifier: MIT
// datagram_probe: the bytes by which an echo client knows its datagrams again: a number and a checksum in front, and a pattern behind that
// follows from the number. Network byte order. It sends nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace duet::policy {

/// Four bytes of mark, eight of number, four of checksum.
inline constexpr std::size_t probe_header_bytes = 16;

namespace detail {

inline constexpr std::uint32_t probe_mark = 0x64756574;  // "duet"

template <class Number>
void put_big_endian(std::span<std::byte> to, Number value) noexcept {
  for (std::size_t index = sizeof(Number); index-- > 0; value = static_cast<Number>(value >> 8))
    to[index] = static_cast<std::byte>(value & 0xff);
}

template <class Number>
Number get_big_endian(std::span<const std::byte> from) noexcept {
  Number value = 0;
  for (std::size_t index = 0; index < sizeof(Number); ++index)
    value = static_cast<Number>(value << 8 | static_cast<Number>(from[index]));
  return value;
}

/// FNV-1a, 32 bits, of the number and what is behind the header.
inline std::uint32_t probe_checksum(std::span<const std::byte> whole) noexcept {
  std::uint32_t sum = 2166136261U;
  const auto add = [&sum](std::span<const std::byte> bytes) {
    for (const std::byte each : bytes) sum = (sum ^ static_cast<std::uint32_t>(each)) * 16777619U;
  };
  add(whole.subspan(4, 8));
  add(whole.subspan(probe_header_bytes));
  return sum;
}

}  // namespace detail

/// Fills all of `to`. Precondition: it has room for the header.
inline void write_probe(std::span<std::byte> to, std::uint64_t number) noexcept {
  detail::put_big_endian(to.first(4), detail::probe_mark);
  detail::put_big_endian(to.subspan(4, 8), number);
  std::uint64_t next = number * 0x9e3779b97f4a7c15U;
  for (std::byte& each : to.subspan(probe_header_bytes)) {
    next = next * 6364136223846793005U + 1442695040888963407U;
    each = static_cast<std::byte>(next >> 56);
  }
  detail::put_big_endian(to.subspan(12, 4), detail::probe_checksum(to));
}

/// The number of a probe that arrived whole; nullopt: it is none, or a byte of it is another.
inline std::optional<std::uint64_t> read_probe(std::span<const std::byte> from) noexcept {
  if (from.size() < probe_header_bytes) return std::nullopt;
  if (detail::get_big_endian<std::uint32_t>(from.first(4)) != detail::probe_mark)
    return std::nullopt;
  if (detail::get_big_endian<std::uint32_t>(from.subspan(12, 4)) != detail::probe_checksum(from))
    return std::nullopt;
  return detail::get_big_endian<std::uint64_t>(from.subspan(4, 8));
}

}  // namespace duet::policy

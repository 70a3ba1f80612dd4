// SPDX-License-Identifier: MIT
// network: all addresses that share their leading bits, written 192.0.2.0/24 or 2001:db8::/32. A
// value without I/O; routes and interfaces are not its business. Follows RFC 4632 3.1 (IPv4) and
// RFC 4291 2.3 (IPv6).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "duet/address.hpp"

namespace duet {

/// A trivially copyable regular value, ordered by first address, then prefix length. Scopes are no
/// part of networks: fe80::1%eth0 is in fe80::/10. The families never meet: 10.0.0.0/8 does not
/// contain the IPv4-mapped 10.0.0.1.
/// Threads: a value; distinct objects may be used at the same time.
class network {
 public:
  /// The longest text, in bytes: an IPv6 address without a scope, and "/128".
  static constexpr std::size_t max_text_bytes = 45 + 4;

  /// 0.0.0.0/0
  constexpr network() noexcept = default;

  /// The network that `member` and all addresses with the same `prefix_length` leading bits are in,
  /// or nullopt if its family has fewer bits (32 or 128).
  static constexpr std::optional<network> of(const address& member,
                                             unsigned prefix_length) noexcept {
    if (prefix_length > (member.is_v4() ? 32U : 128U)) return std::nullopt;
    return network(member, prefix_length);
  }

  /// The network of a text, or nullopt. The address is read as by address::parse, without a scope,
  /// and its bits behind the prefix must be 0 ("10.0.0.1/8" is more likely a slip than a network);
  /// the length is decimal without leading zeros. The whole text is read.
  static constexpr std::optional<network> parse(std::string_view text) noexcept;

  /// The address with zeros behind the prefix: the network's own.
  constexpr const address& first() const noexcept { return first_; }

  /// The address with ones behind the prefix: in IPv4, down to /30, the directed broadcast.
  constexpr address last() const noexcept {
    return each_byte(first_, [](unsigned byte, unsigned mask) { return byte | ~mask; });
  }

  constexpr unsigned prefix_length() const noexcept { return prefix_length_; }

  /// The prefix as an address, ones and then zeros: 255.255.255.0 of a /24.
  constexpr address mask() const noexcept {
    return each_byte(first_, [](unsigned, unsigned mask) { return mask; });
  }

  constexpr bool contains(const address& value) const noexcept {
    return network(value, prefix_length_).first_ == first_;  // of another family, another address
  }

  /// Whether all addresses of `other` are in this network.
  constexpr bool contains(const network& other) const noexcept {
    return other.prefix_length_ >= prefix_length_ && contains(other.first_);
  }

  /// `value` with the bits of the prefix set to 0, without its scope: of 192.0.2.5 in a /24,
  /// 0.0.0.5. Precondition: contains(value).
  constexpr address host_part(const address& value) const noexcept {
    return each_byte(value, [](unsigned byte, unsigned mask) { return byte & ~mask; });
  }

  /// "192.0.2.0/24", which parses to an equal network. Errors: std::bad_alloc.
  std::string to_string() const;

  /// The same text in a caller's buffer, without allocation: a view of it, or nullopt if it does
  /// not fit (max_text_bytes always do; `into` then holds the beginning). No NUL is appended.
  constexpr std::optional<std::string_view> print(std::span<char> into) const noexcept;

  constexpr auto operator<=>(const network&) const noexcept = default;

 private:
  // Precondition: the family has the bits.
  constexpr network(const address& member, unsigned prefix_length) noexcept
      : prefix_length_(static_cast<std::uint8_t>(prefix_length)) {
    first_ = each_byte(member, [](unsigned byte, unsigned mask) { return byte & mask; });
  }

  // The address of the same family whose bytes are combine(byte of `of`, byte of the mask).
  using combining = unsigned (*)(unsigned byte, unsigned mask);
  constexpr address each_byte(const address& of, combining combine) const noexcept {
    auto bytes = of.bytes();
    for (unsigned i = 0; i < (of.is_v4() ? 4U : 16U); ++i) {
      const unsigned ones = prefix_length_ > 8 * i ? prefix_length_ - 8 * i : 0;
      const unsigned mask = ones >= 8 ? 0xffU : 0xff00U >> ones & 0xffU;
      bytes[i] = static_cast<std::uint8_t>(combine(bytes[i], mask) & 0xffU);
    }
    if (of.is_v6()) return address::v6(bytes);
    return address::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
  }

  address first_;
  std::uint8_t prefix_length_ = 0;
};

std::string to_string(const network& value);

/// Writes to_string(value).
std::ostream& operator<<(std::ostream& out, const network& value);

constexpr std::optional<network> network::parse(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto first = address::parse(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  const auto length = detail::take_octet(text);
  if (!first || !length || !text.empty()) return std::nullopt;
  const auto result = of(*first, *length);
  if (!result || result->first() != *first) return std::nullopt;  // host bits, or a scope
  return result;
}

constexpr std::optional<std::string_view> network::print(std::span<char> into) const noexcept {
  const auto printed = first_.print(into);
  if (!printed) return std::nullopt;
  detail::text_writer out(into.subspan(printed->size()));
  out.put('/');
  out.put_number(prefix_length_, 10);
  const auto length = out.text();
  if (!length) return std::nullopt;
  return std::string_view(into.data(), printed->size() + length->size());
}

}  // namespace duet

// SPDX-License-Identifier: MIT
// address: an IPv4 or IPv6 address as a value, with its text. No ports (endpoint.hpp), no sockaddr
// (os/sockaddr.hpp), no lookups, and what addresses mean is in address_class.hpp, network.hpp and
// special_range.hpp. IPv4 text is the strict dotted quad, as inet_pton(3) reads it, or under its
// own name what inet_aton(3) reads; IPv6 text follows RFC 4291 2.2 (reading), RFC 5952 (printing)
// and RFC 4007 11 (scopes).
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "duet/detail/address_print.hpp"
#include "duet/detail/address_text.hpp"
#include "duet/detail/legacy_text.hpp"

namespace duet {

/// A trivially copyable regular value, ordered by family (IPv4 first), then bytes, then scope. An
/// IPv4-mapped IPv6 address is an IPv6 address: no function looks through it.
/// Threads: a value; distinct objects may be used at the same time.
class address {
 public:
  enum class family : std::uint8_t { v4, v6 };

  /// The longest scope, in bytes: IFNAMSIZ - 1.
  static constexpr std::size_t max_scope_bytes = 15;

  /// The longest text, in bytes: INET6_ADDRSTRLEN - 1, and a percent sign with the longest scope.
  static constexpr std::size_t max_text_bytes = 45 + 1 + max_scope_bytes;

  /// 0.0.0.0
  constexpr address() noexcept = default;

  /// From a number in the host's byte order: 0x7f000001 is 127.0.0.1.
  static constexpr address v4(std::uint32_t host_order) noexcept {
    return v4({static_cast<std::uint8_t>(host_order >> 24),
               static_cast<std::uint8_t>(host_order >> 16),
               static_cast<std::uint8_t>(host_order >> 8), static_cast<std::uint8_t>(host_order)});
  }

  /// From a number in network byte order, as in_addr::s_addr holds it and inet_addr(3) returns it.
  static constexpr address v4_network_order(std::uint32_t network_order) noexcept {
    return v4(std::bit_cast<std::array<std::uint8_t, 4>>(network_order));
  }

  /// From the four bytes as written: {127, 0, 0, 1}.
  static constexpr address v4(std::array<std::uint8_t, 4> bytes) noexcept;

  /// From the sixteen bytes in network order, and a scope: the name or number of an interface, as
  /// text.
  /// Errors: a scope that is not empty and not valid (see is_scope) throws std::system_error,
  /// errc::invalid_argument; in a constant expression it does not compile.
  static constexpr address v6(std::array<std::uint8_t, 16> bytes, std::string_view scope = {});

  static constexpr address any_v4() noexcept { return {}; }
  static constexpr address any_v6() noexcept { return from_v6({}); }
  static constexpr address loopback_v4() noexcept { return v4(0x7f000001U); }
  static constexpr address loopback_v6() noexcept {
    return from_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }

  /// Whether a text can be a scope: 1 to 15 printable ASCII bytes without blank, `%`, `/`, `:`, `[`
  /// and `]` (what Linux allows as the name of an interface, less what addresses are written with).
  static constexpr bool is_scope(std::string_view text) noexcept { return detail::is_scope(text); }

  /// The address of a text, or nullopt. IPv4: four decimal numbers from 0 to 255 without leading
  /// zeros, so that no reader can take one for octal. IPv6: as inet_pton(3), and `%scope` behind
  /// it, taken literally ("%25eth0" is the scope "25eth0"; only URIs know the other spelling). The
  /// whole text is read: blanks, brackets, trailing text and NUL bytes are errors.
  static constexpr std::optional<address> parse(std::string_view text) noexcept;

  /// The IPv4 address that inet_aton(3), inet_addr(3) and getaddrinfo(3) make of a text, or
  /// nullopt: one to four numbers, each decimal, octal (a leading 0) or hexadecimal (0x), of which
  /// the last fills the bytes that are left: "127.1", "0177.0.0.1", "0x7f000001", "2130706433".
  /// Unlike inet_aton the whole text is read: what stands behind a blank or a NUL is an error. For
  /// old configuration files, and to tell what a text would mean elsewhere; decide about access by
  /// parse.
  static constexpr std::optional<address> parse_legacy(std::string_view text) noexcept;

  constexpr family get_family() const noexcept { return family_; }
  constexpr bool is_v4() const noexcept { return family_ == family::v4; }
  constexpr bool is_v6() const noexcept { return family_ == family::v6; }

  /// The IPv4 address as a number in the host's byte order. Precondition: is_v4().
  constexpr std::uint32_t to_v4_host_order() const noexcept {
    return std::uint32_t{bytes_[0]} << 24 | std::uint32_t{bytes_[1]} << 16 |
           std::uint32_t{bytes_[2]} << 8 | std::uint32_t{bytes_[3]};
  }

  /// The IPv4 address as in_addr::s_addr holds it: its bytes, read as a number of this host.
  /// Precondition: is_v4().
  constexpr std::uint32_t to_v4_network_order() const noexcept {
    return std::bit_cast<std::uint32_t>(
        std::array<std::uint8_t, 4>{bytes_[0], bytes_[1], bytes_[2], bytes_[3]});
  }

  /// The bytes in network order; of an IPv4 address the first four, the rest 0.
  constexpr std::array<std::uint8_t, 16> bytes() const noexcept { return bytes_; }

  /// The scope, or "". Lifetime: a view of this object.
  constexpr std::string_view scope() const noexcept {
    std::size_t size = 0;
    while (size < max_scope_bytes && scope_[size] != '\0') ++size;
    return {scope_.data(), size};
  }

  /// 0.0.0.0 or ::, whatever the scope.
  constexpr bool is_unspecified() const noexcept {
    return bytes_ == std::array<std::uint8_t, 16>{};
  }
  /// 127.0.0.0/8 or ::1. @see RFC 1122 3.2.1.3, RFC 4291 2.5.3
  constexpr bool is_loopback() const noexcept {
    return is_v4() ? bytes_[0] == 127 : bytes_ == loopback_v6().bytes_;
  }
  /// 224.0.0.0/4 or ff00::/8. @see RFC 5771, RFC 4291 2.7
  constexpr bool is_multicast() const noexcept {
    return is_v4() ? bytes_[0] >> 4 == 0xe : bytes_[0] == 0xff;
  }
  /// 169.254.0.0/16 or fe80::/10. @see RFC 3927, RFC 4291 2.5.6
  constexpr bool is_link_local() const noexcept {
    return is_v4() ? bytes_[0] == 169 && bytes_[1] == 254
                   : bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
  }

  /// The canonical text, which parses to an equal address: RFC 5952 for IPv6, with the last 32 bits
  /// dotted where the prefix says so (of IPv4-mapped and IPv4-compatible addresses), exactly as inet_ntop(3); `%scope`
  /// appended if there is one.
  std::string to_string() const;

  /// The same text in a caller's buffer, without allocation: a view of it, or nullopt if it does
  /// not fit (max_text_bytes always do; `into` then holds the beginning). No NUL is appended.
  constexpr std::optional<std::string_view> print(std::span<char> into) const noexcept;

  constexpr auto operator<=>(const address&) const noexcept = default;

 private:
  static constexpr address from_v6(std::array<std::uint8_t, 16> bytes) noexcept {
    address result;
    result.family_ = family::v6;
    result.bytes_ = bytes;
    return result;
  }
  constexpr void set_scope(std::string_view scope) noexcept {
    for (std::size_t i = 0; i < scope.size(); ++i) scope_[i] = scope[i];
  }

  family family_ = family::v4;
  std::array<std::uint8_t, 16> bytes_{};
  std::array<char, max_scope_bytes> scope_{};  // padded with NUL, which no scope contains
};

std::string to_string(const address& value);

/// Writes to_string(value).
std::ostream& operator<<(std::ostream& out, const address& value);

namespace detail {
[[noreturn]] void throw_bad_scope(std::string_view scope);
}

constexpr address address::v4(std::array<std::uint8_t, 4> bytes) noexcept {
  address result;
  for (std::size_t i = 0; i < bytes.size(); ++i) result.bytes_[i] = bytes[i];
  return result;
}

constexpr address address::v6(std::array<std::uint8_t, 16> bytes, std::string_view scope) {
  if (!scope.empty() && !is_scope(scope)) detail::throw_bad_scope(scope);
  address result = from_v6(bytes);
  result.set_scope(scope);
  return result;
}

constexpr std::optional<address> address::parse(std::string_view text) noexcept {
  if (const auto quad = detail::parse_dotted_quad(text)) return v4(*quad);
  const std::size_t percent = text.find('%');
  const auto bytes = detail::parse_v6(text.substr(0, percent));
  if (!bytes) return std::nullopt;
  address result = from_v6(*bytes);
  if (percent != std::string_view::npos) {
    const std::string_view scope = text.substr(percent + 1);
    if (!is_scope(scope)) return std::nullopt;
    result.set_scope(scope);
  }
  return result;
}

constexpr std::optional<address> address::parse_legacy(std::string_view text) noexcept {
  const auto host_order = detail::parse_legacy_v4(text);
  if (!host_order) return std::nullopt;
  return v4(*host_order);
}

constexpr std::optional<std::string_view> address::print(std::span<char> into) const noexcept {
  detail::text_writer out(into);
  if (is_v4()) {
    out.put_quad(bytes_.data());
  } else {
    detail::write_v6(out, bytes_);
  }
  if (const std::string_view zone = scope(); !zone.empty()) {
    out.put('%');
    out.put(zone);
  }
  return out.text();
}

}  // namespace duet

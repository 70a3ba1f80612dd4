// SPDX-License-Identifier: MIT
// host_entry: what is known of a host by one of its names, as gethostbyname(3) returns it in a
// hostent: official name, aliases, address type, length, addresses. A value; looking names up is
// the resolver's. No ports: endpoints have those.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duet/address.hpp"

namespace duet {

/// A regular value. The names are what a name server or a file said: any bytes, to be escaped before
/// they are shown. Threads: a value; distinct objects may be used at the same time.
struct host_entry {
  std::string official_name;         ///< h_name: what the aliases lead to
  std::vector<std::string> aliases;  ///< h_aliases
  std::vector<address> addresses;    ///< h_addr_list, in the order of the answer

  /// h_addrtype: the family of the addresses; nullopt if there are none, or some of each (which a
  /// hostent cannot hold).
  std::optional<address::family> address_type() const noexcept;

  /// h_length: bytes of an address, 4 or 16, whenever there is an address_type.
  std::optional<std::size_t> length() const noexcept;

  bool operator==(const host_entry&) const = default;
};

/// The constant's name: "AF_INET" or "AF_INET6".
constexpr std::string_view constant_name(address::family type) noexcept {
  return type == address::family::v4 ? "AF_INET" : "AF_INET6";
}

/// The constant's number on Linux: 2 or 10.
constexpr int constant_value(address::family type) noexcept {
  return type == address::family::v4 ? 2 : 10;
}

/// Text and number: "127.0.0.1 (0x7f000001)". Of IPv6 all 32 digits. Errors: std::bad_alloc.
std::string to_string_with_hex(const address& value);

/// The hostent view, a line for each thing known and each with its end; the names escaped
/// (escape.hpp), the type "mixed" and without a length if the addresses are of both families:
///     official name localhost
///     alias loopback
///     address type AF_INET (2)
///     length 4
///     address 127.0.0.1 (0x7f000001)
/// Errors: std::bad_alloc.
std::string to_string(const host_entry& entry);

/// Writes to_string(entry).
std::ostream& operator<<(std::ostream& out, const host_entry& entry);

}  // namespace duet

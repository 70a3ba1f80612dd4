// SPDX-License-Identifier: MIT
// address_explanation: everything that can be said of an address without asking anybody, as texts. How they are laid out is the
// report's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duet/address.hpp"
#include "duet/address_class.hpp"
#include "duet/special_range.hpp"

namespace duet::apps::resolve {

/// The bytes as they are sent: "7f 00 00 01".
std::string bytes_text(const address& value);

/// The bits of an IPv4 address, a blank between the bytes.
std::string binary_text(const address& value);

/// "1.0.0.0-126.255.255.255"
std::string range_text(const address& first, const address& last);

/// The leading bits of a class: "110".
std::string leading_bits_text(const class_traits& of);

/// Legacy forms of an IPv4 address, all of which inet_aton reads as it: fewer numbers, octal, hexadecimal.
std::vector<std::string> legacy_forms(const address& value);

/// All 32 digits: "2001:0db8:0000:...".
std::string full_v6_text(const address& value);

/// The IPv4 address inside an IPv6 one, by its prefix: mapped, compatible, translated or 6to4.
std::optional<address> embedded_v4(const address& value);

/// inet_addr(3) returns this address's number for errors as well: 255.255.255.255.
constexpr bool is_inet_addr_trap(const address& value) noexcept {
  return value.is_v4() && value.to_v4_host_order() == 0xffffffffU;
}

}  // namespace duet::apps::resolve

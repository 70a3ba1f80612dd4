// SPDX-License-Identifier: MIT
// The classes A to E of IPv4: what the leading bits of an address once said of its network. For
// explaining old texts and masks only: since 1993 prefixes (network.hpp) decide, RFC 1519 and RFC
// 4632. Classes follow RFC 791 3.2 and, D and E, RFC 1112 4; reserved numbers RFC 3330 2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "duet/address.hpp"
#include "duet/network.hpp"

namespace duet {

enum class address_class : std::uint8_t { a, b, c, d, e };

/// What is known of a class. Both ranges include their ends.
struct class_traits {
  address_class name;
  char letter;  ///< 'A' to 'E'

  /// The bits that its addresses begin with, as a number: 0b110 in 3 bits is "110".
  unsigned leading_bits;
  unsigned leading_bit_count;
  address first;  ///< the lowest address with these bits
  address last;   ///< the highest

  /// The range from the first to the last address that was given out. In A, B and C the lowest and
  /// the highest network were reserved (0 and 127, 128.0 and 191.255, 192.0.0 and 223.255.255). D
  /// is given out whole, to groups. E is not given out at all: here it is the class without
  /// 255.255.255.255, the limited broadcast.
  address first_assignable;
  address last_assignable;

  /// The length of the network part, in bits. D and E have none: they do not name hosts.
  std::optional<unsigned> default_prefix_length;

  /// The network part as a mask, 255.255.0.0 of class B.
  constexpr std::optional<address> default_mask() const noexcept {
    if (!default_prefix_length) return std::nullopt;
    return network::of(first, *default_prefix_length)->mask();
  }
};

/// The classes in order.
inline constexpr std::array<class_traits, 5> address_classes = {{
    {address_class::a, 'A', 0b0, 1, address::v4({0, 0, 0, 0}), address::v4({127, 255, 255, 255}),
     address::v4({1, 0, 0, 0}), address::v4({126, 255, 255, 255}), 8},
    {address_class::b, 'B', 0b10, 2, address::v4({128, 0, 0, 0}), address::v4({191, 255, 255, 255}),
     address::v4({128, 1, 0, 0}), address::v4({191, 254, 255, 255}), 16},
    {address_class::c, 'C', 0b110, 3, address::v4({192, 0, 0, 0}),
     address::v4({223, 255, 255, 255}), address::v4({192, 0, 1, 0}),
     address::v4({223, 255, 254, 255}), 24},
    {address_class::d, 'D', 0b1110, 4, address::v4({224, 0, 0, 0}),
     address::v4({239, 255, 255, 255}), address::v4({224, 0, 0, 0}),
     address::v4({239, 255, 255, 255}), std::nullopt},
    {address_class::e, 'E', 0b1111, 4, address::v4({240, 0, 0, 0}),
     address::v4({255, 255, 255, 255}), address::v4({240, 0, 0, 0}),
     address::v4({255, 255, 255, 254}), std::nullopt},
}};

/// Threads: safe from any thread, as all functions here are.
constexpr const class_traits& traits_of(address_class name) noexcept {
  return address_classes[static_cast<std::size_t>(name)];
}

/// The class that the leading bits say, or nullopt for IPv6, which has no classes (an IPv4-mapped
/// address neither).
constexpr std::optional<address_class> class_of(const address& value) noexcept {
  if (!value.is_v4()) return std::nullopt;
  for (const class_traits& each : address_classes) {
    if (value.to_v4_host_order() >> (32 - each.leading_bit_count) == each.leading_bits) {
      return each.name;
    }
  }
  return std::nullopt;  // not reached: the five kinds of leading bits are all there are
}

/// Whether the address lies in the range of its class that was given out, see class_traits. Not
/// whether it may be used for a host today: 10.0.0.0 is in the range of class A.
constexpr bool is_in_assignable_range(const address& value) noexcept {
  const auto name = class_of(value);
  return name && traits_of(*name).first_assignable <= value &&
         value <= traits_of(*name).last_assignable;
}

/// The network that an address was in before prefixes: its class's network part, 172.16.0.0/16 of
/// 172.16.1.2; its host_part is the rest. nullopt for class D, class E and IPv6.
constexpr std::optional<network> classful_network(const address& value) noexcept {
  const auto name = class_of(value);
  if (!name || !traits_of(*name).default_prefix_length) return std::nullopt;
  return network::of(value, *traits_of(*name).default_prefix_length);
}

}  // namespace duet

// SPDX-License-Identifier: MIT
// Ranges of addresses that mean something by themselves: loopback, private, link-local and so on.
// A table of the standards, not a filter: what a program lets in is its own decision. Follows RFC
// 6890 (and IANA's registries of special-purpose addresses), RFC 5771 and RFC 4291. Left out are
// small blocks of services that are reached like any other address (AS112, AMT).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "duet/address.hpp"
#include "duet/network.hpp"

namespace duet {

enum class special_range : std::uint8_t {
  unspecified,
  this_network,          ///< "this host on this network": 0.0.0.0/8
  loopback,              ///< all of 127.0.0.0/8, and ::1
  private_use,           ///< 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16
  shared,                ///< between a provider and its customers, behind carrier-grade NAT
  link_local,            ///< chosen without a server, not forwarded
  unique_local,          ///< IPv6's private addresses
  site_local,            ///< deprecated in favour of unique local ones
  documentation,         ///< for examples, never in use
  benchmarking,          ///< for measuring devices in a laboratory
  protocol_assignments,  ///< of the IETF, for protocols
  multicast,
  reserved,           ///< class E
  limited_broadcast,  ///< every host on the link
  v4_mapped,          ///< an IPv4 peer as an IPv6 socket shows it
  v4_compatible,      ///< deprecated
  translation,        ///< an IPv4 host as NAT64 shows it
  teredo,
  six_to_four,  ///< 6to4, and the address of its relays (deprecated)
  discard_only,
  segment_routing,
};

/// The name of a range in words, "link-local"; `shared` says "shared (carrier-grade NAT)".
/// Threads: safe from any thread, as all functions here are.
constexpr std::string_view name_of(special_range range) noexcept {
  switch (range) {
    case special_range::unspecified: return "unspecified";
    case special_range::this_network: return "this network";
    case special_range::loopback: return "loopback";
    case special_range::private_use: return "private";
    case special_range::shared: return "shared (carrier-grade NAT)";
    case special_range::link_local: return "link-local";
    case special_range::unique_local: return "unique local";
    case special_range::site_local: return "site-local (deprecated)";
    case special_range::documentation: return "documentation";
    case special_range::benchmarking: return "benchmarking";
    case special_range::protocol_assignments: return "protocol assignments";
    case special_range::multicast: return "multicast";
    case special_range::reserved: return "reserved";
    case special_range::limited_broadcast: return "limited broadcast";
    case special_range::v4_mapped: return "IPv4-mapped";
    case special_range::v4_compatible: return "IPv4-compatible (deprecated)";
    case special_range::translation: return "IPv4/IPv6 translation";
    case special_range::teredo: return "Teredo";
    case special_range::six_to_four: return "6to4 (deprecated)";
    case special_range::discard_only: return "discard-only";
    case special_range::segment_routing: return "segment routing";
  }
  return "";
}

/// One block of a range; a range may have several.
struct special_block {
  special_range range;
  network block;
  std::string_view source;  ///< the standard that says so
};

namespace detail {
// Not a constant expression, so no compiling, if the text is no network.
consteval special_block special(special_range range, std::string_view block,
                                std::string_view source) {
  return {range, network::parse(block).value(), source};
}
}  // namespace detail

/// All blocks, in ascending order; some lie within others.
inline constexpr std::array special_blocks = {
    detail::special(special_range::this_network, "0.0.0.0/8", "RFC 791"),
    detail::special(special_range::unspecified, "0.0.0.0/32", "RFC 1122"),
    detail::special(special_range::private_use, "10.0.0.0/8", "RFC 1918"),
    detail::special(special_range::shared, "100.64.0.0/10", "RFC 6598"),
    detail::special(special_range::loopback, "127.0.0.0/8", "RFC 1122"),
    detail::special(special_range::link_local, "169.254.0.0/16", "RFC 3927"),
    detail::special(special_range::private_use, "172.16.0.0/12", "RFC 1918"),
    detail::special(special_range::protocol_assignments, "192.0.0.0/24", "RFC 6890"),
    detail::special(special_range::documentation, "192.0.2.0/24", "RFC 5737"),
    detail::special(special_range::six_to_four, "192.88.99.0/24", "RFC 7526"),
    detail::special(special_range::private_use, "192.168.0.0/16", "RFC 1918"),
    detail::special(special_range::benchmarking, "198.18.0.0/15", "RFC 2544"),
    detail::special(special_range::documentation, "198.51.100.0/24", "RFC 5737"),
    detail::special(special_range::documentation, "203.0.113.0/24", "RFC 5737"),
    detail::special(special_range::multicast, "224.0.0.0/4", "RFC 5771"),
    detail::special(special_range::reserved, "240.0.0.0/4", "RFC 1112"),
    detail::special(special_range::limited_broadcast, "255.255.255.255/32", "RFC 919"),
    detail::special(special_range::v4_compatible, "::/96", "RFC 4291"),
    detail::special(special_range::unspecified, "::/128", "RFC 4291"),
    detail::special(special_range::loopback, "::1/128", "RFC 4291"),
    detail::special(special_range::v4_mapped, "::ffff:0:0/96", "RFC 4291"),
    detail::special(special_range::translation, "64:ff9b::/96", "RFC 6052"),
    detail::special(special_range::translation, "64:ff9b:1::/48", "RFC 8215"),
    detail::special(special_range::discard_only, "100::/64", "RFC 6666"),
    detail::special(special_range::protocol_assignments, "2001::/23", "RFC 2928"),
    detail::special(special_range::teredo, "2001::/32", "RFC 4380"),
    detail::special(special_range::benchmarking, "2001:2::/48", "RFC 5180"),
    detail::special(special_range::documentation, "2001:db8::/32", "RFC 3849"),
    detail::special(special_range::six_to_four, "2002::/16", "RFC 3056"),
    detail::special(special_range::documentation, "3fff::/20", "RFC 9637"),
    detail::special(special_range::segment_routing, "5f00::/16", "RFC 9602"),
    detail::special(special_range::unique_local, "fc00::/7", "RFC 4193"),
    detail::special(special_range::link_local, "fe80::/10", "RFC 4291"),
    detail::special(special_range::site_local, "fec0::/10", "RFC 3879"),
    detail::special(special_range::multicast, "ff00::/8", "RFC 4291"),
};

/// The smallest block that contains the address, or nullopt if none does: an address like any
/// other, or one that nobody has been given yet. What an IPv4-mapped address embeds is not looked
/// at.
constexpr std::optional<special_block> special_block_of(const address& value) noexcept {
  std::optional<special_block> best;
  for (const special_block& each : special_blocks) {
    if (!each.block.contains(value)) continue;
    if (!best || each.block.prefix_length() > best->block.prefix_length()) best = each;
  }
  return best;
}

}  // namespace duet

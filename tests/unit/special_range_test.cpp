// SPDX-License-Identifier: MIT
// Special ranges: every block's edges with the address before and behind it, the blocks that lie in
// others, and agreement with the questions that address itself answers.
#include "duet/special_range.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using duet::address;
using duet::special_block;
using duet::special_range;

namespace {

static_assert(duet::special_block_of(address::loopback_v4())->range == special_range::loopback);
static_assert(!duet::special_block_of(address::v4({8, 8, 8, 8})));

std::optional<special_range> range_of(const char* text) {
  const auto block = duet::special_block_of(address::parse(text).value());
  return block ? std::optional(block->range) : std::nullopt;
}

struct boundary {
  const char* text;
  std::optional<special_range> wanted;
};

void check(const std::vector<boundary>& table) {
  for (const boundary& row : table) {
    CAPTURE(row.text);
    CHECK(range_of(row.text) == row.wanted);
  }
}

}  // namespace

TEST_CASE("special_range: the edges of the IPv4 blocks and their neighbours") {
  check({
      {"0.0.0.0", special_range::unspecified},
      {"0.0.0.1", special_range::this_network},
      {"0.255.255.255", special_range::this_network},
      {"1.0.0.0", std::nullopt},
      {"9.255.255.255", std::nullopt},
      {"10.0.0.0", special_range::private_use},
      {"10.255.255.255", special_range::private_use},
      {"11.0.0.0", std::nullopt},
      {"100.63.255.255", std::nullopt},
      {"100.64.0.0", special_range::shared},
      {"100.127.255.255", special_range::shared},
      {"100.128.0.0", std::nullopt},
      {"126.255.255.255", std::nullopt},
      {"127.0.0.0", special_range::loopback},
      {"127.255.255.255", special_range::loopback},
      {"128.0.0.0", std::nullopt},
      {"169.253.255.255", std::nullopt},
      {"169.254.0.0", special_range::link_local},
      {"169.254.255.255", special_range::link_local},
      {"169.255.0.0", std::nullopt},
      {"172.15.255.255", std::nullopt},
      {"172.16.0.0", special_range::private_use},
      {"172.31.255.255", special_range::private_use},
      {"172.32.0.0", std::nullopt},
      {"191.255.255.255", std::nullopt},
      {"192.0.0.0", special_range::protocol_assignments},
      {"192.0.0.255", special_range::protocol_assignments},
      {"192.0.1.0", std::nullopt},
      {"192.0.1.255", std::nullopt},
      {"192.0.2.0", special_range::documentation},
      {"192.0.2.255", special_range::documentation},
      {"192.0.3.0", std::nullopt},
      {"192.88.98.255", std::nullopt},
      {"192.88.99.0", special_range::six_to_four},
      {"192.88.99.255", special_range::six_to_four},
      {"192.88.100.0", std::nullopt},
      {"192.167.255.255", std::nullopt},
      {"192.168.0.0", special_range::private_use},
      {"192.168.255.255", special_range::private_use},
      {"192.169.0.0", std::nullopt},
      {"198.17.255.255", std::nullopt},
      {"198.18.0.0", special_range::benchmarking},
      {"198.19.255.255", special_range::benchmarking},
      {"198.20.0.0", std::nullopt},
      {"198.51.99.255", std::nullopt},
      {"198.51.100.0", special_range::documentation},
      {"198.51.100.255", special_range::documentation},
      {"198.51.101.0", std::nullopt},
      {"203.0.112.255", std::nullopt},
      {"203.0.113.0", special_range::documentation},
      {"203.0.113.255", special_range::documentation},
      {"203.0.114.0", std::nullopt},
      {"223.255.255.255", std::nullopt},
      {"224.0.0.0", special_range::multicast},
      {"239.255.255.255", special_range::multicast},
      {"240.0.0.0", special_range::reserved},
      {"255.255.255.254", special_range::reserved},
      {"255.255.255.255", special_range::limited_broadcast},
  });
}

TEST_CASE("special_range: the edges of the IPv6 blocks and their neighbours") {
  check({
      {"::", special_range::unspecified},
      {"::1", special_range::loopback},
      {"::2", special_range::v4_compatible},
      {"::255.255.255.255", special_range::v4_compatible},
      {"::1:0:0", std::nullopt},
      {"::fffe:ffff:ffff", std::nullopt},
      {"::ffff:0.0.0.0", special_range::v4_mapped},
      {"::ffff:127.0.0.1", special_range::v4_mapped},
      {"::ffff:255.255.255.255", special_range::v4_mapped},
      {"::1:0:0:0", std::nullopt},
      {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"64:ff9b::", special_range::translation},
      {"64:ff9b::ffff:ffff", special_range::translation},
      {"64:ff9b::1:0:0", std::nullopt},
      {"64:ff9b:0:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"64:ff9b:1::", special_range::translation},
      {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", special_range::translation},
      {"64:ff9b:2::", std::nullopt},
      {"ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"100::", special_range::discard_only},
      {"100::ffff:ffff:ffff:ffff", special_range::discard_only},
      {"100:0:0:1::", std::nullopt},
      {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"2001::", special_range::teredo},
      {"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", special_range::teredo},
      {"2001:1::", special_range::protocol_assignments},
      {"2001:1:ffff:ffff:ffff:ffff:ffff:ffff", special_range::protocol_assignments},
      {"2001:2::", special_range::benchmarking},
      {"2001:2:0:ffff:ffff:ffff:ffff:ffff", special_range::benchmarking},
      {"2001:2:1::", special_range::protocol_assignments},
      {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::protocol_assignments},
      {"2001:200::", std::nullopt},
      {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"2001:db8::", special_range::documentation},
      {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", special_range::documentation},
      {"2001:db9::", std::nullopt},
      {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"2002::", special_range::six_to_four},
      {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::six_to_four},
      {"2003::", std::nullopt},
      {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"3fff::", special_range::documentation},
      {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::documentation},
      {"3fff:1000::", std::nullopt},
      {"5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"5f00::", special_range::segment_routing},
      {"5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::segment_routing},
      {"5f01::", std::nullopt},
      {"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"fc00::", special_range::unique_local},
      {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::unique_local},
      {"fe00::", std::nullopt},
      {"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", std::nullopt},
      {"fe80::", special_range::link_local},
      {"fe80::1%eth0", special_range::link_local},
      {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::link_local},
      {"fec0::", special_range::site_local},
      {"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::site_local},
      {"ff00::", special_range::multicast},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", special_range::multicast},
  });
}

TEST_CASE("special_range: every block is named and sourced and in order") {
  std::set<special_range> seen;
  for (const special_block& each : duet::special_blocks) {
    CAPTURE(each.block);
    CHECK_FALSE(duet::name_of(each.range).empty());
    CHECK(each.source.starts_with("RFC "));
    seen.insert(each.range);
  }
  CHECK(seen.size() == static_cast<std::size_t>(special_range::segment_routing) + 1);
  CHECK(
      std::is_sorted(duet::special_blocks.begin(), duet::special_blocks.end(),
                     [](const auto& left, const auto& right) { return left.block < right.block; }));
}

TEST_CASE("special_range: agrees with what address says of itself") {
  const auto agrees = [](const address& value) {
    const auto block = duet::special_block_of(value);
    const auto is = [&](special_range range) { return block && block->range == range; };
    return is(special_range::loopback) == value.is_loopback() &&
           is(special_range::multicast) == value.is_multicast() &&
           is(special_range::link_local) == value.is_link_local() &&
           is(special_range::unspecified) == value.is_unspecified();
  };
  std::mt19937 random(6890);
  for (std::uint32_t high = 0; high < (1U << 16); ++high) {
    const address value = address::v4(high << 16 | (static_cast<std::uint32_t>(random()) & 0xffff));
    if (!agrees(value)) FAIL(value);
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = static_cast<std::uint8_t>(high >> 8);
    bytes[1] = static_cast<std::uint8_t>(high);
    bytes[15] = static_cast<std::uint8_t>(random() % 3);
    if (!agrees(address::v6(bytes))) FAIL(address::v6(bytes));
  }
}

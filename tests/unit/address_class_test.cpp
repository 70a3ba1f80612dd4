// SPDX-License-Identifier: MIT
// Classes A to E: the tables against the rules they come from, and every boundary with the address
// before and behind it.
#include "duet/address_class.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using duet::address;
using duet::address_class;
using duet::class_traits;
using duet::network;

namespace {

static_assert(duet::class_of(address::loopback_v4()) == address_class::a);
static_assert(duet::class_of(address::loopback_v6()) == std::nullopt);
static_assert(duet::traits_of(address_class::b).default_mask() == address::parse("255.255.0.0"));
static_assert(!duet::traits_of(address_class::d).default_mask());
static_assert(duet::is_in_assignable_range(address::v4({1, 0, 0, 0})));
static_assert(duet::classful_network(address::v4({172, 16, 1, 2})) ==
              network::parse("172.16.0.0/16"));

address at(const char* text) { return address::parse(text).value(); }

// The class by the definition in RFC 791 3.2 and RFC 1112 4, bit by bit.
address_class by_definition(std::uint32_t value) {
  if ((value & 0x80000000U) == 0) return address_class::a;
  if ((value & 0x40000000U) == 0) return address_class::b;
  if ((value & 0x20000000U) == 0) return address_class::c;
  return (value & 0x10000000U) == 0 ? address_class::d : address_class::e;
}

}  // namespace

TEST_CASE("address_class: the first and the last address of each class and their neighbours") {
  struct boundary {
    const char* text;
    address_class wanted;
  };
  const std::vector<boundary> table = {
      {"0.0.0.0", address_class::a},         {"0.0.0.1", address_class::a},
      {"127.255.255.254", address_class::a}, {"127.255.255.255", address_class::a},
      {"128.0.0.0", address_class::b},       {"128.0.0.1", address_class::b},
      {"191.255.255.254", address_class::b}, {"191.255.255.255", address_class::b},
      {"192.0.0.0", address_class::c},       {"192.0.0.1", address_class::c},
      {"223.255.255.254", address_class::c}, {"223.255.255.255", address_class::c},
      {"224.0.0.0", address_class::d},       {"224.0.0.1", address_class::d},
      {"239.255.255.254", address_class::d}, {"239.255.255.255", address_class::d},
      {"240.0.0.0", address_class::e},       {"240.0.0.1", address_class::e},
      {"255.255.255.254", address_class::e}, {"255.255.255.255", address_class::e},
  };
  for (const boundary& row : table) {
    CAPTURE(row.text);
    CHECK(duet::class_of(at(row.text)) == row.wanted);
  }
  for (std::uint32_t high = 0; high < (1U << 16); ++high) {
    const std::uint32_t value = high << 16 | (high * 40503U & 0xffffU);
    if (duet::class_of(address::v4(value)) != by_definition(value)) FAIL(address::v4(value));
  }
}

TEST_CASE("address_class: the assignable ranges and their neighbours") {
  struct boundary {
    const char* text;
    bool inside;
  };
  const std::vector<boundary> table = {
      {"0.0.0.0", false},         {"0.255.255.255", false},   {"1.0.0.0", true},
      {"1.0.0.1", true},          {"126.255.255.254", true},  {"126.255.255.255", true},
      {"127.0.0.0", false},       {"127.255.255.255", false}, {"128.0.0.0", false},
      {"128.0.255.255", false},   {"128.1.0.0", true},        {"128.1.0.1", true},
      {"191.254.255.254", true},  {"191.254.255.255", true},  {"191.255.0.0", false},
      {"191.255.255.255", false}, {"192.0.0.0", false},       {"192.0.0.255", false},
      {"192.0.1.0", true},        {"192.0.1.1", true},        {"223.255.254.254", true},
      {"223.255.254.255", true},  {"223.255.255.0", false},   {"223.255.255.255", false},
      {"224.0.0.0", true},        {"239.255.255.255", true},  {"240.0.0.0", true},
      {"255.255.255.254", true},  {"255.255.255.255", false}, {"::1", false},
      {"::ffff:10.0.0.1", false},
  };
  for (const boundary& row : table) {
    CAPTURE(row.text);
    CHECK(duet::is_in_assignable_range(at(row.text)) == row.inside);
  }
}

TEST_CASE("address_class: the table follows from the leading bits") {
  std::uint64_t next = 0;
  for (const class_traits& each : duet::address_classes) {
    CAPTURE(each.letter);
    CHECK(&duet::traits_of(each.name) == &each);
    CHECK(each.letter == 'A' + static_cast<int>(each.name));
    // The classes follow each other without a gap, and each is one block of its leading bits.
    CHECK(each.first.to_v4_host_order() == next);
    const auto block = network::of(each.first, each.leading_bit_count).value();
    CHECK(block.first() == each.first);
    CHECK(block.last() == each.last);
    CHECK((each.first.to_v4_host_order() >> (32 - each.leading_bit_count)) == each.leading_bits);
    next = std::uint64_t{each.last.to_v4_host_order()} + 1;
    CHECK(each.first <= each.first_assignable);
    CHECK(each.last_assignable <= each.last);
    if (!each.default_prefix_length) continue;
    // Of the networks of A, B and C the lowest and the highest are reserved.
    CHECK(each.default_mask() == network::of(each.first, *each.default_prefix_length)->mask());
    const std::uint32_t step = std::uint32_t{1} << (32 - *each.default_prefix_length);
    CHECK(each.first_assignable == address::v4(each.first.to_v4_host_order() + step));
    CHECK(each.last_assignable == address::v4(each.last.to_v4_host_order() - step));
  }
  CHECK(next == std::uint64_t{1} << 32);
}

TEST_CASE("address_class: network part and host part make the address") {
  struct parts {
    const char* text;
    const char* network_part;
    const char* host_part;
  };
  const std::vector<parts> table = {
      {"10.1.2.3", "10.0.0.0/8", "0.1.2.3"},
      {"127.255.255.255", "127.0.0.0/8", "0.255.255.255"},
      {"128.0.0.0", "128.0.0.0/16", "0.0.0.0"},
      {"172.16.5.4", "172.16.0.0/16", "0.0.5.4"},
      {"191.255.255.255", "191.255.0.0/16", "0.0.255.255"},
      {"192.168.7.9", "192.168.7.0/24", "0.0.0.9"},
      {"223.255.255.255", "223.255.255.0/24", "0.0.0.255"},
  };
  for (const parts& row : table) {
    CAPTURE(row.text);
    const auto in = duet::classful_network(at(row.text));
    REQUIRE(in);
    CHECK(in->to_string() == row.network_part);
    CHECK(in->host_part(at(row.text)) == at(row.host_part));
  }
  for (const char* text : {"224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255", "::1"}) {
    CAPTURE(text);
    CHECK_FALSE(duet::classful_network(at(text)));
  }
}

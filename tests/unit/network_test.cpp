// SPDX-License-Identifier: MIT
// network: texts, edges, containment and parts, for every prefix length of both families.
#include "duet/network.hpp"

#include <doctest/doctest.h>

#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

using duet::address;
using duet::network;
using namespace std::string_literals;

namespace {

static_assert(std::is_trivially_copyable_v<network>);
static_assert(std::regular<network>);
static_assert(std::three_way_comparable<network, std::strong_ordering>);
static_assert(network::parse("10.0.0.0/8")->contains(address::v4({10, 255, 255, 255})));
static_assert(!network::parse("10.0.0.0/8")->contains(address::v4({11, 0, 0, 0})));
static_assert(network::parse("192.0.2.0/24")->mask() == address::v4({255, 255, 255, 0}));
static_assert(network() == network::parse("0.0.0.0/0"));

address at(const char* text) { return address::parse(text).value(); }
network net(const char* text) { return network::parse(text).value(); }

bool bit(const address& value, unsigned index) {
  return (value.bytes()[index / 8] >> (7 - index % 8) & 1) != 0;
}

// Containment by its definition, a bit at a time.
bool share_prefix(const address& left, const address& right, unsigned length) {
  for (unsigned i = 0; i < length; ++i) {
    if (bit(left, i) != bit(right, i)) return false;
  }
  return true;
}

// What follows or goes before, of the same family; wraps.
address step(const address& from, int by) {
  auto bytes = from.bytes();
  const unsigned size = from.is_v4() ? 4 : 16;
  for (unsigned i = size; i-- > 0;) {
    bytes[i] = static_cast<std::uint8_t>(bytes[i] + by);
    if (bytes[i] != (by > 0 ? 0x00 : 0xff)) break;
  }
  return from.is_v6() ? address::v6(bytes) : address::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

}  // namespace

TEST_CASE("network: texts are read and printed back") {
  for (const char* text :
       {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/24", "192.0.2.128/25", "255.255.255.255/32",
        "0.0.0.0/32", "::/0", "::/128", "2001:db8::/32", "fe80::/10", "::ffff:0.0.0.0/96",
        "ff02::1:ff00:0/104", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"}) {
    CAPTURE(text);
    const auto read = network::parse(text);
    REQUIRE(read);
    CHECK(read->to_string() == text);
    CHECK(read->to_string().size() <= network::max_text_bytes);
  }
  std::ostringstream out;
  out << net("2001:DB8:0::/32");
  CHECK(out.str() == "2001:db8::/32");
}

TEST_CASE("network: what is no network is refused") {
  for (const std::string& text : {""s,
                                  "/"s,
                                  "/8"s,
                                  "10.0.0.0"s,
                                  "10.0.0.0/"s,
                                  "10.0.0.0/33"s,
                                  "10.0.0.1/8"s,
                                  "10.1.0.0/15"s,
                                  "10.0.0.0/08"s,
                                  "10.0.0.0/+8"s,
                                  "10.0.0.0/ 8"s,
                                  "10.0.0.0/8 "s,
                                  "10.0.0.0/8\0"s,
                                  "10.0.0.0 /8"s,
                                  "10.0.0.0/-1"s,
                                  "10.0.0.0/0x8"s,
                                  "10.0.0.0/8/8"s,
                                  "10.0.0.0/255.0.0.0"s,
                                  "10/8"s,
                                  "10.0.0/24"s,
                                  "010.0.0.0/8"s,
                                  "0.0.0.0/256"s,
                                  "0.0.0.0/4294967296"s,
                                  "::/129"s,
                                  "::1/127"s,
                                  "2001:db8::1/32"s,
                                  "fe80::%eth0/10"s,
                                  "fe80::/10%eth0"s,
                                  "[::]/0"s,
                                  "::"s}) {
    CAPTURE(text);
    CHECK_FALSE(network::parse(text));
  }
}

TEST_CASE("network: of cuts the address to the prefix") {
  CHECK(network::of(at("192.0.2.130"), 25) == net("192.0.2.128/25"));
  CHECK(network::of(at("192.0.2.130"), 0) == net("0.0.0.0/0"));
  CHECK(network::of(at("192.0.2.130"), 32) == net("192.0.2.130/32"));
  CHECK(network::of(at("fe80::1%eth0"), 10) == net("fe80::/10"));
  CHECK(network::of(at("fe80::1%eth0"), 128)->first().scope().empty());
  CHECK_FALSE(network::of(at("192.0.2.130"), 33));
  CHECK_FALSE(network::of(at("::1"), 129));
  CHECK_FALSE(network::of(at("::1"), 256 + 64));
}

TEST_CASE("network: contains the first and the last address and not their neighbours") {
  for (const address& base : {at("172.25.170.85"), at("2001:db8:aaaa:5555:cccc:3333:f0f0:a5a5")}) {
    const unsigned bits = base.is_v4() ? 32 : 128;
    for (unsigned length = 0; length <= bits; ++length) {
      const network each = network::of(base, length).value();
      CAPTURE(each);
      CHECK(each.prefix_length() == length);
      CHECK(each.contains(base));
      CHECK(each.contains(each.first()));
      CHECK(each.contains(each.last()));
      CHECK(each.first() <= base);
      CHECK(base <= each.last());
      if (length == 0) continue;  // everything: its neighbours are its own ends
      CHECK_FALSE(each.contains(step(each.first(), -1)));
      CHECK_FALSE(each.contains(step(each.last(), +1)));
    }
  }
}

TEST_CASE("network: containment agrees with the definition bit by bit") {
  std::mt19937 random(4632);
  for (int i = 0; i < 10'000; ++i) {
    const bool v4 = i % 2 == 0;
    const unsigned length = static_cast<unsigned>(random()) % (v4 ? 33 : 129);
    std::array<std::uint8_t, 16> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    auto near = bytes;  // differs in one bit, so that about half are inside
    const unsigned flipped = static_cast<unsigned>(random()) % (v4 ? 32 : 128);
    near[flipped / 8] ^= static_cast<std::uint8_t>(0x80U >> flipped % 8);
    const auto make = [v4](const std::array<std::uint8_t, 16>& of) {
      return v4 ? address::v4({of[0], of[1], of[2], of[3]}) : address::v6(of);
    };
    const network each = network::of(make(bytes), length).value();
    if (each.contains(make(near)) != share_prefix(make(bytes), make(near), length)) {
      FAIL(each, " and ", make(near));
    }
    for (unsigned index = 0; index < (v4 ? 32U : 128U); ++index) {
      const bool in_prefix = index < length;
      const bool good =
          bit(each.mask(), index) == in_prefix &&
          bit(each.first(), index) == (in_prefix && bit(make(bytes), index)) &&
          bit(each.last(), index) == (!in_prefix || bit(make(bytes), index)) &&
          bit(each.host_part(make(bytes)), index) == (!in_prefix && bit(make(bytes), index));
      if (!good) FAIL(each, " at bit ", index);
    }
  }
}

TEST_CASE("network: contains narrower networks and itself") {
  CHECK(net("10.0.0.0/8").contains(net("10.0.0.0/8")));
  CHECK(net("10.0.0.0/8").contains(net("10.128.0.0/9")));
  CHECK_FALSE(net("10.128.0.0/9").contains(net("10.0.0.0/8")));
  CHECK_FALSE(net("10.0.0.0/9").contains(net("10.0.0.0/8")));
  CHECK_FALSE(net("10.0.0.0/8").contains(net("11.0.0.0/9")));
  CHECK(net("::/0").contains(net("2001:db8::/32")));
}

TEST_CASE("network: the families never meet and scopes do not matter") {
  CHECK_FALSE(net("0.0.0.0/0").contains(at("::")));
  CHECK_FALSE(net("::/0").contains(at("0.0.0.0")));
  CHECK_FALSE(net("10.0.0.0/8").contains(at("::ffff:10.0.0.1")));
  CHECK_FALSE(net("::/0").contains(net("0.0.0.0/0")));
  CHECK(net("fe80::/10").contains(at("fe80::1%eth0")));
  CHECK(net("fe80::/10").host_part(at("fe80::1%eth0")) == at("::1"));
}

TEST_CASE("network: prints into a buffer exactly when it fits") {
  for (const char* text :
       {"0.0.0.0/0", "255.255.255.255/32", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"}) {
    const std::string wanted = text;
    CAPTURE(wanted);
    for (std::size_t size = 0; size <= wanted.size() + 1; ++size) {
      std::string buffer(size + 1, '#');
      const auto printed = net(text).print(std::span(buffer.data(), size));
      CHECK(printed.has_value() == (size >= wanted.size()));
      if (printed) CHECK(*printed == wanted);
      CHECK(buffer.back() == '#');
    }
  }
}

TEST_CASE("network: ordered by first address then length") {
  CHECK(net("10.0.0.0/8") < net("10.0.0.0/9"));
  CHECK(net("10.0.0.0/9") < net("10.128.0.0/9"));
  CHECK(net("255.255.255.255/32") < net("::/0"));
}

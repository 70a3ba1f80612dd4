// SPDX-License-Identifier: MIT
// The other forms of an address: host and network order, hexadecimal, text in a caller's buffer,
// reverse names. Each alone, and all of them over 2^20 values.
#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "duet/address.hpp"
#include "duet/address_hex.hpp"
#include "duet/reverse_name.hpp"
#include "skip.hpp"

using duet::address;
using namespace std::string_literals;

namespace {

template <std::size_t Size>
struct fixed_buffer {
  std::array<char, Size> bytes{};
};

constexpr bool prints(const address& value, std::string_view wanted) {
  fixed_buffer<address::max_text_bytes> buffer;
  return value.print(buffer.bytes) == wanted;
}
static_assert(prints(address::loopback_v4(), "127.0.0.1"));
static_assert(prints(address::loopback_v6(), "::1"));
static_assert(prints(*address::parse("fe80::ffff:0:1%eth0"), "fe80::ffff:0:1%eth0"));

constexpr bool prints_hex(const address& value, std::string_view wanted) {
  fixed_buffer<duet::max_hex_bytes> buffer;
  return duet::print_hex(value, buffer.bytes) == wanted;
}
static_assert(prints_hex(address::loopback_v4(), "0x7f000001"));
static_assert(duet::parse_hex("0x7f000001") == address::loopback_v4());

constexpr bool prints_reverse(const address& value, std::string_view wanted) {
  fixed_buffer<duet::max_reverse_name_bytes> buffer;
  return duet::print_reverse_name(value, buffer.bytes) == wanted;
}
static_assert(prints_reverse(address::v4({192, 0, 2, 10}), "10.2.0.192.in-addr.arpa"));

static_assert(address::v4_network_order(address::loopback_v4().to_v4_network_order()) ==
              address::loopback_v4());

const address longest =
    address::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%123456789012345").value();

}  // namespace

TEST_CASE(
    "address: network order is what inet_addr returns and host order what ntohl makes of it") {
  for (const char* text : {"0.0.0.0", "127.0.0.1", "1.2.3.4", "254.220.186.152"}) {
    CAPTURE(text);
    const address value = address::parse(text).value();
    CHECK(value.to_v4_network_order() == ::inet_addr(text));
    CHECK(value.to_v4_host_order() == ntohl(::inet_addr(text)));
    CHECK(address::v4_network_order(::inet_addr(text)) == value);
  }
}

TEST_CASE("address: prints into a buffer exactly when it fits") {
  const std::vector<address> values = {address::any_v4(),
                                       address::v4(0xffffffff),
                                       address::any_v6(),
                                       address::loopback_v6(),
                                       address::parse("::ffff:255.255.255.255").value(),
                                       longest};
  for (const address& value : values) {
    const std::string wanted = value.to_string();
    CAPTURE(wanted);
    CHECK(wanted.size() <= address::max_text_bytes);
    for (std::size_t size = 0; size <= wanted.size() + 1; ++size) {
      std::string buffer(size + 1, '#');
      const auto text = value.print(std::span(buffer.data(), size));
      CHECK(text.has_value() == (size >= wanted.size()));
      if (text) {
        CHECK(*text == wanted);
        CHECK(text->data() == buffer.data());
      }
      CHECK(buffer.back() == '#');  // nothing behind the end is touched
    }
  }
  // No text is longer than INET6_ADDRSTRLEN says, so what is left of the maximum is the scope's.
  CHECK(address::max_text_bytes == INET6_ADDRSTRLEN - 1 + 1 + address::max_scope_bytes);
}

TEST_CASE("address: hexadecimal texts have exactly 8 or 32 digits") {
  CHECK(duet::to_hex(address::v4(0xdeadbeef)) == "0xdeadbeef");
  CHECK(duet::to_hex(address::any_v4()) == "0x00000000");
  CHECK(duet::to_hex(address::parse("2001:db8::a%eth0").value()) ==
        "0x20010db800000000000000000000000a");
  CHECK(duet::parse_hex("0XDEADbeef") == address::v4(0xdeadbeef));
  CHECK(duet::parse_hex("0x20010DB800000000000000000000000a") == address::parse("2001:db8::a"));
  for (const std::string& text :
       {""s, "0x"s, "0x1"s, "0x7f00001"s, "0x7f0000001"s, "7f000001"s, "x7f000001"s, "0x7f00000g"s,
        "0x7f00000 "s, "0x7f00000\0"s, " 0x7f000001"s, "0x-7f00001"s, "0x+7f00001"s, "0x0x7f0001"s,
        "0x2001:db8::"s, "0x0000000000000000000000000000000"s,
        "0x000000000000000000000000000000000"s}) {
    CAPTURE(text);
    CHECK_FALSE(duet::parse_hex(text));
  }
  for (std::size_t size = 0; size < 10; ++size) {
    std::array<char, 10> buffer{};
    CHECK_FALSE(duet::print_hex(address::loopback_v4(), std::span(buffer).first(size)));
  }
}

TEST_CASE("address: reverse names turn the digits round") {
  CHECK(duet::reverse_name(address::loopback_v4()) == "1.0.0.127.in-addr.arpa");
  CHECK(duet::reverse_name(address::v4(0xffffffff)) == "255.255.255.255.in-addr.arpa");
  // The example of RFC 3596 2.5.
  CHECK(duet::reverse_name(address::parse("4321:0:1:2:3:4:567:89ab").value()) ==
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
  CHECK(duet::reverse_name(longest).size() == duet::max_reverse_name_bytes);
  CHECK(duet::reverse_name(longest) == duet::reverse_name(address::v6(longest.bytes())));
  std::array<char, duet::max_reverse_name_bytes - 1> small{};
  CHECK_FALSE(duet::print_reverse_name(longest, small));
  CHECK_FALSE(duet::print_reverse_name(address::loopback_v4(), std::span(small).first(21)));
  CHECK(duet::print_reverse_name(address::loopback_v4(), std::span(small).first(22)));
}

// The stride spreads 2^20 values over all 2^32, and being odd it visits every low byte.
template <class Good>
void try_a_million(Good good) {
  for (std::uint32_t i = 0; i < (1U << 20); i += duet::test::one_round_in) {
    if (!good(i * 4095U)) FAIL("not read back: ", address::v4(i * 4095U));
  }
}

TEST_CASE("address: a million values survive both byte orders and legacy texts") {
  try_a_million([](std::uint32_t number) {
    const address value = address::v4(number);
    std::array<char, address::max_text_bytes> buffer{};
    return value.to_v4_host_order() == number && value.to_v4_network_order() == htonl(number) &&
           address::v4_network_order(htonl(number)) == value &&
           address::parse_legacy(*value.print(buffer)) == value;
  });
}

TEST_CASE("address: a million values survive hexadecimal and decimal texts") {
  try_a_million([](std::uint32_t number) {
    const address value = address::v4(number);
    std::array<char, duet::max_hex_bytes> buffer{};
    const std::string_view hex = *duet::print_hex(value, buffer);
    return duet::parse_hex(hex) == value && address::parse_legacy(hex) == value &&
           address::parse_legacy(std::to_string(number)) == value;
  });
}

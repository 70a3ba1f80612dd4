// SPDX-License-Identifier: MIT
// address: reading, printing, properties, order, rule by rule. Against libc it is compared in
// address_libc_test.cpp.
#include "duet/address.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

using duet::address;
using namespace std::string_literals;

namespace {

static_assert(std::is_trivially_copyable_v<address>);
static_assert(std::regular<address>);
static_assert(std::three_way_comparable<address, std::strong_ordering>);
static_assert(address() == address::any_v4());
static_assert(address::parse("127.0.0.1") == address::loopback_v4());
static_assert(address::parse("127.0.0.1")->to_v4_host_order() == 0x7f000001);
static_assert(address::v4({192, 0, 2, 1}) == address::v4(0xc0000201));
static_assert(address::parse("::1") == address::loopback_v6());
static_assert(address::parse("::") == address::any_v6());
static_assert(address::parse("fe80::1%eth0")->scope() == "eth0");
static_assert(address::parse("fe80::1%eth0") ==
              address::v6(address::parse("fe80::1")->bytes(), "eth0"));
static_assert(!address::parse("010.0.0.1"));
// A constant expression reads and writes nothing out of bounds: too long texts are refused in time.
static_assert(!address::parse("1:2:3:4:5:6:7:8:9"));
static_assert(!address::parse("1:2:3:4:5:6:7:1.2.3.4"));
static_assert(!address::parse("fe80::1%1234567890123456"));
static_assert(address::parse("::ffff:192.0.2.1")->bytes()[15] == 1);
static_assert(address::loopback_v4().is_loopback() && address::loopback_v6().is_loopback());
static_assert(address::any_v4().get_family() == address::family::v4);
static_assert(address::any_v6().get_family() == address::family::v6);

struct good_text {
  std::string text;
  std::string canonical;
};

}  // namespace

TEST_CASE("address: strict dotted quads are read and printed back") {
  for (const std::string& text :
       {"0.0.0.0"s, "127.0.0.1"s, "255.255.255.255"s, "1.2.3.4"s, "10.0.0.10"s, "192.168.100.200"s,
        "8.8.8.8"s, "99.100.199.249"s}) {
    CAPTURE(text);
    const auto read = address::parse(text);
    REQUIRE(read);
    CHECK(read->is_v4());
    CHECK_FALSE(read->is_v6());
    CHECK(read->scope().empty());
    CHECK(read->to_string() == text);
  }
}

TEST_CASE("address: what is no strict dotted quad is refused") {
  // The upper rows are what inet_aton or getaddrinfo take: access lists are bypassed with them.
  for (const std::string& text : {"127.1"s,
                                  "2130706433"s,
                                  "0x7f.1"s,
                                  "0177.0.0.1"s,
                                  "010.0.0.1"s,
                                  "0x7f.0.0.1"s,
                                  "1.2.3.4 junk"s,
                                  "127.0.0.1\0x"s,
                                  "127.0.0.1\0"s,
                                  "1.2.3"s,
                                  "00.0.0.0"s,
                                  "1.2.3.00"s,
                                  "1.2.3.04"s,
                                  "256.1.1.1"s,
                                  "1.1.1.256"s,
                                  "1..2"s,
                                  "1..2.3"s,
                                  "1.2.3."s,
                                  ".1.2.3"s,
                                  "1.2.3.4."s,
                                  "1.2.3.4.5"s,
                                  "08.0.0.1"s,
                                  ""s,
                                  "\0"s,
                                  " 1.2.3.4"s,
                                  "1.2.3.4 "s,
                                  "1.2.3.4\n"s,
                                  "+1.2.3.4"s,
                                  "-1.2.3.4"s,
                                  "1.2.3.a"s,
                                  "1.2.3.1000"s,
                                  "1.2.3.4294967297"s,
                                  "1,2,3,4"s,
                                  "[1.2.3.4]"s,
                                  "1.2.3.4:80"s,
                                  "1.2.3.4/8"s,
                                  "1.2.3.4%lo"s,
                                  "١.2.3.4"s,
                                  "."s,
                                  "..."s}) {
    CAPTURE(text);
    CHECK_FALSE(address::parse(text));
  }
}

TEST_CASE("address: IPv6 texts are read and printed as RFC 5952 says") {
  const std::vector<good_text> table = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two as long
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not shortened
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"1:0:0:4:5:6:0:0", "1::4:5:6:0:0"},
      {"ABCD:EF01:2345:6789:abcd:ef01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"::192.0.2.1", "::192.0.2.1"},
      {"::1:0", "::0.1.0.0"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"1::1.2.3.4", "1::102:304"},
  };
  for (const good_text& row : table) {
    CAPTURE(row.text);
    const auto read = address::parse(row.text);
    REQUIRE(read);
    CHECK(read->is_v6());
    CHECK(read->to_string() == row.canonical);
    CHECK(address::parse(row.canonical) == read);
  }
}

TEST_CASE("address: what is no IPv6 text is refused") {
  for (const std::string& text : {":"s,
                                  ":::"s,
                                  "1"s,
                                  "1:"s,
                                  ":1"s,
                                  "::1:"s,
                                  ":1::"s,
                                  "1::2::3"s,
                                  "::1::"s,
                                  "1:2:3:4:5:6:7"s,
                                  "1:2:3:4:5:6:7:"s,
                                  "1:2:3:4:5:6:7:8:9"s,
                                  "1:2:3:4:5:6:7:8::"s,
                                  "::1:2:3:4:5:6:7:8"s,
                                  "1:2:3:4::5:6:7:8"s,
                                  "12345::"s,
                                  "::00001"s,
                                  "g::"s,
                                  "::-1"s,
                                  "::+1"s,
                                  ":: 1"s,
                                  "::1 "s,
                                  " ::1"s,
                                  "::1\n"s,
                                  "::1\0"s,
                                  "::\0001"s,
                                  "[::1]"s,
                                  "::1/64"s,
                                  "::1.2.3"s,
                                  "::1.2.3.4.5"s,
                                  "::1.2.3.04"s,
                                  "::256.1.1.1"s,
                                  "::1.2.3.4:5"s,
                                  "1.2.3.4::"s,
                                  "1:2:3:4:5:6:7:1.2.3.4"s,
                                  "1:2:3:4:5:6:7:8:1.2.3.4"s,
                                  "::ffff:1.2.3.4."s,
                                  "0x1::"s,
                                  "::1x"s}) {
    CAPTURE(text);
    CHECK_FALSE(address::parse(text));
  }
}

TEST_CASE("address: a scope is text behind the first percent sign") {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"fe80::1%eth0", "eth0"},
      {"fe80::1%2", "2"},
      {"::%lo", "lo"},
      {"fe80::1%25", "25"},
      {"fe80::1%25eth0", "25eth0"},
      {"::ffff:1.2.3.4%br-1.5_x@y", "br-1.5_x@y"},
      {"::1%a", "a"},
      {"::1%123456789012345", "123456789012345"},
  };
  for (const auto& [text, scope] : good) {
    CAPTURE(text);
    const auto read = address::parse(text);
    REQUIRE(read);
    CHECK(read->scope() == scope);
    CHECK(read->to_string() == text);
    CHECK(*read == address::v6(read->bytes(), scope));
    CHECK(*read != address::v6(read->bytes()));
  }
  for (const std::string& text :
       {"fe80::1%"s, "fe80::1%1234567890123456"s, "fe80::1%a b"s, "fe80::1%a\0"s, "fe80::1%%"s,
        "fe80::1%a%b"s, "fe80::1%a/b"s, "fe80::1%a:b"s, "fe80::1%a]"s, "fe80::1%[a"s,
        "fe80::1%\x7f"s, "fe80::1%\xc3\xa9"s, "fe80::1%a\n"s, "%eth0"s, "127.0.0.1%lo"s,
        "fe80:%eth0:1"s}) {
    CAPTURE(text);
    CHECK_FALSE(address::parse(text));
  }
}

TEST_CASE("address: v6 refuses a scope that could not be read back") {
  CHECK(address::v6({}, "").scope().empty());
  for (const std::string& scope : {"1234567890123456"s, "a%b"s, "a b"s, "\0"s, "a\0b"s}) {
    CAPTURE(scope);
    CHECK_FALSE(address::is_scope(scope));
    try {
      (void)address::v6({}, scope);
      FAIL("no exception");
    } catch (const std::system_error& error) {
      CHECK(error.code() == std::errc::invalid_argument);
    }
  }
}

TEST_CASE("address: the edges of the special ranges") {
  struct flags {
    const char* text;
    bool unspecified, loopback, multicast, link_local;
  };
  const std::vector<flags> table = {
      {"0.0.0.0", true, false, false, false},
      {"0.0.0.1", false, false, false, false},
      {"126.255.255.255", false, false, false, false},
      {"127.0.0.0", false, true, false, false},
      {"127.255.255.255", false, true, false, false},
      {"128.0.0.0", false, false, false, false},
      {"169.253.255.255", false, false, false, false},
      {"169.254.0.0", false, false, false, true},
      {"169.254.255.255", false, false, false, true},
      {"169.255.0.0", false, false, false, false},
      {"223.255.255.255", false, false, false, false},
      {"224.0.0.0", false, false, true, false},
      {"239.255.255.255", false, false, true, false},
      {"240.0.0.0", false, false, false, false},
      {"255.255.255.255", false, false, false, false},
      {"::", true, false, false, false},
      {"::%eth0", true, false, false, false},
      {"::1", false, true, false, false},
      {"::1%lo", false, true, false, false},
      {"::2", false, false, false, false},
      {"::ffff:127.0.0.1", false, false, false, false},
      {"7f00::", false, false, false, false},
      {"fe7f:ffff::", false, false, false, false},
      {"fe80::", false, false, false, true},
      {"febf:ffff::1%eth0", false, false, false, true},
      {"fec0::", false, false, false, false},
      {"feff::", false, false, false, false},
      {"ff00::", false, false, true, false},
      {"ff02::1", false, false, true, false},
  };
  for (const flags& row : table) {
    CAPTURE(row.text);
    const address value = address::parse(row.text).value();
    CHECK(value.is_unspecified() == row.unspecified);
    CHECK(value.is_loopback() == row.loopback);
    CHECK(value.is_multicast() == row.multicast);
    CHECK(value.is_link_local() == row.link_local);
  }
}

TEST_CASE("address: ordered by family then bytes then scope") {
  const std::vector<std::string> ascending = {"0.0.0.0", "1.0.0.0", "1.0.0.1", "255.255.255.255",
                                              "::",      "::1",     "::1%a",   "::1%aa",
                                              "::1%b",   "::2",     "ffff::"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t k = 0; k < ascending.size(); ++k) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[k]);
      CHECK((address::parse(ascending[i]) <=> address::parse(ascending[k])) == (i <=> k));
    }
  }
}

TEST_CASE("address: to_string and the stream operator print the same") {
  std::ostringstream out;
  out << address::loopback_v4() << ' ' << address::parse("FE80::1%eth0").value();
  CHECK(out.str() == "127.0.0.1 fe80::1%eth0");
  CHECK(to_string(address::any_v6()) == "::");
}

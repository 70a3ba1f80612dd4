// SPDX-License-Identifier: MIT
// Literals of the command line: which reader takes them, what legacy forms mean, why the rest is refused.
#include "resolve/address_literal.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace duet::apps::resolve;
using namespace std::string_literals;

namespace {

struct remark {
  std::string text;
  std::string wanted;
};

}  // namespace

TEST_CASE("literal: strict texts are taken before legacy forms") {
  for (const char* text : {"127.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0"}) {
    CAPTURE(text);
    const literal what = read_literal(text);
    CHECK(what.text == text);
    CHECK(what.value == duet::address::parse(text));
    CHECK_FALSE(what.is_legacy);
  }
  const literal what = read_literal("010.0.0.1");
  CHECK(what.value == duet::address::v4({8, 0, 0, 1}));
  CHECK(what.is_legacy);
  CHECK_FALSE(read_literal("1.2.3.4 junk").value);
  CHECK_FALSE(read_literal("1.2.3.4 junk").is_legacy);
}

TEST_CASE("literal: legacy forms are explained number by number") {
  const std::vector<remark> table = {
      {"127.1", "1 fills the last 3 bytes"},
      {"127.0.1", "1 fills the last 2 bytes"},
      {"2130706433", "2130706433 is the whole address"},
      {"0x7f000001", "0x7f000001 is hexadecimal for 2130706433; 0x7f000001 is the whole address"},
      {"0177.0.0.1", "0177 is octal for 127"},
      {"010.0x0A.0.010", "010 is octal for 8; 0x0A is hexadecimal for 10; 010 is octal for 8"},
      {"0X7f.1", "0X7f is hexadecimal for 127; 1 fills the last 3 bytes"},
      {"1.2.3.00", "00 is octal for 0"},
  };
  for (const remark& each : table) {
    CAPTURE(each.text);
    REQUIRE(read_literal(each.text).is_legacy);
    CHECK(explain_legacy(each.text) == each.wanted);
  }
}

TEST_CASE("literal: what is refused is told why") {
  const std::vector<remark> table = {
      {"", "it is empty"},
      {"256.1.1.1", "256 is above 255"},
      {"1.2.3.256", "256 is above 255"},
      {"1.2.65536", "65536 is above 65535"},
      {"1.16777216", "16777216 is above 16777215"},
      {"4294967296", "4294967296 is above 4294967295"},
      {"0x100000000", "0x100000000 is above 4294967295"},
      {"99999999999999999999999999.1", "99999999999999999999999999 is above 255"},
      {"1..2", "a number is missing at a dot"},
      {"1.2.3.", "a number is missing at a dot"},
      {".1", "a number is missing at a dot"},
      {"1.2.3.4.5", "it has 5 numbers, an IPv4 address has 4"},
      {"08.0.0.1", "08 begins with 0, which makes it octal, and has a digit above 7"},
      {"0x.1", "0x has no digits"},
      {"1.2.3.a", "'a' is no number"},
      {" 1.2.3.4", "it has a blank"},
      {"1.2.3.4 junk", "it has a blank; inet_aton would read 1.2.3.4 and ignore the rest"},
      {"127.1\n", "it has a blank; inet_aton would read 127.0.0.1 and ignore the rest"},
      {"1.2.3.4:80", "a port is no part of an address; leave it out"},
      {"[::1]", "brackets belong to URIs; leave them out"},
      {"[1.2.3.4]", "brackets belong to URIs; leave them out"},
      {"10.0.0.0/8", "a prefix length makes it a network; leave it out"},
      {"2001:db8::/32", "a prefix length makes it a network; leave it out"},
      {"a/b", "it has a slash"},
      {"127.0.0.1%lo", "an IPv4 address has no scope"},
      {"fe80::1%", "its scope is not 1 to 15 printable characters without % / : [ ]"},
      {"fe80::1%1234567890123456",
       "its scope is not 1 to 15 printable characters without % / : [ ]"},
      {"1::2::3", "it has :: twice"},
      {":::", "it has three colons in a row"},
      {"12345::", "12345 has more than 4 digits"},
      {"g::", "'g' is no hexadecimal number"},
      {"1:2:3:4:5:6:7", "it has 7 of the 8 groups of an IPv6 address"},
      {"1:2:3:4:5:6:7:8:9", "it has 9 of the 8 groups of an IPv6 address"},
      {"1::2:3:4:5:6:7:8:9", "it has 9 of the 8 groups of an IPv6 address"},
      {"1:2:3:4:5:6:7:8::", "it has 8 groups, which leaves :: nothing to stand for"},
      {"1:2:3:4:5:6:7:8:", "it has a colon at its beginning or its end"},
      {"::1.2.3", "'1.2.3' at its end is no dotted IPv4 address"},
      {"::1.2.3.04", "'1.2.3.04' at its end is no dotted IPv4 address"},
      {"1.2.3.4::", "dotted numbers stand only at the end of an IPv6 address"},
      {"1:2:3:4:5:6:7:1.2.3.4", "it has 9 of the 8 groups of an IPv6 address"},
      {"localhost", "it is neither an IPv4 nor an IPv6 address"},
      {"dead.beef", "it is neither an IPv4 nor an IPv6 address"},
      {"-1", "it is neither an IPv4 nor an IPv6 address"},
      {"1,2", "it is neither an IPv4 nor an IPv6 address"},
  };
  for (const remark& each : table) {
    CAPTURE(each.text);
    REQUIRE_FALSE(read_literal(each.text).value);
    CHECK(explain_refusal(each.text) == each.wanted);
  }
}

TEST_CASE("literal: refusals quote nothing that does not print") {
  for (const std::string& text :
       {"1.\x1b[2J.3"s, "\x1b::"s, "::\x07.1"s, "fe80::1%\x1b"s, "1.2.3.\xc2\x9b"s, "\x7f/8"s}) {
    const std::string reason = explain_refusal(text);
    CAPTURE(reason);
    for (const char c : reason) CHECK((c >= ' ' && c <= '~'));
  }
}

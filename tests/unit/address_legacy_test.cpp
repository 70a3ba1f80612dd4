// SPDX-License-Identifier: MIT
// address::parse_legacy: the forms and their limits, and the same answers as inet_aton(3) on random
// and on mutated input, but for the text behind a blank.
#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <array>
#include <charconv>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "duet/address.hpp"
#include "skip.hpp"

using duet::address;
using namespace std::string_literals;

namespace {

static_assert(address::parse_legacy("127.1") == address::loopback_v4());
static_assert(address::parse_legacy("0177.0.0.01") == address::loopback_v4());
static_assert(address::parse_legacy("0x7F.1") == address::loopback_v4());
static_assert(address::parse_legacy("2130706433") == address::loopback_v4());
static_assert(address::parse_legacy("0XFFFFFFFF") == address::v4(0xffffffff));
static_assert(!address::parse_legacy("4294967296"));
static_assert(!address::parse_legacy("::1"));

struct form {
  std::string text;
  std::string dotted;
};

std::optional<address> by_inet_aton(const std::string& text) {
  in_addr value{};
  if (::inet_aton(text.c_str(), &value) == 0) return std::nullopt;
  return address::v4_network_order(value.s_addr);
}

// Up to five numbers in any base, near the limits of their places, and sometimes a slip.
class form_source {
 public:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  std::string next() {
    std::string text = number();
    for (std::size_t more = below(5); more > 0; --more) text += "." + number();
    if (below(3) == 0) {
      static const std::string slips = "0123456789abcdefxX.. \t\n\v\f\r-+%:\x7f\x80"s;
      const std::size_t at = below(text.size() + 1);
      text.insert(at, 1, slips[below(slips.size())]);
    }
    return text;
  }

 private:
  std::string number() {
    static const std::array<std::uint64_t, 10> limits = {
        0, 1, 8, 255, 256, 65535, 65536, 0xffffff, 0x1000000, 0xffffffff};
    const std::uint64_t value =
        below(2) == 0 ? limits[below(limits.size())] + below(2) : below(512);
    static const std::array<int, 3> bases = {8, 10, 16};
    const int base = bases[below(bases.size())];
    std::string text = base == 10 ? "" : base == 8 ? "0" : below(2) == 0 ? "0x" : "0X";
    if (base != 10) text.append(below(3), '0');
    std::array<char, 32> digits{};
    text.append(digits.data(),
                std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr);
    return text;
  }

  std::mt19937 random_{19810901};
};

}  // namespace

TEST_CASE("address: legacy forms mean what inet_aton makes of them") {
  const std::vector<form> table = {
      {"127.0.0.1", "127.0.0.1"},
      {"127.1", "127.0.0.1"},
      {"127.0.1", "127.0.0.1"},
      {"2130706433", "127.0.0.1"},
      {"0x7f000001", "127.0.0.1"},
      {"017700000001", "127.0.0.1"},
      {"0x7f.1", "127.0.0.1"},
      {"0177.0.0.1", "127.0.0.1"},
      {"010.0.0.1", "8.0.0.1"},
      {"10.0.0.010", "10.0.0.8"},
      {"0", "0.0.0.0"},
      {"00000000000000000000000000000000000001", "0.0.0.1"},
      {"0x00000000000000000000000000000000000001", "0.0.0.1"},
      {"1.2.65535", "1.2.255.255"},
      {"1.16777215", "1.255.255.255"},
      {"4294967295", "255.255.255.255"},
      {"0xffffffff", "255.255.255.255"},
      {"255.255.255.255", "255.255.255.255"},
      {"0xFF.0Xff.0377.255", "255.255.255.255"},
      {"255.0xffffff", "255.255.255.255"},
  };
  for (const form& each : table) {
    CAPTURE(each.text);
    const auto read = address::parse_legacy(each.text);
    REQUIRE(read);
    CHECK(read->to_string() == each.dotted);
    CHECK(read == by_inet_aton(each.text));
  }
}

TEST_CASE("address: what is no legacy form is refused") {
  for (const std::string& text : {""s,
                                  "."s,
                                  ".."s,
                                  "1."s,
                                  ".1"s,
                                  "1..2"s,
                                  "1.2.3."s,
                                  "1.2.3.4."s,
                                  "1.2.3.4.5"s,
                                  "256.1"s,
                                  "256.1.1.1"s,
                                  "1.256.1.1"s,
                                  "1.2.65536"s,
                                  "1.16777216"s,
                                  "4294967296"s,
                                  "0x100000000"s,
                                  "040000000000"s,
                                  "18446744073709551617"s,
                                  "1.2.3.256"s,
                                  "08"s,
                                  "08.0.0.1"s,
                                  "09.1"s,
                                  "0x"s,
                                  "0x.1"s,
                                  "1.0x"s,
                                  "0xg"s,
                                  "0x0x1"s,
                                  "0b1"s,
                                  "-1"s,
                                  "+1"s,
                                  "1.-1"s,
                                  " 1"s,
                                  "1. 2"s,
                                  "a"s,
                                  "f.1"s,
                                  "::1"s,
                                  "1.2.3.4%lo"s,
                                  "[1.2.3.4]"s,
                                  "1,2"s,
                                  "1'000"s,
                                  "\xd9\xa1.1"s}) {
    CAPTURE(text);
    CHECK_FALSE(address::parse_legacy(text));
    CHECK_FALSE(by_inet_aton(text));
  }
}

TEST_CASE("address: legacy forms are read whole though inet_aton stops at a blank") {
  for (const std::string& text : {"1.2.3.4 junk"s, "1 .2"s, "1.2.3.4 "s, "127.1\t"s,
                                  "127.1\nallow"s, "1\v"s, "1\f"s, "1\r\n"s}) {
    CAPTURE(text);
    CHECK_FALSE(address::parse_legacy(text));
    CHECK(by_inet_aton(text));
  }
  // A C string ends at its NUL: libc never sees the rest.
  for (const std::string& text : {"127.0.0.1\0x"s, "127.0.0.1\0"s, "127.\0001"s, "\0"s}) {
    CAPTURE(text);
    CHECK_FALSE(address::parse_legacy(text));
  }
}

TEST_CASE("address: legacy forms are read exactly as inet_aton reads them") {
  form_source texts;
  int accepted = 0;
  constexpr int rounds = 400'000 / duet::test::one_round_in;
  for (int i = 0; i < rounds; ++i) {
    const std::string text = texts.next();
    const auto read = address::parse_legacy(text);
    const bool has_blank = text.find_first_of(" \t\n\v\f\r") != std::string::npos;
    if (read != (has_blank ? std::nullopt : by_inet_aton(text))) {
      FAIL("libc reads it differently: '", text, "'");
    }
    accepted += read ? 1 : 0;
  }
  CHECK(accepted > rounds / 8);  // the forms are worth something: not all are slips
}

TEST_CASE("address: every strict text is a legacy form of the same address but for IPv6") {
  for (const char* text : {"0.0.0.0", "1.2.3.4", "192.168.100.200", "255.255.255.255"}) {
    CAPTURE(text);
    CHECK(address::parse_legacy(text) == address::parse(text));
  }
  CHECK_FALSE(address::parse_legacy("::"));
}

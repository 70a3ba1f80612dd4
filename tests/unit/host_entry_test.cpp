// SPDX-License-Identifier: MIT
// host_entry: type and length from the addresses, and the printed hostent view.
#include "duet/host_entry.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <concepts>
#include <sstream>
#include <string>

using duet::address;
using duet::host_entry;
using namespace std::string_literals;

namespace {

static_assert(std::regular<host_entry>);
// The words know the constants without the system's header; here both are at hand.
static_assert(duet::constant_value(address::family::v4) == AF_INET);
static_assert(duet::constant_value(address::family::v6) == AF_INET6);

address at(const char* text) { return address::parse(text).value(); }

}  // namespace

TEST_CASE("host_entry: type and length are those of all addresses") {
  const host_entry nothing;
  CHECK_FALSE(nothing.address_type());
  CHECK_FALSE(nothing.length());

  const host_entry v4{"a", {}, {at("192.0.2.1"), at("192.0.2.2")}};
  CHECK(v4.address_type() == address::family::v4);
  CHECK(v4.length() == 4);

  const host_entry v6{"a", {}, {at("2001:db8::1")}};
  CHECK(v6.address_type() == address::family::v6);
  CHECK(v6.length() == 16);

  const host_entry mixed{"a", {}, {at("192.0.2.1"), at("192.0.2.2"), at("2001:db8::1")}};
  CHECK_FALSE(mixed.address_type());
  CHECK_FALSE(mixed.length());
}

TEST_CASE("host_entry: the view has a line for each thing known") {
  const host_entry entry{
      "www.example.org", {"example.org", "w3.example.org"}, {at("192.0.2.10"), at("192.0.2.9")}};
  const std::string wanted =
      "official name www.example.org\n"
      "alias example.org\n"
      "alias w3.example.org\n"
      "address type AF_INET (2)\n"
      "length 4\n"
      "address 192.0.2.10 (0xc000020a)\n"
      "address 192.0.2.9 (0xc0000209)\n";
  CHECK(to_string(entry) == wanted);
  std::ostringstream out;
  out << entry;
  CHECK(out.str() == wanted);
}

TEST_CASE("host_entry: the view of IPv6 and of mixed and of no addresses") {
  CHECK(to_string(host_entry{"localhost", {}, {address::loopback_v6()}}) ==
        "official name localhost\n"
        "address type AF_INET6 (10)\n"
        "length 16\n"
        "address ::1 (0x00000000000000000000000000000001)\n");
  CHECK(to_string(host_entry{"h", {}, {address::loopback_v6(), address::loopback_v4()}}) ==
        "official name h\n"
        "address type mixed\n"
        "address ::1 (0x00000000000000000000000000000001)\n"
        "address 127.0.0.1 (0x7f000001)\n");
  CHECK(to_string(host_entry{"h", {}, {}}) == "official name h\n");
}

TEST_CASE("host_entry: names from outside are escaped in the view") {
  const host_entry entry{"a\x1b[31m\n"s, {"b\\c\0d"s}, {}};
  CHECK(to_string(entry) ==
        "official name a\\x1b[31m\\x0a\n"
        "alias b\\\\c\\x00d\n");
}

TEST_CASE("host_entry: an address with its number") {
  CHECK(duet::to_string_with_hex(address::loopback_v4()) == "127.0.0.1 (0x7f000001)");
  CHECK(duet::to_string_with_hex(at("fe80::1%eth0")) ==
        "fe80::1%eth0 (0xfe800000000000000000000000000001)");
}

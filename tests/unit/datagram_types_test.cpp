// SPDX-License-Identifier: MIT
// datagram_types: truncation, who is not to be answered, the way back, and the counting of failures.
#include "duet/datagram_types.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace duet;

TEST_CASE("datagram_info: truncated is what is shorter than it was sent") {
  datagram_info info;
  CHECK_FALSE(info.truncated());
  info.bytes = info.whole_bytes = 10;
  CHECK_FALSE(info.truncated());
  info.whole_bytes = 11;
  CHECK(info.truncated());
}

TEST_CASE("datagram_info: groups and broadcasts are to many") {
  datagram_info info;
  CHECK_FALSE(info.to_many());  // nothing is known
  info.destination = address::loopback_v4();
  info.local_address = address::loopback_v4();
  CHECK_FALSE(info.to_many());
  info.destination = *address::parse("127.255.255.255");  // answered from another address
  CHECK(info.to_many());
  info.destination = info.local_address = *address::parse("239.1.2.3");
  CHECK(info.to_many());
  info.destination = *address::parse("ff02::1");
  info.local_address.reset();
  CHECK(info.to_many());
  info.destination = info.local_address = address::loopback_v6();
  CHECK_FALSE(info.to_many());
}

TEST_CASE("datagram_route: the way back is to the peer from the address that was asked") {
  datagram_info info;
  info.peer = endpoint::parse("udp://192.0.2.1:7");
  info.local_address = *address::parse("127.0.0.2");
  info.interface_index = 3;
  info.segment_bytes = 1200;
  const datagram_route back = reply_to(info);
  CHECK(back.to == info.peer);
  CHECK(back.from == info.local_address);
  CHECK(back.interface_index == 0);  // the route back need not leave by the interface it came in by
  CHECK(back.segment_bytes == 1200);
}

TEST_CASE("datagram_failures: each kind has a name and a count of its own") {
  datagram_failures failures;
  std::set<std::string> names;
  for (std::size_t each = 0; each < datagram_failure_kinds; ++each) {
    const auto kind = static_cast<datagram_failure>(each);
    names.emplace(to_string(kind));
    for (std::size_t times = 0; times <= each; ++times) failures.count(kind);
  }
  CHECK(names.size() == datagram_failure_kinds);
  for (std::size_t each = 0; each < datagram_failure_kinds; ++each)
    CHECK(failures[static_cast<datagram_failure>(each)] == each + 1);
  CHECK(failures.total() == 28);
  CHECK(to_string(datagram_failure::other) == "other");
}

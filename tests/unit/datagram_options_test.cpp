// SPDX-License-Identifier: MIT
// datagram_options: the text that shows what is set, and equality.
#include "duet/datagram_options.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

using duet::datagram_options;

namespace {

struct row {
  const char* text;
  std::function<void(datagram_options&)> set;
};

// In the order of declaration, which is the order of printing.
const std::vector<row> table = {
    {"receive_buffer_bytes=4096",
     [](datagram_options& o) { o.socket.receive_buffer_bytes = 4096; }},
    {"metadata=local_address,drop_count",
     [](datagram_options& o) { o.metadata.local_address = o.metadata.drop_count = true; }},
    {"hops=4", [](datagram_options& o) { o.hops = 4; }},
    {"traffic_class=16", [](datagram_options& o) { o.traffic_class = 16; }},
    {"multicast_hops=0", [](datagram_options& o) { o.multicast_hops = 0; }},
    {"multicast_loop=0", [](datagram_options& o) { o.multicast_loop = false; }},
    {"multicast_interface=lo", [](datagram_options& o) { o.multicast_interface = "lo"; }},
    {"multicast_all=1", [](datagram_options& o) { o.multicast_all = true; }},
    {"broadcast=1", [](datagram_options& o) { o.broadcast = true; }},
    {"device=eth\\x0a", [](datagram_options& o) { o.device = "eth\n"; }},
    {"segment_bytes=1200", [](datagram_options& o) { o.segment_bytes = 1200; }},
    {"coalesce=1", [](datagram_options& o) { o.coalesce = true; }},
    {"batch_size=1", [](datagram_options& o) { o.batch_size = 1; }},
    {"max_datagram_bytes=2048", [](datagram_options& o) { o.max_datagram_bytes = 2048; }},
};

}  // namespace

TEST_CASE("datagram_options: nothing set prints nothing") {
  CHECK(to_string(datagram_options{}) == "");
}

TEST_CASE("datagram_options: each option prints alone and makes a difference") {
  for (const row& row : table) {
    CAPTURE(row.text);
    datagram_options options;
    row.set(options);
    CHECK(to_string(options) == row.text);
    CHECK(options != datagram_options{});
    CHECK(options == datagram_options(options));
  }
}

TEST_CASE("datagram_options: all options print in the order of declaration") {
  datagram_options options;
  std::string expected;
  for (const row& row : table) {
    row.set(options);
    expected += (expected.empty() ? "" : " ") + std::string(row.text);
  }
  CHECK(to_string(options) == expected);
}

TEST_CASE("datagram_options: every fact that can be asked for is printed") {
  datagram_options options;
  options.metadata = {true, true, true, true, true};
  CHECK(to_string(options) == "metadata=local_address,receive_time,drop_count,hops,traffic_class");
}

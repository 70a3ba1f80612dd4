// SPDX-License-Identifier: MIT
// socket_options: the text that shows what is set, and equality.
#include "duet/socket_options.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <utility>
#include <vector>

using duet::keepalive_options;
using duet::socket_options;
using namespace std::chrono_literals;

namespace {

struct row {
  const char* text;
  std::function<void(socket_options&)> set;
};

// In the order of declaration, which is the order of printing.
const std::vector<row> table = {
    {"nodelay=1", [](socket_options& o) { o.nodelay = true; }},
    {"keepalive=60/10/5", [](socket_options& o) { o.keepalive.emplace(); }},
    {"user_timeout=5000ms", [](socket_options& o) { o.user_timeout = 5s; }},
    {"reuse_address=0", [](socket_options& o) { o.reuse_address = false; }},
    {"reuse_port=1", [](socket_options& o) { o.reuse_port = true; }},
    {"send_buffer_bytes=4096", [](socket_options& o) { o.send_buffer_bytes = 4096; }},
    {"receive_buffer_bytes=65536", [](socket_options& o) { o.receive_buffer_bytes = 65536; }},
    {"backlog=1", [](socket_options& o) { o.backlog = 1; }},
    {"linger=0s", [](socket_options& o) { o.linger = 0s; }},
    {"congestion_control=cubic", [](socket_options& o) { o.congestion_control = "cubic"; }},
    {"not_sent_low_water_bytes=16384",
     [](socket_options& o) { o.not_sent_low_water_bytes = 16384; }},
    {"v6_only=0", [](socket_options& o) { o.v6_only = false; }},
};

}  // namespace

TEST_CASE("socket_options: nothing set prints nothing") {
  CHECK(to_string(socket_options{}) == "");
}

TEST_CASE("socket_options: each option prints alone and makes a difference") {
  for (const row& row : table) {
    CAPTURE(row.text);
    socket_options options;
    row.set(options);
    CHECK(to_string(options) == row.text);
    CHECK(options != socket_options{});
    CHECK(options == socket_options(options));
  }
}

TEST_CASE("socket_options: all options print in the order of declaration") {
  socket_options options;
  std::string expected;
  for (const row& row : table) {
    row.set(options);
    expected += (expected.empty() ? "" : " ") + std::string(row.text);
  }
  CHECK(to_string(options) == expected);
}

TEST_CASE("socket_options: keepalive shows idle and interval and count") {
  socket_options options;
  options.keepalive = keepalive_options{.idle = 2min, .interval = 3s, .count = 7};
  CHECK(to_string(options) == "keepalive=120/3/7");
}

TEST_CASE("socket_options: an algorithm's name cannot smuggle control characters") {
  socket_options options;
  options.congestion_control = "a\nb";
  CHECK(to_string(options) == "congestion_control=a\\x0ab");
}

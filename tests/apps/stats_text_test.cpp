// SPDX-License-Identifier: MIT
// The live line of serve --stats, with a clock of the test's.
#include <doctest/doctest.h>

#include "echo/serve_stats.hpp"

using namespace duet::apps::echo;
using namespace std::chrono_literals;

namespace {

const serve_stats::clock::time_point start = serve_stats::clock::time_point() + 1h;

duet::echo_counters streams_of(std::uint64_t active, std::uint64_t bytes) {
  duet::echo_counters streams;
  streams.active = active;
  streams.bytes_echoed = bytes;
  return streams;
}

}  // namespace

TEST_CASE("stats: rates are those since the line before") {
  serve_stats stats(start);
  duet::datagram_echo_counters datagrams;
  CHECK(stats.line({}, {}, start + 1s) == "0 connections, 0 B/s, 0 datagrams/s, 0 dropped");
  datagrams.echoed = 400;
  datagrams.bytes_echoed = 1024;
  CHECK(stats.line(streams_of(1, 1024), datagrams, start + 2s) ==
        "1 connection, 2.00 KiB/s, 400 datagrams/s, 0 dropped");
  CHECK(stats.line(streams_of(2, 1024), datagrams, start + 3s) ==
        "2 connections, 0 B/s, 0 datagrams/s, 0 dropped");
  datagrams.echoed += 1000;
  CHECK(stats.line(streams_of(2, 1024 + (30 << 20)), datagrams, start + 5s) ==
        "2 connections, 15.0 MiB/s, 500 datagrams/s, 0 dropped");
}

TEST_CASE("stats: everything that had no answer is dropped") {
  serve_stats stats(start);
  duet::datagram_echo_counters datagrams;
  datagrams.truncated = 1;
  datagrams.to_many = 10;
  datagrams.nameless = 100;
  datagrams.looping = 1000;
  datagrams.limited = 10'000;
  datagrams.not_sent = 100'000;
  datagrams.lost = 1'000'000;
  CHECK(stats.line({}, datagrams, start + 1s) ==
        "0 connections, 0 B/s, 0 datagrams/s, 1111111 dropped");
}

TEST_CASE("stats: two lines at the same time are no division by nothing") {
  serve_stats stats(start);
  CHECK(stats.line(streams_of(0, 5), {}, start) ==
        "0 connections, 0 B/s, 0 datagrams/s, 0 dropped");
}

TEST_CASE("stats: a size has the unit that suits it") {
  for (const auto& [bytes, text] : {std::pair(std::uint64_t{1023}, "1023 B/s"),
                                    {std::uint64_t{1536}, "1.50 KiB/s"},
                                    {std::uint64_t{100} << 20, "100 MiB/s"},
                                    {std::uint64_t{20} << 30, "20.0 GiB/s"}}) {
    serve_stats stats(start);
    CHECK(stats.line(streams_of(0, bytes), {}, start + 1s) ==
          std::string("0 connections, ") + text + ", 0 datagrams/s, 0 dropped");
  }
}

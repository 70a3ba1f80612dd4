// SPDX-License-Identifier: MIT
// The parts of ping that measure, verify and pace: no socket, no clock.
#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "echo/payload.hpp"
#include "echo/ping_pace.hpp"
#include "support/latency_histogram.hpp"
#include "support/latency_summary.hpp"

using namespace std::chrono_literals;
using namespace duet::apps;
using namespace duet::apps::echo;

namespace {

/// 1 to `count` microseconds, once each.
latency_histogram staircase(int count) {
  latency_histogram histogram;
  for (int each = count; each > 0; --each) histogram.add(std::chrono::microseconds(each));
  return histogram;
}

bool within(std::chrono::nanoseconds value, std::chrono::nanoseconds expected) {
  const auto off = value > expected ? value - expected : expected - value;
  return off * 1000 <= expected;
}

}  // namespace

TEST_CASE("histogram: least and greatest and mean are exact") {
  const latency_histogram histogram = staircase(1000);
  CHECK(histogram.count() == 1000);
  CHECK(histogram.min() == 1us);
  CHECK(histogram.max() == 1000us);
  CHECK(histogram.mean() == 500500ns);
}

TEST_CASE("histogram: percentiles are right to one part in a thousand") {
  const latency_histogram histogram = staircase(20000);
  REQUIRE(histogram.percentile(500));
  CHECK(within(*histogram.percentile(500), 10000us));
  CHECK(within(*histogram.percentile(900), 18000us));
  CHECK(within(*histogram.percentile(990), 19800us));
  CHECK(within(*histogram.percentile(999), 19980us));
}

TEST_CASE("histogram: small values are exact and large ones near") {
  for (const std::int64_t value :
       {0LL, 1LL, 1023LL, 1024LL, 2047LL, 2048LL, 2049LL, 999999999LL, 3600000000000LL}) {
    CAPTURE(value);
    latency_histogram histogram;
    for (int each = 0; each < 20; ++each) histogram.add(std::chrono::nanoseconds(value));
    // Another value above, so that the answer is the bucket's and not the greatest one's.
    for (int each = 0; each < 20; ++each) histogram.add(std::chrono::nanoseconds(4 * value + 4));
    CHECK(within(*histogram.percentile(500), std::chrono::nanoseconds(value)));
  }
}

TEST_CASE("histogram: a percentile wants 10 samples beyond it") {
  CHECK_FALSE(staircase(19).percentile(500));
  CHECK(staircase(20).percentile(500));
  CHECK_FALSE(staircase(99).percentile(900));
  CHECK(staircase(100).percentile(900));
  CHECK_FALSE(staircase(999).percentile(990));
  CHECK(staircase(1000).percentile(990));
  CHECK_FALSE(staircase(9999).percentile(999));
  CHECK(staircase(10000).percentile(999));
  CHECK_FALSE(latency_histogram().percentile(500));
}

TEST_CASE("histogram: its summary as text shows a dash for what is not known") {
  CHECK(latency_text(summary_of(staircase(20))) ==
        "min/mean/p50/p90/p99/p99.9/max = 1.0/10.5/10.0/-/-/-/20.0 us");
  const auto none = latency_fields(latency_summary{});
  REQUIRE(none.size() == 7);
  for (const json_field& each : none) CHECK(each.value == json_value(nullptr));
  const auto some = latency_fields(summary_of(staircase(20)));
  CHECK(some.front().key == "min_ns");
  CHECK(some.front().value == json_value(std::int64_t{1000}));
  CHECK(some.at(3).key == "p90_ns");
  CHECK(some.at(3).value == json_value(nullptr));
}

TEST_CASE("payload: any piece of a message verifies on its own") {
  std::vector<std::byte> whole(1000);
  fill_payload(7, 0, whole);
  for (std::size_t begin = 0; begin < whole.size(); begin += 37) {
    const auto piece =
        std::span(whole).subspan(begin, std::min<std::size_t>(41, whole.size() - begin));
    CHECK_FALSE(verify_payload(7, begin, piece));
    std::vector<std::byte> again(piece.size());
    fill_payload(7, begin, again);
    CHECK(std::equal(again.begin(), again.end(), piece.begin()));
  }
}

TEST_CASE("payload: one changed bit is found where it is") {
  std::vector<std::byte> whole(5000);
  fill_payload(1, 5001, whole);
  for (const std::size_t at : {0U, 61U, 1023U, 1024U, 1025U, 2047U, 4999U}) {
    CAPTURE(at);
    const std::byte right = whole[at];
    whole[at] ^= std::byte{0x10};
    const auto found = verify_payload(1, 5001, whole);
    REQUIRE(found);
    CHECK(found->at == 5001 + at);
    CHECK(found->expected == right);
    CHECK(found->found == whole[at]);
    whole[at] = right;
  }
  CHECK_FALSE(verify_payload(1, 5001, whole));
}

TEST_CASE("payload: another message and another place look different") {
  std::vector<std::byte> first(64);
  fill_payload(1, 0, first);
  CHECK(verify_payload(2, 0, first));
  CHECK(verify_payload(1, 8, first));
  CHECK(verify_payload(1, 64, first));
}

TEST_CASE("pace: messages begin an interval apart whatever the replies take") {
  ping_pace pace(100ms);
  const ping_pace::clock::time_point start{1h};
  CHECK(pace.wait(start) == 0ms);
  pace.began(start);
  pace.ended(start + 30ms, true);
  CHECK(pace.wait(start + 30ms) == 70ms);
  pace.began(start + 100ms);
  pace.ended(start + 350ms, true);
  CHECK(pace.wait(start + 350ms) == 0ms);
}

TEST_CASE("pace: a server that is gone is asked less and less often") {
  ping_pace pace(0ms);
  ping_pace::clock::time_point now{1h};
  for (const auto pause : {50ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    pace.began(now);
    pace.ended(now, false);
    CHECK(pace.wait(now) == pause);
    now += pause;
  }
  pace.began(now);
  pace.ended(now, true);
  CHECK(pace.wait(now) == 0ms);
  pace.began(now);
  pace.ended(now, false);
  CHECK(pace.wait(now) == 50ms);
}

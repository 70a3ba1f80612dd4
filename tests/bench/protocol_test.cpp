// SPDX-License-Identifier: MIT
// The lines between orchestrator and loader.
#include "loader/protocol.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace duet::bench;

TEST_CASE("protocol: a report survives its line") {
  slot_report report;
  report.messages = 123;
  report.elapsed_ns = 40'000'001;
  report.server_cpu_ns = 17;
  report.loader_cpu_ns = 18;
  report.loader_run_delay_ns = 0;
  report.round_trips_ns = {{5, 1}, {900, 22}};
  const auto back = parse_report(to_line(report));
  CHECK(back.messages == 123);
  CHECK(back.elapsed_ns == 40'000'001);
  CHECK(back.server_cpu_ns == 17);
  CHECK(back.loader_cpu_ns == 18);
  CHECK_FALSE(back.server_run_delay_ns);
  CHECK(back.loader_run_delay_ns == 0);
  CHECK(back.round_trips_ns == report.round_trips_ns);
  CHECK_FALSE(back.open);
}

TEST_CASE("protocol: the figures of an open loop survive their line") {
  slot_report report;
  report.open = open_loop_figures{.rate_per_s = 1,
                                  .sending_ns = 2,
                                  .lag_p99_ns = 3,
                                  .from_send_p50_ns = 4,
                                  .from_send_p99_ns = 5};
  const auto back = parse_report(to_line(report)).open;
  REQUIRE(back);
  CHECK(back->rate_per_s == 1);
  CHECK(back->sending_ns == 2);
  CHECK(back->lag_p99_ns == 3);
  CHECK(back->from_send_p50_ns == 4);
  CHECK(back->from_send_p99_ns == 5);
}

TEST_CASE("protocol: an error line is thrown in the loader's words") {
  CHECK_THROWS_WITH_AS(parse_report(error_line("the server closed")), "the server closed",
                       std::runtime_error);
  CHECK_THROWS_AS(parse_report("{}"), std::runtime_error);
  CHECK_THROWS_AS(parse_report("hello"), std::runtime_error);
  CHECK_THROWS_AS(parse_report("[1]"), std::runtime_error);
  CHECK_THROWS_AS(parse_ready("{}"), std::runtime_error);
}

TEST_CASE("protocol: commands survive their lines and nothing else is one") {
  const auto slot =
      parse_command(to_line(command{.target = 2, .warm_up_ms = 20, .measure_ms = 130}));
  REQUIRE(slot);
  CHECK(slot->target == 2);
  CHECK(slot->warm_up_ms == 20);
  CHECK(slot->measure_ms == 130);
  CHECK(slot->messages == 0);
  const auto count = parse_command(to_line(command{.target = 1, .messages = 5000}));
  REQUIRE(count);
  CHECK(count->messages == 5000);
  const auto open = parse_command(
      to_line(command{.target = 3, .warm_up_ms = 20, .measure_ms = 130, .rate_per_s = 9000}));
  REQUIRE(open);
  CHECK(open->target == 3);
  CHECK(open->measure_ms == 130);
  CHECK(open->rate_per_s == 9000);
  for (const char* line :
       {"", "slot", "slot ", "slot 1", "slot 1 2", "slot 1 2 3 4", "slot a 2 3", "count 1",
        "open 1 2 3", "open 1 2 3 0", "slot 1 2 3 ", "slot1 2 3", "stop"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_command(line));
  }
}

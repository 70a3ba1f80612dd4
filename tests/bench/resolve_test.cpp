// SPDX-License-Identifier: MIT
// The scenario resolve as data: which arms it has, and what their times come to.
#include "scenarios/resolve.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "options.hpp"

using namespace duet::bench;
using namespace std::chrono_literals;

namespace {

int code_of(std::vector<std::string> arguments) {
  const auto parsed = parse_options(std::move(arguments));
  return parsed.exit ? parsed.exit->code : -1;
}

}  // namespace

TEST_CASE("resolve: stock comes first and each pool has both columns") {
  resolve_plan how;
  how.pools = {1, 8};
  const auto arms = resolve_arms(how);
  REQUIRE(arms.size() == 5);
  CHECK(arms[0].is_stock);
  CHECK(arms[1].name == "asio");
  CHECK(arms[2].name == "raw");
  CHECK(arms[2].threads == 1);
  CHECK(arms[4].threads == 8);
}

TEST_CASE("resolve: medians and ratios") {
  resolve_plan how;
  how.names = 100;
  how.delay = 50ms;
  how.pools = {32};
  CHECK(ideal_time(how, 32).count() == doctest::Approx(156.25));
  CHECK(whole_turns(how, 32).count() == doctest::Approx(200));
  CHECK(whole_turns(how, 25).count() == doctest::Approx(200));
  const auto all =
      summarise(how, resolve_arms(how), {{5000, 6000, 5200}, {250, 200, 208}, {1, 1, 1}});
  CHECK(all[0].total_ms == doctest::Approx(5200));
  CHECK(all[0].times_faster_than_stock == doctest::Approx(1));
  // Paired in the round: 20, 30 and 25 times, not 5200 / 208.
  CHECK(all[1].times_faster_than_stock == doctest::Approx(25));
  CHECK(all[1].total_ms == doctest::Approx(208));
  CHECK(all[1].shortest_ms == doctest::Approx(200));
  CHECK(all[1].longest_ms == doctest::Approx(250));
  CHECK(all[1].times_ideal == doctest::Approx(208 / 156.25));
  CHECK(all[1].times_whole_turns == doctest::Approx(1.04));
  CHECK(to_json(how, all[1])["arm"] == "asio");
  CHECK(to_json(how, all[1])["default_pool"] == false);
}

TEST_CASE("resolve: its options") {
  const auto parsed = parse_options({"resolve", "--names", "10", "--delay", "5ms", "--pools", "1,4",
                                     "--rounds", "2", "--seed", "7", "--json"});
  REQUIRE_FALSE(parsed.exit);
  CHECK(parsed.value.what == command_kind::resolve);
  CHECK(parsed.value.resolve.names == 10);
  CHECK(parsed.value.resolve.delay == 5ms);
  CHECK(parsed.value.resolve.pools == std::vector<std::size_t>{1, 4});
  CHECK(parsed.value.resolve.rounds == 2);
  CHECK(parsed.value.seed == 7);
  for (const char* delay : {"0ms", "5s", "50", "-1ms"})
    CHECK(code_of({"resolve", "--delay", delay}) == 2);
  CHECK(code_of({"resolve", "--names", "0"}) == 2);
  CHECK(code_of({"resolve", "--pools", "8,0"}) == 2);
}

// SPDX-License-Identifier: MIT
// Two results against each other.
#include "report/compare.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "made_up.hpp"

using namespace duet::bench;
using namespace duet::bench::test;

namespace {

nlohmann::json result_with(std::uint64_t asio_cpu_ns, std::size_t blocks = 8) {
  return to_json(run_of(cell_of(blocks, 2000, 2000, asio_cpu_ns)));
}

/// The same with counts for asio; `same_core` is what lets them gate.
nlohmann::json result_with_calls(int calls, bool same_core) {
  auto document = result_with(2000);
  document["cells"][0]["same_core"] = same_core;
  document["cells"][0]["counts"]["asio"] = {{"messages", 100},
                                            {"tool", "perf"},
                                            {"not_measured", ""},
                                            {"calls", {{"all", calls}, {"recv", calls}}}};
  return document;
}

change of_cpu(const result_change& found) {
  for (const auto& each : found.ratios) {
    if (each.arm == "asio" && each.metric == "cpu_ns_per_message") return each.what;
  }
  return change::unknown;
}

}  // namespace

TEST_CASE("compare: only what neither interval holds has changed") {
  CHECK(of_cpu(compare_results(result_with(2200), result_with(2200), 2)) == change::same);
  CHECK(of_cpu(compare_results(result_with(2200), result_with(2100), 2)) == change::better);
  CHECK(of_cpu(compare_results(result_with(2100), result_with(2200), 2)) == change::worse);
  CHECK(of_cpu(compare_results(result_with(2100, 3), result_with(2200), 2)) == change::unknown);
}

TEST_CASE("compare: a step within the noise floor is none") {
  auto older = result_with(2100);
  older["cells"][0]["summary"]["floor"]["cpu_ns_per_message"] = {0.9, 1.01};
  CHECK(of_cpu(compare_results(older, result_with(2200), 2)) == change::same);
}

TEST_CASE("compare: faster in one and slower in the other is not compatible") {
  const auto found = compare_results(result_with(1800), result_with(2200), 2);
  CHECK(of_cpu(found) == change::contradicts);
  CHECK(found.compatible == false);
  CHECK(compare_results(result_with(2200), result_with(2200), 2).compatible == true);
  CHECK(compare_results(result_with(2100), result_with(2200), 2).compatible == false);
  CHECK_FALSE(
      compare_results(result_with(2100, 3), result_with(2200, 3), 2).compatible.has_value());
}

TEST_CASE("compare: a count that has risen gates on one core only and beyond the tolerance") {
  auto found = compare_results(result_with_calls(300, true), result_with_calls(310, true), 2);
  REQUIRE(found.counts.size() == 2);
  CHECK(found.counts[0].name == "recv");
  CHECK(found.counts[1].name == "system calls");
  CHECK(found.counts[1].newer == doctest::Approx(3.1));
  CHECK(found.counts[1].risen);
  CHECK(compare_results(result_with_calls(300, true), result_with_calls(305, true), 2)
            .counts.empty());
  found = compare_results(result_with_calls(300, false), result_with_calls(310, false), 2);
  CHECK_FALSE(found.counts.at(0).risen);
  found = compare_results(result_with_calls(310, true), result_with_calls(300, true), 2);
  CHECK_FALSE(found.counts.at(0).risen);
  CHECK(compare_results(result_with(2000), result_with_calls(310, true), 2).counted == 0);
}

TEST_CASE(
    "compare: another machine or build or congestion control is unlike and another version is "
    "not") {
  const auto older = result_with(2000);
  auto newer = older;
  newer["environment"]["asio_version"] = "1.30.0";
  newer["environment"]["revision"] = "other";
  CHECK(unlike_results(older, newer).empty());
  newer["environment"]["host"] = "elsewhere";
  newer["environment"]["flags"] = "-O3";
  newer["plan"]["congestion_control"] = "bbr";
  const auto unlike = unlike_results(older, newer);
  REQUIRE(unlike.size() == 3);
  CHECK(unlike[0] == "host: \"made-up\", now \"elsewhere\"");
  CHECK(unlike[2] == "congestion_control: \"cubic\", now \"bbr\"");
}

TEST_CASE("compare: what is in one only is named") {
  auto newer = result_with(2000);
  newer["cells"][0]["id"] = "another";
  newer["arms"].erase(2);
  const auto found = compare_results(result_with(2000), newer, 2);
  CHECK(found.ratios.empty());
  CHECK(found.only_in_one == std::vector<std::string>{"another is in the newer only",
                                                      "echo/tcp/64B/64c/split is in the older only",
                                                      "arm asio is in the older only"});
}

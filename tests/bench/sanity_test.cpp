// SPDX-License-Identifier: MIT
// Sanity lines: which tool is for which cell, how it is started, and what is made of what iperf3 and sockperf really print.
#include "harness/sanity.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>

#include "harness/result_read.hpp"
#include "made_up.hpp"

using namespace duet::bench;
using namespace duet::bench::test;

namespace {

/// What the tool printed once, of tests/bench/outputs.
std::string printed(const std::string& name) {
  std::ifstream in(DUET_BENCH_OUTPUTS "/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  REQUIRE(in);
  return std::move(text).str();
}

bool has_word(const std::vector<std::string>& argv, const std::string& word) {
  return std::find(argv.begin(), argv.end(), word) != argv.end();
}

std::size_t arms_of_peers_pass(const std::string& id, std::vector<arm> arms) {
  plan how;
  how.sanity = true;
  return arms_taking_part(how, arms, cell_by_id(id));
}

/// A cell of the id with a figure of the tool, and raw's summary: 1000 messages in 40 ms, 15 us each.
cell_result cell_with(const std::string& id, std::optional<double> figure,
                      const std::string& reason = {}) {
  auto cell = cell_of(8, 2000, 2000, 2200);
  for (block_result& block : cell.blocks) {
    for (round_result& round : block.rounds) {
      for (slot_result& each : round.slots) each = slot(each.arm, 2000, 1000);
    }
  }
  cell.what = cell_by_id(id);
  cell.sanity = empty_sanity(sanity_tool_for(cell.what).value());
  cell.sanity->figure = figure;
  cell.sanity->version = figure ? "1.2" : "";
  cell.sanity->not_measured = reason;
  return cell;
}

}  // namespace

TEST_CASE(
    "sanity: iperf3 is for bulk one way over tcp and sockperf for pingpong over tcp and udp") {
  std::set<std::string> of_iperf3, of_sockperf;
  for (const cell& each : all_cells()) {
    const auto tool = sanity_tool_for(each);
    if (tool) (tool == sanity_tool::iperf3 ? of_iperf3 : of_sockperf).insert(each.id());
  }
  CHECK(of_iperf3 == std::set<std::string>{"bulk/tcp/65536B/1c/one-way/split",
                                           "bulk/tcp/65536B/4c/one-way/split",
                                           "bulk/tcp/1048576B/1c/one-way/split",
                                           "bulk/tcp/1048576B/4c/one-way/split"});
  CHECK(of_sockperf ==
        std::set<std::string>{"pingpong/tcp/64B/1c/same-core", "pingpong/tcp/1024B/1c/same-core",
                              "pingpong/tcp/16384B/1c/same-core", "pingpong/tcp/64B/1c/split",
                              "pingpong/udp/64B/1c/same-core", "pingpong/udp/1024B/1c/same-core",
                              "pingpong/udp/16384B/1c/same-core", "pingpong/udp/64B/1c/split"});
}

TEST_CASE("sanity: where the peers do not take part raw does alone if there is a tool") {
  const auto peers = select_arms({.peers = true});
  CHECK(arms_of_peers_pass("bulk/tcp/65536B/1c/one-way/split", peers) == 2);
  CHECK(arms_of_peers_pass("pingpong/udp/64B/1c/same-core", peers) == 2);
  CHECK(arms_of_peers_pass("pingpong/tcp/64B/1c/same-core", peers) == peers.size());
  CHECK(arms_of_peers_pass("bulk/unix/65536B/1c/one-way/split", peers) == peers.size());
  // An arm that is no peer and refuses is a reason to skip the cell, as ever.
  const auto with_uring = select_arms({.names = {"uring"}, .peers = true});
  CHECK(arms_of_peers_pass("pingpong/udp/64B/1c/same-core", with_uring) == with_uring.size());
  CHECK(arms_taking_part(plan{}, peers, cell_by_id("pingpong/udp/64B/1c/same-core")) ==
        peers.size());
}

TEST_CASE("sanity: the tools are asked for the cell's own size and port") {
  const auto bulk = commands_of(sanity_tool::iperf3,
                                cell_by_id("bulk/tcp/1048576B/4c/one-way/split"), 4711, "reno");
  CHECK(has_word(bulk.server, "--port=4711"));
  CHECK(has_word(bulk.server, "127.0.0.1"));
  for (const char* word : {"--port=4711", "--length=1048576", "--parallel=4", "--congestion=reno",
                           "--no-delay", "127.0.0.1"})
    CHECK(has_word(bulk.client, word));
  for (const char* transport : {"tcp", "udp"}) {
    const auto trip = commands_of(
        sanity_tool::sockperf,
        cell_by_id(std::string("pingpong/") + transport + "/1024B/1c/same-core"), 4711, "reno");
    for (const auto& argv : {trip.server, trip.client}) {
      CHECK(has_word(argv, "4711"));
      CHECK(has_word(argv, "--tcp") == (std::string(transport) == "tcp"));
    }
    CHECK(has_word(trip.client, "1024"));
    CHECK(has_word(trip.client, "--full-rtt"));
  }
}

TEST_CASE("sanity: of iperf3 the bits that arrived") {
  const auto reading = read_iperf3(printed("iperf3.json"));
  CHECK(reading.figure == doctest::Approx(26397727740.080193));
  CHECK(reading.version == "3.12");
}

TEST_CASE("sanity: sockperf's halves of round trips are doubled and whole ones are not") {
  const auto whole = read_sockperf(printed("sockperf_round_trip.txt"));
  CHECK(whole.figure == doctest::Approx(16'925));
  CHECK(whole.version == "3.7-no.git");
  CHECK(read_sockperf(printed("sockperf_half.txt")).figure == doctest::Approx(2 * 6'394));
}

TEST_CASE("sanity: a tool that failed says why and nothing is taken for a figure") {
  CHECK_THROWS_WITH_AS(read_iperf3(R"({"start": {"version": "iperf 3.12"}, "end": {},
                                       "error": "unable to connect to server: Connection refused"})"),
                       "unable to connect to server: Connection refused", std::runtime_error);
  auto nothing = nlohmann::json::parse(printed("iperf3.json"));
  nothing["end"]["sum_received"]["bits_per_second"] = 0;
  CHECK_THROWS_WITH_AS(read_iperf3(nothing.dump()), "nothing arrived", std::runtime_error);
  for (const char* text : {"", "no JSON", "{}", R"({"start": {"version": 7}})"})
    CHECK_THROWS_WITH_AS(read_iperf3(text), "its output was not understood", std::runtime_error);
  CHECK_THROWS_WITH_AS(
      read_sockperf("sockperf: == version #3.7-no.git == \nsockperf: ERROR: Can`t connect socket "
                    "(errno=111 Connection refused)\n"),
      "Can`t connect socket (errno=111 Connection refused)", std::runtime_error);
  CHECK_THROWS_WITH_AS(
      read_sockperf("sockperf: No messages were received from the server. Is the server down?\n"),
      "No messages were received from the server. Is the server down?", std::runtime_error);
  CHECK_THROWS_WITH_AS(read_sockperf(""), "it printed no median", std::runtime_error);
  CHECK_THROWS_WITH_AS(read_sockperf("---> percentile 50.000 = 7.0\n"),
                       doctest::Contains("round trips"), std::runtime_error);
}

TEST_CASE("sanity: raw's figure stands beside in the same unit") {
  const auto bulk = cell_with("bulk/tcp/65536B/1c/one-way/split", 20e9);
  const auto summary = summarise(bulk, three_arms());
  const auto line = sanity_json(bulk, summary).at(0);
  CHECK(line.at("unit") == "bits_per_s");
  CHECK(line.at("raw").get<double>() == doctest::Approx(25'000.0 * 65536 * 8));
  CHECK(line.at("text") == "received 20.00 Gbit/s; raw in this run: 13.11 Gbit/s");
  CHECK(sanity_line(bulk, summary) ==
        "  sanity: iperf3 1.2: received 20.00 Gbit/s; raw in this run: 13.11 Gbit/s\n");
  const auto trip = cell_with("pingpong/udp/64B/1c/same-core", 16'925);
  const auto trips = sanity_json(trip, summarise(trip, three_arms())).at(0);
  CHECK(trips.at("raw").get<double>() == doctest::Approx(15'000).epsilon(0.01));
  CHECK(trips.at("text").get<std::string>().starts_with("median round trip 16.9 us; raw in this"));
}

TEST_CASE(
    "sanity: a line that was not measured has the reason and one without the tool is silent") {
  const auto failed = cell_with("pingpong/tcp/64B/1c/same-core", {}, "it printed no median");
  const auto summary = summarise(failed, three_arms());
  CHECK(sanity_json(failed, summary).at(0).at("figure").is_null());
  CHECK(sanity_line(failed, summary) == "  sanity: sockperf: not measured: it printed no median\n");
  const auto absent = cell_with("pingpong/tcp/64B/1c/same-core", {},
                                std::string(not_installed) + " (Debian: sockperf)");
  CHECK(sanity_line(absent, summary).empty());
  CHECK(sanity_json(absent, summary).at(0).at("text") ==
        "not measured: not installed (Debian: sockperf)");
  CHECK(sanity_line(cell_of(1, 1, 1, 1), summary).empty());
}

TEST_CASE("sanity: the journal's form comes back as it was") {
  for (const auto& cell : {cell_with("bulk/tcp/65536B/1c/one-way/split", 20e9),
                           cell_with("pingpong/tcp/64B/1c/same-core", {}, "refused")}) {
    const auto object = to_json(*cell.sanity);
    CHECK_FALSE(object.contains("raw"));
    CHECK(to_json(read_sanity(object)) == object);
  }
}

TEST_CASE(
    "summary: arms that did not take part in a cell have no figures and the others have theirs") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  for (block_result& block : cell.blocks) {
    block.round_trips_ns.resize(2);
    for (round_result& round : block.rounds)
      std::erase_if(round.slots, [](const slot_result& each) { return each.arm == 2; });
  }
  const auto summary = summarise(cell, three_arms());
  CHECK(summary.cpu.figures[0].has_value());
  CHECK(summary.cpu.ratios[1].has_value());
  CHECK_FALSE(summary.cpu.figures[2].has_value());
  CHECK_FALSE(summary.cpu.ratios[2].has_value());
  CHECK(summary.round_trips[0].p50_ns.has_value());
  CHECK_FALSE(summary.round_trips[2].p50_ns.has_value());
}

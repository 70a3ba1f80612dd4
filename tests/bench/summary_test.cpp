// SPDX-License-Identifier: MIT
// From slots to figures, ratios and verdicts.
#include "harness/summary.hpp"

#include <doctest/doctest.h>

#include "made_up.hpp"

using namespace duet::bench;
using namespace duet::bench::test;

TEST_CASE("summary: a planted ratio is found and judged by the direction of its metric") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  const auto result = summarise(cell, three_arms());
  CHECK(result.kept_blocks == 8);
  CHECK(result.blocks_needed == 7);  // two comparisons: 2^-6 <= 0.025
  CHECK(result.cpu.figures[0].value() == doctest::Approx(2000));
  CHECK(result.cpu.ratios[2]->ratio == doctest::Approx(1.1));
  CHECK(result.cpu.ratios[2]->decision == verdict::slower);
  CHECK_FALSE(result.cpu.ratios[0]);
  CHECK(result.throughput.ratios[2]->decision == verdict::equal);
  CHECK(result.throughput.figures[2].value() == doctest::Approx(250'000));
  CHECK(result.server_busy[0].value() == doctest::Approx(0.5));
  CHECK(result.round_trips[1].p99_ns.value() == doctest::Approx(15'000).epsilon(0.01));
}

TEST_CASE("summary: pairs are formed in the round so that a drift of the machine cancels") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  std::uint64_t drift = 0;
  for (auto& block : cell.blocks) {
    for (auto& round : block.rounds) {
      drift += 137;
      round = round_of(2000 + drift, 2000 + drift, (2000 + drift) * 11 / 10);
    }
  }
  const auto result = summarise(cell, three_arms());
  CHECK(result.cpu.ratios[2]->bounds->high - result.cpu.ratios[2]->bounds->low < 0.001);
}

TEST_CASE("summary: dropped rounds are counted and in no figure") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  for (auto& block : cell.blocks) {
    auto disturbed = round_of(9000, 500, 77);
    disturbed.failed_gates = {"steal", "throttled"};
    block.rounds.insert(block.rounds.end(), 4,
                        disturbed);  // more than are kept, so that no median hides them
  }
  const auto result = summarise(cell, three_arms());
  CHECK(result.rounds == 56);
  CHECK(result.kept_rounds == 24);
  CHECK(result.dropped_by == std::map<std::string, std::size_t>{{"steal", 32}, {"throttled", 32}});
  CHECK(result.cpu.ratios[2]->bounds->high == doctest::Approx(1.1));
}

TEST_CASE("summary: a block with too few rounds left does not count") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  for (std::size_t i = 0; i < 2; ++i) cell.blocks[i].rounds[0].failed_gates = {"steal"};
  const auto result = summarise(cell, three_arms());
  CHECK(result.kept_blocks == 6);
  CHECK(result.cpu.ratios[2]->decision == verdict::insufficient);
  CHECK_FALSE(result.indicative);
}

TEST_CASE("summary: without any kept block the figures are a hint without intervals") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  for (auto& block : cell.blocks) {
    for (auto& round : block.rounds) round.failed_gates = {"run delay"};
  }
  const auto result = summarise(cell, three_arms());
  CHECK(result.indicative);
  CHECK(result.kept_blocks == 0);
  CHECK(result.cpu.ratios[2]->ratio == doctest::Approx(1.1));
  CHECK_FALSE(result.cpu.ratios[2]->bounds);
  CHECK(result.cpu.ratios[2]->decision == verdict::insufficient);
}

TEST_CASE("summary: what was not measured has no figure") {
  auto cell = cell_of(8, 2000, 2000, 2200);
  for (auto& block : cell.blocks) {
    for (auto& round : block.rounds) {
      for (auto& slot : round.slots) slot.report.server_cpu_ns.reset();
    }
  }
  auto result = summarise(cell, three_arms());
  CHECK_FALSE(result.cpu.figures[0]);
  CHECK_FALSE(result.cpu.ratios[2]);
  CHECK(result.throughput.ratios[2]);
  cell.blocks.clear();
  result = summarise(cell, three_arms());
  CHECK_FALSE(result.throughput.ratios[2]);
}

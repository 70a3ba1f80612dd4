// SPDX-License-Identifier: MIT
// The statistics on results whose truth is known: how often the verdict is wrong, how often a difference is found. The
// seeds are fixed, so that the counts are the same everywhere.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "harness/statistics.hpp"

using namespace duet::bench;

namespace {

constexpr std::size_t blocks = 12;
constexpr std::size_t rounds = 5;
constexpr std::size_t arms = 5;  // the reference, its control, three more
constexpr std::size_t comparisons = arms - 1;
constexpr double slot_noise = 0.02;

/// Normal values by Box and Muller: those of the standard library differ from one to another.
class noise {
 public:
  explicit noise(std::uint64_t seed) : random_(seed) {}
  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) / 9007199254740992.0; }
  double normal(double deviation) {
    return deviation * std::sqrt(-2 * std::log(uniform())) *
           std::cos(6.283185307179586 * uniform());
  }

 private:
  std::mt19937_64 random_;
};

/// What a made-up cell is like.
struct truth {
  double launch_deviation = 0;  ///< of an arm's speed from one start of its process to the next
  double last_arm = 0;          ///< by how much its logarithm of time is longer
};

/// The medians of the blocks' log ratios to the first arm, for each other arm.
std::vector<std::vector<double>> measure(noise& from, const truth& what) {
  std::vector<std::vector<double>> medians(comparisons);
  for (std::size_t block = 0; block < blocks; ++block) {
    std::vector<double> launch(arms);
    for (double& each : launch) each = from.normal(what.launch_deviation);
    launch.back() += what.last_arm;
    std::vector<std::vector<double>> logs(comparisons);
    for (std::size_t round = 0; round < rounds; ++round) {
      const double reference = launch[0] + from.normal(slot_noise);
      for (std::size_t arm = 1; arm < arms; ++arm)
        logs[arm - 1].push_back(launch[arm] + from.normal(slot_noise) - reference);
    }
    for (std::size_t i = 0; i < comparisons; ++i) medians[i].push_back(median(logs[i]));
  }
  return medians;
}

/// The verdicts of the arms after the control.
std::vector<verdict> verdicts_of(const std::vector<std::vector<double>>& medians) {
  const auto floor = estimate(medians[0], comparisons).bounds;
  std::vector<verdict> result;
  for (std::size_t i = 1; i < comparisons; ++i)
    result.push_back(judge(estimate(medians[i], comparisons), floor, better::lower));
  return result;
}

bool is_difference(verdict v) { return v == verdict::faster || v == verdict::slower; }

}  // namespace

TEST_CASE("simulation: of 1000 cells of equal arms under 5 percent have a false verdict") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    noise from(seed);
    int wrong = 0;
    for (int cell = 0; cell < 1000; ++cell) {
      const truth equal{.launch_deviation = 0.03 * cell / 999};
      for (const verdict v : verdicts_of(measure(from, equal))) {
        if (!is_difference(v)) continue;
        ++wrong;
        break;
      }
    }
    CAPTURE(seed);
    CAPTURE(wrong);
    CHECK(wrong < 50);
  }
}

TEST_CASE("simulation: 5 percent are found in over 90 percent of the cells and never reversed") {
  noise from(1);
  int found = 0;
  for (int cell = 0; cell < 1000; ++cell) {
    const truth slower{.launch_deviation = 0, .last_arm = std::log(1.05)};
    const auto verdicts = verdicts_of(measure(from, slower));
    CHECK(verdicts.back() != verdict::faster);
    found += verdicts.back() == verdict::slower ? 1 : 0;
  }
  CHECK(found > 900);
}

TEST_CASE("simulation: pooled rounds would claim what launches do by chance") {
  // Why the block is the unit: the same cells with every round taken for independent.
  noise from(1);
  int covered = 0;
  int covered_by_blocks = 0;
  for (int cell = 0; cell < 1000; ++cell) {
    std::vector<double> medians, pooled;
    for (std::size_t block = 0; block < blocks; ++block) {
      const double launch = from.normal(0.03) - from.normal(0.03);
      std::vector<double> logs;
      for (std::size_t round = 0; round < rounds; ++round)
        logs.push_back(launch + from.normal(slot_noise) - from.normal(slot_noise));
      pooled.insert(pooled.end(), logs.begin(), logs.end());
      medians.push_back(median(logs));
    }
    covered += sign_test_interval(pooled, 0.05)->contains(0) ? 1 : 0;
    covered_by_blocks += sign_test_interval(medians, 0.05)->contains(0) ? 1 : 0;
  }
  CHECK(covered_by_blocks > 940);
  CHECK(covered < 930);
}

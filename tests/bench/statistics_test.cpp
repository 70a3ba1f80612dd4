// SPDX-License-Identifier: MIT
// The statistics of the benchmarks against values worked out by hand or taken from binomial tables.
#include "harness/statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace duet::bench;

TEST_CASE("median: of an odd and an even number of values in any order") {
  CHECK(median({3}) == 3);
  CHECK(median({9, 1, 5}) == 5);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(median({7, 7, 1, 1}) == 4);
}

TEST_CASE("fair coin: cumulative probabilities are those of the table") {
  CHECK(fair_coin_cdf(0, 8) == doctest::Approx(1.0 / 256));
  CHECK(fair_coin_cdf(1, 8) == doctest::Approx(9.0 / 256));
  CHECK(fair_coin_cdf(2, 12) == doctest::Approx(79.0 / 4096));
  CHECK(fair_coin_cdf(12, 12) == doctest::Approx(1));
  CHECK(fair_coin_cdf(99, 12) == doctest::Approx(1));
}

TEST_CASE("sign test interval: leaves out as many values on either side as the level allows") {
  const std::vector<double> twelve{12, 1, 11, 2, 10, 3, 9, 4, 8, 5, 7, 6};
  // 2 P(X <= 2) = 0.0386, 2 P(X <= 3) = 0.146: x(3) .. x(10)
  const auto at_5_percent = sign_test_interval(twelve, 0.05);
  REQUIRE(at_5_percent);
  CHECK(at_5_percent->low == 3);
  CHECK(at_5_percent->high == 10);
  // 2 P(X <= 1) = 0.00635, 2 P(X <= 2) = 0.0386 > 0.0125: x(2) .. x(11)
  const auto shared_by_4 = sign_test_interval(twelve, 0.05 / 4);
  REQUIRE(shared_by_4);
  CHECK(shared_by_4->low == 2);
  CHECK(shared_by_4->high == 11);
}

TEST_CASE("sign test interval: too few values give none") {
  CHECK_FALSE(sign_test_interval({}, 0.05));
  CHECK_FALSE(sign_test_interval({1, 2, 3, 4, 5}, 0.05));  // 2^-4 = 0.0625
  CHECK(sign_test_interval({1, 2, 3, 4, 5, 6}, 0.05));     // 2^-5 = 0.03125
  CHECK_FALSE(sign_test_interval({1, 2, 3, 4, 5, 6}, 0.03));
}

TEST_CASE("values needed: eight for four or five comparisons") {
  CHECK(values_needed(0.05) == 6);
  CHECK(values_needed(0.05 / 4) == 8);
  CHECK(values_needed(0.05 / 5) == 8);
  CHECK(values_needed(0.05 / 8) == 9);
}

TEST_CASE("sign test interval: covers the true median as often as it promises") {
  std::mt19937_64 random(7);
  int covered = 0;
  constexpr int trials = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> values;
    // A skewed distribution with median 1: the exponential of a symmetric one.
    for (int i = 0; i < 12; ++i) {
      const double uniform = static_cast<double>(random() >> 11) / 9007199254740992.0;
      values.push_back(std::exp(4 * (uniform - 0.5)));
    }
    if (sign_test_interval(values, 0.05)->contains(1)) ++covered;
  }
  CHECK(covered > trials * 0.94);  // 0.9614 is exact; five standard deviations are 0.0216
}

TEST_CASE("estimate: is the exponential of the median log ratio") {
  std::vector<double> logs;
  for (const double ratio : {1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08})
    logs.push_back(std::log(ratio));
  const auto result = estimate(logs, 4);
  CHECK(result.ratio == doctest::Approx(std::sqrt(1.04 * 1.05)));
  REQUIRE(result.bounds);
  CHECK(result.bounds->low == doctest::Approx(1.01));
  CHECK(result.bounds->high == doctest::Approx(1.08));
  CHECK_FALSE(estimate({0.1, 0.2}, 1).bounds);
}

namespace {

comparison with(double ratio, double low, double high) { return {ratio, interval{low, high}, {}}; }
constexpr interval quiet{0.995, 1.006};

}  // namespace

TEST_CASE("verdict: faster and slower follow the direction of the metric") {
  CHECK(judge(with(1.10, 1.05, 1.15), quiet, better::lower) == verdict::slower);
  CHECK(judge(with(0.90, 0.85, 0.95), quiet, better::lower) == verdict::faster);
  CHECK(judge(with(1.10, 1.05, 1.15), quiet, better::higher) == verdict::faster);
  CHECK(judge(with(0.90, 0.85, 0.95), quiet, better::higher) == verdict::slower);
}

TEST_CASE("verdict: a ratio within the noise floor is never a difference") {
  CHECK(judge(with(1.10, 1.05, 1.15), interval{0.9, 1.2}, better::lower) == verdict::not_resolved);
  CHECK(judge(with(1.004, 1.001, 1.008), quiet, better::lower) == verdict::equal);
  // 1 belongs to the floor even if the control strayed from it.
  CHECK(judge(with(1.01, 1.005, 1.2), interval{1.02, 1.05}, better::lower) ==
        verdict::not_resolved);
}

TEST_CASE("verdict: without a control nothing is faster or slower") {
  CHECK(judge(with(1.10, 1.05, 1.15), std::nullopt, better::lower) == verdict::not_resolved);
  CHECK(judge(with(1.00, 0.98, 1.02), std::nullopt, better::lower) == verdict::equal);
}

TEST_CASE("verdict: equal only if the whole interval lies within three percent") {
  CHECK(judge(with(1.00, 0.9709, 1.03), quiet, better::lower) == verdict::equal);
  CHECK(judge(with(1.00, 0.9700, 1.03), quiet, better::lower) == verdict::not_resolved);
  CHECK(judge(with(1.00, 0.98, 1.031), quiet, better::lower) == verdict::not_resolved);
  CHECK(judge({1.0, std::nullopt, {}}, quiet, better::lower) == verdict::insufficient);
}

// SPDX-License-Identifier: MIT
// The latency histogram: resolution, percentiles, and the way from the loader to the orchestrator.
#include "harness/histogram.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

using duet::bench::histogram;

TEST_CASE("histogram: a bucket's middle is within one percent of each of its values") {
  double worst = 0;
  for (double step = 1; step < 6e10; step *= 1.003) {
    const auto value = static_cast<std::uint64_t>(step);
    const auto middle = histogram::middle_of(histogram::bucket_of(value));
    worst =
        std::max(worst, std::abs(static_cast<double>(middle) - static_cast<double>(value)) / step);
  }
  CHECK(worst < 0.0045);
}

TEST_CASE("histogram: buckets ascend without gap and hold their own middle") {
  for (std::size_t bucket = 0; bucket < histogram::bucket_count; ++bucket) {
    REQUIRE(histogram::bucket_of(histogram::middle_of(bucket)) == bucket);
  }
  for (std::uint64_t value = 1; value < 100'000; ++value) {
    const auto step = histogram::bucket_of(value) - histogram::bucket_of(value - 1);
    REQUIRE(step <= 1);
  }
}

TEST_CASE("histogram: values beyond the range are counted in the last bucket") {
  CHECK(histogram::bucket_of(UINT64_MAX) == histogram::bucket_count - 1);
  CHECK(histogram::bucket_of(0) == 0);
}

TEST_CASE("histogram: percentiles of 1 to 1000") {
  const auto h = std::make_unique<histogram>();
  for (std::uint64_t value = 1; value <= 1000; ++value) h->record(value);
  CHECK(h->count() == 1000);
  CHECK(static_cast<double>(h->percentile(0.5).value()) == doctest::Approx(500).epsilon(0.005));
  CHECK(static_cast<double>(h->percentile(0.99).value()) == doctest::Approx(990).epsilon(0.005));
  CHECK(static_cast<double>(h->max()) == doctest::Approx(1000).epsilon(0.005));
}

TEST_CASE("histogram: a percentile with fewer than ten samples beyond it is none") {
  const auto h = std::make_unique<histogram>();
  CHECK_FALSE(h->percentile(0.5));
  for (int i = 0; i < 19; ++i) h->record(7);
  CHECK_FALSE(h->percentile(0.5));  // rank 10, 9 beyond
  h->record(7);
  CHECK(h->percentile(0.5) == 7);  // rank 10, 10 beyond
  for (int i = 0; i < 979; ++i) h->record(7);
  CHECK_FALSE(h->percentile(0.99));  // 999 samples: rank 990, 9 beyond
  h->record(7);
  CHECK(h->percentile(0.99) == 7);
  CHECK_FALSE(h->percentile(0.999));
}

TEST_CASE("histogram: what is exported and merged is the same") {
  const auto from = std::make_unique<histogram>();
  for (const std::uint64_t value : {3U, 3U, 500U, 123456U}) from->record(value);
  const auto to = std::make_unique<histogram>();
  to->record(3);
  to->merge(from->to_sparse());
  CHECK(to->count() == 5);
  CHECK(to->to_sparse().front() == std::pair<std::size_t, std::uint64_t>{3, 3});
  to->clear();
  CHECK(to->count() == 0);
  CHECK_THROWS_AS(to->merge({{histogram::bucket_count, 1}}), std::out_of_range);
}

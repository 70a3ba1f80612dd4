// SPDX-License-Identifier: MIT
// The scenario idle as data: where memory is read, and what the readings come to.
#include "scenarios/idle.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

using namespace duet::bench;

TEST_CASE("idle: memory is read from none to the most") {
  idle_plan how;
  how.connections = 9000;
  how.steps = 3;
  CHECK(steps_of(how) == std::vector<std::size_t>{0, 3000, 6000, 9000});
}

TEST_CASE("idle: a slope is the one of the line that fits best") {
  const std::vector<double> x{0, 1, 2, 3};
  CHECK(slope(x, std::vector<double>{5, 7, 9, 11}) == doctest::Approx(2));
  CHECK(slope(x, std::vector<double>{4, 4, 4, 4}) == doctest::Approx(0));
  // Checked by hand: sum of (x - 1.5)(y - 2) is 4, of (x - 1.5)^2 is 5.
  CHECK(slope(x, std::vector<double>{1, 1, 3, 3}) == doctest::Approx(0.8));
}

TEST_CASE("idle: figures are bytes a connection") {
  const auto figures = figures_of("raw", "tcp", {{0, 1000, 50'000}, {10, 6000, 130'000}});
  CHECK(figures.user_bytes_each == doctest::Approx(500));
  CHECK(figures.kernel_bytes_each == doctest::Approx(8000));
  const auto line = to_json(figures);
  CHECK(line["arm"] == "raw");
  CHECK(line["readings"].size() == 2);
  CHECK(table_text({figures}, false).find("raw         tcp                500") !=
        std::string::npos);
}

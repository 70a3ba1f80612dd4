// SPDX-License-Identifier: MIT
// The order of the arms within a block.
#include "harness/latin_square.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace duet::bench;

namespace {

void check_latin(const std::vector<arm_order>& rows, std::size_t arms) {
  REQUIRE(rows.size() == arms);
  for (std::size_t i = 0; i < arms; ++i) {
    std::set<std::size_t> in_row, in_column;
    for (std::size_t k = 0; k < arms; ++k) {
      in_row.insert(rows[i].at(k));
      in_column.insert(rows[k].at(i));
    }
    CHECK(in_row.size() == arms);
    CHECK(in_column.size() == arms);
    CHECK(*in_row.rbegin() == arms - 1);
  }
}

}  // namespace

TEST_CASE("latin square: every row is the one before it turned by one") {
  const auto rows = cyclic_square({2, 0, 1});
  CHECK(rows == std::vector<arm_order>{{2, 0, 1}, {0, 1, 2}, {1, 2, 0}});
}

TEST_CASE("latin square: every arm has every turn once") {
  std::mt19937_64 random(1);
  for (const std::size_t arms : {1U, 2U, 5U, 8U}) check_latin(random_square(arms, random), arms);
}

TEST_CASE("latin square: the same seed gives the same order and another seed another") {
  std::mt19937_64 one(42), same(42), other(43);
  const auto first = random_square(8, one);
  CHECK(first == random_square(8, same));
  CHECK(first != random_square(8, other));
  CHECK(first != random_square(8, one));
}

TEST_CASE("latin square: every arm is first about equally often") {
  std::mt19937_64 random(3);
  std::vector<int> first(4);
  for (int i = 0; i < 4000; ++i) ++first[random_square(4, random)[0][0]];
  for (const int count : first) CHECK(std::abs(count - 1000) < 140);  // five standard deviations
}

TEST_CASE(
    "latin square: the order of a block hangs on seed and cell and number of the block alone") {
  auto one = random_of_block(1, "echo/tcp", 3);
  CHECK(one() == random_of_block(1, "echo/tcp", 3)());
  const auto first = random_of_block(1, "echo/tcp", 3)();
  CHECK(first != random_of_block(2, "echo/tcp", 3)());
  CHECK(first != random_of_block(1, "echo/udp", 3)());
  CHECK(first != random_of_block(1, "echo/tcp", 4)());
}

// SPDX-License-Identifier: MIT
// Cases whose only point is their name and their end: if discovery or the main mishandled one,
// ctest would show it as failed (a filter that matches nothing exits 1).
#include <doctest/doctest.h>

#include "skip.hpp"

namespace {
struct first_backend {};
struct second_backend {};
int stamped = 0;
}  // namespace

TYPE_TO_STRING_AS("first", first_backend);
TYPE_TO_STRING_AS("second/tcp", second_backend);

TEST_CASE_TEMPLATE("discovery: a stamped case is found by its full name", Backend, first_backend,
                   second_backend) {
  CHECK(sizeof(Backend) == 1);
  CHECK(++stamped == 1);  // one ctest test runs one of the two: an exact name matches no other
}

TEST_CASE("discovery: \"quotes\" & (brackets) = a name too") { CHECK(true); }

TEST_CASE("discovery: the words of a test suite are labels" * doctest::test_suite("frame-label")) {
  CHECK_FALSE((duet::test::under_asan && duet::test::under_tsan));
}

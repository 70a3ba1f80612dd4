// SPDX-License-Identifier: MIT
// Where server and loader are pinned, decided from made-up machines.
#include "harness/topology.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace duet::bench;

namespace {

using ids = std::vector<int>;

const std::vector<cpu> one_cpu{{0, {0}}};
const std::vector<cpu> two_cores{{0, {0}}, {1, {1}}};
const std::vector<cpu> one_core_two_threads{{0, {0, 1}}, {1, {0, 1}}};
const std::vector<cpu> four_cores_smt{{0, {0, 4}}, {1, {1, 5}}, {2, {2, 6}}, {3, {3, 7}},
                                      {4, {0, 4}}, {5, {1, 5}}, {6, {2, 6}}, {7, {3, 7}}};

}  // namespace

TEST_CASE("cpu list: the kernel's notation is read") {
  CHECK(parse_cpu_list("0") == ids{0});
  CHECK(parse_cpu_list("0-2,8") == ids{0, 1, 2, 8});
  CHECK(parse_cpu_list("3,1") == ids{3, 1});
}

TEST_CASE("cpu list: anything else is refused") {
  for (const char* text :
       {"", " ", "a", "1,", ",1", "1-", "-1", "2-1", "1 ", "+1", "1-2-3", "4096", "0x1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cpu_list(text));
  }
}

TEST_CASE("placement: two cores and not the one of CPU 0 if there are others") {
  const auto place = choose_placement(four_cores_smt, false);
  REQUIRE(place);
  CHECK(place->server_cpu == 1);
  CHECK(place->loader_cpu == 2);
  CHECK(place->warning.empty());
  CHECK(choose_placement(four_cores_smt, true)->server_cpu == 1);
  CHECK(choose_placement(four_cores_smt, true)->loader_cpu == 1);
}

TEST_CASE("placement: CPU 0 is used when two cores are all there is") {
  const auto place = choose_placement(two_cores, false);
  REQUIRE(place);
  CHECK(place->server_cpu == 1);
  CHECK(place->loader_cpu == 0);
  CHECK(place->warning.empty());
}

TEST_CASE("placement: hyperthread siblings are used with a warning") {
  const auto place = choose_placement(one_core_two_threads, false);
  REQUIRE(place);
  CHECK(place->server_cpu != place->loader_cpu);
  CHECK_FALSE(place->warning.empty());
}

TEST_CASE("placement: one CPU runs what fits on one") {
  CHECK_FALSE(choose_placement(one_cpu, false));
  CHECK(choose_placement(one_cpu, true)->server_cpu == 0);
}

TEST_CASE("placement: the user's choice is obeyed or refused with a reason") {
  const auto place = parse_placement("3,2", four_cores_smt, false);
  CHECK(place.server_cpu == 3);
  CHECK(place.loader_cpu == 2);
  CHECK(parse_placement("3,2", four_cores_smt, true).loader_cpu == 3);
  CHECK_FALSE(parse_placement("1,5", four_cores_smt, false).warning.empty());
  for (const char* text : {"", "1", "1,1", "1,2,3", "0,9", "x"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_placement(text, four_cores_smt, false), std::invalid_argument);
  }
}

TEST_CASE("topology: this machine has a CPU that this process may use") {
  const auto cpus = read_topology();
  REQUIRE_FALSE(cpus.empty());
  for (const cpu& each : cpus) CHECK_FALSE(each.siblings.empty());
}

// SPDX-License-Identifier: MIT
// The cells and the arms as data, what --filter, --arms, --arm and --peers select, and how an arm is started.
#include "arms/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenarios/scenario.hpp"

using namespace duet::bench;

namespace {

std::vector<std::string> names_of(const std::vector<arm>& arms) {
  std::vector<std::string> names;
  for (const arm& each : arms) names.push_back(each.name);
  return names;
}

cell cell_called(const std::string& id) {
  for (const cell& each : all_cells()) {
    if (each.id() == id) return each;
  }
  throw std::out_of_range(id);
}

const arm& arm_called(const std::string& name) {
  for (const arm& each : all_arms()) {
    if (each.name == name) return each;
  }
  throw std::out_of_range(name);
}

bool has_argument(const std::vector<std::string>& argv, const std::string& argument) {
  return std::find(argv.begin(), argv.end(), argument) != argv.end();
}

}  // namespace

TEST_CASE("catalogue: every scenario of the method has its cells") {
  std::set<std::string> ids;
  for (const cell& each : all_cells()) ids.insert(each.id());
  CHECK(ids.size() == all_cells().size());
  for (const char* const transport : {"tcp", "unix"}) {
    const std::string over = std::string("/") + transport + "/";
    for (const char* const rest : {"1B/1c/same-core", "64B/1c/same-core", "64B/1c/spin",
                                   "64B/1c/split", "1024B/1c/same-core", "16384B/1c/same-core"})
      CHECK(ids.contains("pingpong" + over + rest));
    for (const char* const bytes : {"64B/", "1024B/"}) {
      for (const char* const rest : {"16c/", "64c/", "256c/", "4096c/410active/"}) {
        CHECK(ids.contains("echo" + over + bytes + rest + "split"));
        CHECK(ids.contains("echo" + over + bytes + rest + "depth32/split"));
      }
      for (const char* const rest : {"load20", "load50", "load80"})
        CHECK(ids.contains("openloop" + over + bytes + "64c/" + rest + "/split"));
    }
    for (const char* const rest : {"1c/one-way", "4c/one-way", "1c/both-ways", "4c/both-ways"}) {
      CHECK(ids.contains("bulk" + over + "65536B/" + rest + "/split"));
      CHECK(ids.contains("bulk" + over + "1048576B/" + rest + "/split"));
    }
    CHECK(ids.contains("framed" + over + "64B/1c/depth32/split"));
    CHECK(ids.contains("framed" + over + "64B/64c/depth32/split"));
    CHECK(ids.contains("accept" + over + "1B/1c/same-core"));
    CHECK(ids.contains("accept" + over + "1B/32c/split"));
  }
  CHECK(ids.contains("pingpong/udp/16384B/1c/same-core"));
  CHECK(ids.contains("pingpong/udp/64B/1c/spin"));
}

TEST_CASE("catalogue: no description is longer than a line of the list") {
  for (const cell& each : all_cells()) {
    CAPTURE(each.id());
    CHECK(each.id().size() <= 48);
    CHECK(each.description().size() <= 100);
  }
}

TEST_CASE("selection: cells by a part of their id") {
  CHECK(select_cells({}, true).size() == 2);
  CHECK(select_cells({"pingpong/tcp"}, false).size() == 6);
  CHECK(select_cells({"pingpong/tcp", "accept/tcp"}, false).size() == 8);
  CHECK(select_cells({"nothing"}, false).empty());
}

TEST_CASE("selection: raw and its control run with any arm") {
  CHECK(names_of(select_arms({})) ==
        std::vector<std::string>{"raw", "raw'", "asio", "asio-stock", "asio-coro", "limit"});
  const auto chosen = select_arms({.names = {"asio"}});
  REQUIRE(names_of(chosen) == std::vector<std::string>{"raw", "raw'", "asio"});
  CHECK(chosen[0].program == chosen[1].program);
  CHECK_THROWS_WITH_AS(select_arms({.names = {"asoi"}}), doctest::Contains("asoi"),
                       std::invalid_argument);
}

TEST_CASE("selection: the peers run instead of the standard arms") {
  const auto peers = names_of(select_arms({.peers = true}));
  CHECK(peers ==
        std::vector<std::string>{"raw", "raw'", "libuv", "libevent", "boost-asio", "go", "node"});
  CHECK(names_of(select_arms({.names = {"asio"}, .peers = true})).size() == peers.size() + 1);
}

TEST_CASE("selection: an own arm comes last and must be named well") {
  const auto chosen = select_arms({.names = {"asio"}, .own = {"mine=./server --port=0"}});
  REQUIRE(chosen.size() == 4);
  CHECK(chosen[3].name == "mine");
  CHECK(chosen[3].program == "./server --port=0");
  for (const char* text :
       {"mine", "=x", "mine=", "raw=x", "uring=x", "mi ne=x", "a'=x", "longer-than-twelve=x"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(select_arms({.own = {text}}), doctest::Contains("--arm"),
                         std::invalid_argument);
  }
  CHECK_THROWS_AS(select_arms({.own = {"mine=a", "mine=b"}}), std::invalid_argument);
}

TEST_CASE("arms: each is told its cell") {
  auto argv = command_of(arm_called("raw"), "/bin", cell_called("echo/unix/64B/16c/split"), {});
  CHECK(argv[0] == "/bin/duet-arm-raw");
  CHECK(argv[1].starts_with("--listen=unix:@duet-bench-"));
  CHECK(has_argument(argv, "--connections=16"));
  CHECK_FALSE(has_argument(argv, "--spin"));
  argv = command_of(arm_called("limit"), "/bin", cell_called("pingpong/tcp/64B/1c/spin"), {});
  CHECK(has_argument(argv, "--spin"));
  argv =
      command_of(arm_called("asio"), "/bin", cell_called("bulk/tcp/65536B/4c/one-way/split"), {});
  CHECK(has_argument(argv, "--sink=65536"));
  argv =
      command_of(arm_called("asio"), "/bin", cell_called("bulk/tcp/65536B/4c/both-ways/split"), {});
  CHECK_FALSE(has_argument(argv, "--sink=65536"));
  CHECK_FALSE(has_argument(argv, "--framed"));
  const cell framed = cell_called("framed/tcp/64B/64c/depth32/split");
  CHECK(has_argument(command_of(arm_called("asio"), "/bin", framed, {}), "--framed"));
  CHECK(arm_called("raw").refusal(framed).empty());
  CHECK_FALSE(arm_called("libuv").refusal(framed).empty());
  argv = command_of(arm_called("asio-coro"), "/bin",
                    cell_called("pingpong/udp/16384B/1c/same-core"), {});
  CHECK(argv[0] == "/bin/duet-arm-datagram-asio-coro");
  CHECK(has_argument(argv, "--datagram-bytes=16384"));
}

TEST_CASE("arms: an own one is run by sh and told where to listen") {
  const auto mine = select_arms({.own = {"mine=python3 s.py"}}).back();
  const auto argv = command_of(mine, "/bin", cell_called("echo/tcp/64B/16c/split"), {});
  CHECK(argv == std::vector<std::string>{"env", "DUET_BENCH_LISTEN=tcp://127.0.0.1:0", "sh", "-c",
                                         "exec python3 s.py"});
}

TEST_CASE("selection: the scenario fork has cells and arms of its own") {
  for (const char* const rest :
       {"1c/arrivals/same-core", "1c/echo/same-core", "32c/arrivals/split", "32c/echo/split"})
    CHECK(cell_called(std::string("fork/tcp/64B/") + rest).scenario == fork_scenario);
  const arm& fork = arm_called("fork");
  CHECK(fork.refusal(cell_called("fork/tcp/64B/32c/echo/split")).empty());
  CHECK(fork.refusal(cell_called("echo/tcp/64B/64c/split")) == "arm fork is for the scenario fork");
  const auto names = names_of(select_arms({.names = process_arm_names()}));
  CHECK(names == std::vector<std::string>{"raw", "raw'", "asio", "fork", "fork-asio", "prefork",
                                          "prefork-asio"});
  CHECK(names_of(select_arms({})) != names);
  for (const std::string& each : names_of(select_arms({})))
    CHECK(arm_called(each).group == arm_group::standard);
}

TEST_CASE("arms: what one cannot do is refused with the reason") {
  const auto one_way = cell_called("bulk/tcp/65536B/1c/one-way/split");
  const auto spin = cell_called("pingpong/tcp/64B/1c/spin");
  const auto udp = cell_called("pingpong/udp/64B/1c/same-core");
  const auto plain = cell_called("echo/unix/64B/16c/split");
  const auto mine = select_arms({.own = {"mine=x"}}).back();
  CHECK(mine.refusal(one_way) == "arm mine only echoes");
  CHECK(mine.refusal(spin) == "arm mine does not spin");
  CHECK(mine.refusal(udp).empty());
  CHECK(mine.refusal(plain).empty());
  CHECK_FALSE(arm_called("libuv").refusal(udp).empty());
  CHECK_FALSE(arm_called("uring").refusal(udp).empty());
  CHECK(arm_called("uring").refusal(one_way).empty());
  for (const arm& each : select_arms({})) {
    for (const cell& what : all_cells()) CHECK(each.refusal(what).empty());
  }
}

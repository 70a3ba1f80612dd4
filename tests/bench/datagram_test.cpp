// SPDX-License-Identifier: MIT
// The scenario datagram as data: its cells, and how its arms are started.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "arms/catalogue.hpp"
#include "scenarios/scenario.hpp"

using namespace duet::bench;

namespace {

bool has(const std::vector<std::string>& argv, const std::string& argument) {
  return std::find(argv.begin(), argv.end(), argument) != argv.end();
}

}  // namespace

TEST_CASE("datagram: every cell has an id of its own and both transports have every shape") {
  std::set<std::string> ids;
  for (const cell& each : all_cells()) ids.insert(each.id());
  CHECK(ids.size() == all_cells().size());
  for (const std::string transport : {"udp", "unixgram"}) {
    for (const std::string bytes : {"64B", "1400B"}) {
      for (const std::string shape :
           {"echo/batch64", "echo/batch1", "one-way/batch64", "one-way/batch1"})
        for (const std::string peers : {"", "16c/"})
          CHECK(
              ids.contains("datagram/" + transport + "/" + bytes + "/" + peers + shape + "/none"));
    }
  }
  for (const std::string extra : {"metadata", "segments"}) {
    CHECK(ids.contains("datagram/udp/64B/echo/batch64/" + extra));
    CHECK(ids.contains("datagram/udp/1400B/echo/batch64/" + extra));
  }
}

TEST_CASE("datagram: none of its cells is a headline") {
  for (const cell& each : select_cells({}, true)) CHECK_FALSE(each.datagrams);
}

TEST_CASE("datagram: its arms have programs of their own and are told their cell") {
  for (const arm& each : select_arms({})) {
    const cell plain = select_cells({"datagram/udp/64B/echo/batch64/none"}, false).at(0);
    auto argv = command_of(each, "/bin", plain, {});
    CHECK(argv.front().starts_with("/bin/duet-arm-datagram-"));
    CHECK(has(argv, "--listen=udp://127.0.0.1:0"));
    CHECK(has(argv, "--batch=64"));
    for (const char* flag : {"--one-way", "--metadata", "--segments"}) CHECK_FALSE(has(argv, flag));

    argv = command_of(each, "/bin", select_cells({"unixgram/64B/one-way/batch1"}, false).at(0), {});
    CHECK(argv[1].starts_with("--listen=unixgram:@"));
    CHECK(argv[1].ends_with("-" + each.name));
    CHECK(has(argv, "--batch=1"));
    CHECK(has(argv, "--one-way"));
    argv = command_of(each, "/bin", select_cells({"64B/echo/batch64/segments"}, false).at(0), {});
    CHECK(has(argv, "--segments"));
    argv = command_of(each, "/bin", select_cells({"64B/echo/batch64/metadata"}, false).at(0), {});
    CHECK(has(argv, "--metadata"));
  }
}

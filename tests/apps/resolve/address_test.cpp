// SPDX-License-Identifier: MIT
// `duet-resolve address` as a process: where its lines go, its exit codes, its manners.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "resolve_app.hpp"

using namespace duet::test;
using nlohmann::json;

namespace {

/// The command `address` has no columns.
outcome run_resolve(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), DUET_RESOLVE);
  return run(std::move(arguments));
}

}  // namespace

TEST_CASE("resolve address: explains each literal in order") {
  const outcome done = run_resolve({"address", "127.0.0.1", "127.1", "::1"});
  CHECK(done.result == 0);
  CHECK(done.err.empty());
  CHECK(done.out.starts_with("127.0.0.1\n  dotted         127.0.0.1\n"));
  const auto legacy = done.out.find("\n\n127.1\n");
  const auto v6 = done.out.find("\n\n::1\n");
  REQUIRE(legacy != std::string::npos);
  REQUIRE(v6 != std::string::npos);
  CHECK(legacy < v6);
  CHECK(has(done.out, "  read as        1 fills the last 3 bytes\n"));
  CHECK_FALSE(has(done.out, "\x1b"));  // no terminal, no colour
}

TEST_CASE("resolve address: JSON has a line for each literal") {
  const outcome done = run_resolve({"address", "--json", "10.0.0.1", "nonsense", "::1"});
  CHECK(done.result == 2);
  const auto lines = lines_of(done.out);
  REQUIRE(lines.size() == 3);
  for (const std::string& each : lines) CHECK(json::parse(each)["schema"] == "duet-resolve/1");
  CHECK(json::parse(lines[0])["class"] == "A");
  CHECK(json::parse(lines[1])["event"] == "refused");
  CHECK(json::parse(lines[1])["input"] == "nonsense");
  CHECK(json::parse(lines[2])["reverse_name"].get<std::string>().ends_with(".ip6.arpa"));
}

TEST_CASE("resolve address: bad input is named and ends with 2") {
  for (const char* bad : {"256.1.1.1", "1..2", "1.2.3.", "08.0.0.1", "", " 1.2.3.4", "1.2.3.4 junk",
                          "1.2.3.4.5", "1.2.3.4:80", "[::1]", "localhost", "1::2::3", "fe80::1%"}) {
    CAPTURE(bad);
    const outcome done = run_resolve({"address", "--", bad});
    CHECK(done.result == 2);
    CHECK(done.out.empty());
    CHECK(done.err.starts_with("duet-resolve: address '" + std::string(bad) + "': "));
    CHECK(lines_of(done.err).size() == 1);
  }
}

TEST_CASE("resolve address: the good literals of a bad command line are explained all the same") {
  const outcome done = run_resolve({"address", "bad", "192.0.2.1", "worse", "192.0.2.2"});
  CHECK(done.result == 2);
  CHECK(has(done.out, "192.0.2.1\n"));
  CHECK(has(done.out, "\n\n192.0.2.2\n"));
  CHECK(has(done.err, "'bad'"));
  CHECK(has(done.err, "'worse'"));
}

TEST_CASE("resolve address: what does not print is escaped on its way to the terminal") {
  const outcome done = run_resolve({"address", "1.2.3.4\x1b[2J", "a\nb"});
  CHECK(done.result == 2);
  CHECK(has(done.err, "'1.2.3.4\\x1b[2J'"));
  CHECK(has(done.err, "'a\\x0ab'"));
  CHECK_FALSE(has(done.err, "\x1b"));
}

TEST_CASE("resolve address: two dashes end the options") {
  const outcome done = run_resolve({"address", "--", "--json", "127.0.0.1"});
  CHECK(done.result == 2);
  CHECK(has(done.err, "address '--json'"));
  CHECK(has(done.out, "  dotted         127.0.0.1\n"));
}

TEST_CASE("resolve address: the classes as a table and as JSON") {
  const outcome text = run_resolve({"address", "--classes"});
  CHECK(text.result == 0);
  const auto lines = lines_of(text.out);
  REQUIRE(lines.size() == 6);
  CHECK(has(lines[1], "1.0.0.0-126.255.255.255"));
  CHECK(has(lines[2], "128.1.0.0-191.254.255.255"));
  CHECK(has(lines[3], "192.0.1.0-223.255.254.255"));
  CHECK(has(lines[4], "224.0.0.0-239.255.255.255"));
  CHECK(has(lines[5], "240.0.0.0-255.255.255.254"));
  const outcome rows = run_resolve({"address", "--classes", "--json"});
  CHECK(rows.result == 0);
  CHECK(lines_of(rows.out).size() == 5);
}

TEST_CASE("resolve address: colour comes on request") {
  CHECK(has(run_resolve({"address", "--color", "always", "10.0.0.1"}).out, "\x1b[32m[0]\x1b[0m"));
}

TEST_CASE("resolve: help goes to standard output and errors to standard error") {
  const outcome help = run_resolve({"--help"});
  CHECK(help.result == 0);
  CHECK(help.err.empty());
  CHECK(has(help.out, "gethostbyname"));
  const outcome version = run_resolve({"--version"});
  CHECK(version.result == 0);
  CHECK(version.out.starts_with("duet-resolve " DUET_VERSION "\nAsio "));
  const outcome nothing = run_resolve({"address"});
  CHECK(nothing.result == 2);
  CHECK(nothing.out.empty());
  CHECK(lines_of(nothing.err).size() == 1);
}

TEST_CASE("resolve: output that cannot be written is a failure") {
  const outcome done = run({"sh", "-c", "exec \"$0\" address 127.0.0.1 > /dev/full", DUET_RESOLVE});
  CHECK(done.result == 1);
  CHECK(has(done.err, "write standard output"));
}

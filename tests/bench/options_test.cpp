// SPDX-License-Identifier: MIT
// The command line of duet-bench.
#include "options.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

using namespace duet::bench;
using namespace std::chrono_literals;

namespace {

int code_of(std::vector<std::string> arguments) {
  const auto parsed = parse_options(std::move(arguments));
  return parsed.exit ? parsed.exit->code : -1;
}

}  // namespace

TEST_CASE("options: everything is read") {
  const auto parsed =
      parse_options({"run",      "--quick",   "--filter", "echo",       "--arms",  "asio,limit",
                     "--blocks", "3",         "--seed",   "9",          "--cpus",  "1,0",
                     "--out",    "x",         "--json",   "--slot",     "80ms",    "--warm-up",
                     "10ms",     "--squares", "2",        "--no-gates", "--color", "never"});
  REQUIRE_FALSE(parsed.exit);
  const options& o = parsed.value;
  CHECK(o.what == command_kind::run);
  CHECK(o.quick);
  CHECK(o.json);
  CHECK_FALSE(o.gates);
  CHECK(o.filters == std::vector<std::string>{"echo"});
  CHECK(o.arms.names == std::vector<std::string>{"asio", "limit"});
  CHECK(o.blocks == 3);
  CHECK(o.squares == 2);
  CHECK(o.slot == 80ms);
  CHECK(o.warm_up == 10ms);
  CHECK(o.seed == 9);
  CHECK(o.cpus == "1,0");
  CHECK(o.out == "x");
  CHECK(o.color == color_mode::never);
}

TEST_CASE("options: a plain run leaves the choices to the plan") {
  const auto parsed = parse_options({"run"});
  REQUIRE_FALSE(parsed.exit);
  CHECK(parsed.value.gates);
  CHECK_FALSE(parsed.value.blocks);
  CHECK_FALSE(parsed.value.seed);
  CHECK(parse_options({"list"}).value.what == command_kind::list);
  const auto counts = parse_options({"counts", "--messages", "500", "--arms", "asio"});
  CHECK(counts.value.what == command_kind::counts);
  CHECK(counts.value.counts.messages == 500);
}

TEST_CASE("options: the last value counts and lists grow") {
  const auto parsed =
      parse_options({"run",      "--blocks", "3",      "--slot",  "80ms",     "--filter", "echo",
                     "--blocks", "1",        "--slot", "90ms",    "--filter", "bulk",     "--color",
                     "never",    "--out",    "x",      "--color", "auto",     "--out",    "y",
                     "--arms",   "asio",     "--arms", "limit"});
  REQUIRE_FALSE(parsed.exit);
  CHECK(parsed.value.blocks == 1);
  CHECK(parsed.value.slot == 90ms);
  CHECK(parsed.value.color == color_mode::automatic);
  CHECK(parsed.value.out == "y");
  CHECK(parsed.value.filters == std::vector<std::string>{"echo", "bulk"});
  CHECK(parsed.value.arms.names == std::vector<std::string>{"asio", "limit"});
  CHECK(code_of({"compare", "old", "new", "newer"}) == 2);
}

TEST_CASE("options: what is done with results that are there") {
  auto o = parse_options({"run", "--resume", "x", "--blocks", "20", "--stop-after", "9m"}).value;
  CHECK(o.resume == "x");
  CHECK(o.blocks == 20);
  CHECK(o.stop_after == 9min);
  o = parse_options({"compare", "old", "new", "--force", "--tolerance", "5"}).value;
  CHECK(o.what == command_kind::compare);
  CHECK(o.older == "old");
  CHECK(o.newer == "new");
  CHECK(o.force);
  CHECK(o.tolerance_percent == 5);
  o = parse_options({"report", "x", "--out", "y"}).value;
  CHECK(o.what == command_kind::report);
  CHECK(o.report_of == "x");
  CHECK(o.out == "y");
}

TEST_CASE("options: no line of a help page is wider than 80 columns") {
  for (const char* command : {"run", "report", "compare"}) {
    const std::string text = parse_options({command, "--help"}).exit->text;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      CAPTURE(text.substr(begin, end - begin));
      CHECK(end - begin <= 80);
      begin = end + 1;
    }
  }
}

TEST_CASE("options: help and version leave with 0 and mistakes with 2") {
  CHECK(code_of({"--help"}) == 0);
  CHECK(code_of({"run", "--help"}) == 0);
  CHECK(code_of({"--version"}) == 0);
  CHECK(parse_options({"--version"}).exit->text.find("Asio") != std::string::npos);
  const std::vector<std::vector<std::string>> mistakes{{},
                                                       {"race"},
                                                       {"run", "--blocks", "0"},
                                                       {"run", "--blocks", "x"},
                                                       {"run", "x"},
                                                       {"run", "--color"},
                                                       {"run", "--color", "blue"},
                                                       {"run", "--slot", "80"},
                                                       {"list", "run"},
                                                       {"run", "--slot", "20ms"},
                                                       {"run", "--seed", "-1"},
                                                       {"run", "--warm-up", "2m"},
                                                       {"run", "--quick", "--full"},
                                                       {"run", "--resume", "x", "--seed", "1"},
                                                       {"run", "--resume", "x", "--no-gates"},
                                                       {"run", "--force"},
                                                       {"run", "--stop-after", "1"},
                                                       {"report"},
                                                       {"compare", "old"},
                                                       {"compare", "o", "n", "--tolerance", "-1"}};
  for (const auto& mistake : mistakes) {
    CAPTURE(mistake.size());
    CAPTURE(mistake.empty() ? std::string() : mistake.back());
    CHECK(code_of(mistake) == 2);
  }
}

TEST_CASE("duration: a number and its unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5s") == 5s);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("0ms") == 0ms);
  for (const char* text : {"", "5", "s", "-5s", "5 s", "5h", "1.5s", "99999999999999999999s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

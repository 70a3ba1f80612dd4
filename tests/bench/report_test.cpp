// SPDX-License-Identifier: MIT
// The table that people read and the document that programs read, from made-up results.
#include "harness/report.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/result_json.hpp"
#include "made_up.hpp"

using namespace duet::bench;
using namespace duet::bench::test;

namespace {

std::string text_of(const cell_result& cell) {
  return cell_text(cell, summarise(cell, three_arms()), three_arms(), false);
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("report: verdicts and the control are named") {
  const auto text = text_of(cell_of(8, 2000, 2000, 2200));
  CAPTURE(text);
  CHECK(has(text, "noise floor"));
  CHECK(has(text, "1.100"));
  CHECK(has(text, "slower"));
  CHECK(has(text, "all kept"));
}

TEST_CASE("report: no line of a cell is wider than 100 columns") {
  std::istringstream lines(text_of(cell_of(8, 2000, 2000, 2200)));
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 100);
    CHECK((line.empty() || line.back() != ' '));
  }
}

TEST_CASE("report: what weakens a cell is said") {
  auto cell = cell_of(3, 2000, 2000, 2200);
  cell.failure = "arm asio: it is gone";
  auto text = text_of(cell);
  CAPTURE(text);
  CHECK(has(text, "arm asio: it is gone"));
  CHECK(has(text, "insufficient: 3 usable blocks, 7 are needed"));
  text = text_of(cell_of(8, 2000, 2100, 2200));
  CHECK(has(text, "distrust this cell"));
  CHECK(has(text_of(cell_of(8, 2000, 2000, 2200)), "the loader sets this throughput"));
}

TEST_CASE("report: a skipped cell says why and prints no table") {
  cell_result cell = cell_of(0, 1, 1, 1);
  cell.skipped = true;
  cell.failure = "one CPU";
  const auto text = text_of(cell);
  CHECK(has(text, "skipped: one CPU"));
  CHECK_FALSE(has(text, "against raw"));
}

TEST_CASE("report: colours only where asked for") {
  const auto cell = cell_of(8, 2000, 2000, 2200);
  CHECK_FALSE(has(text_of(cell), "\x1b"));
  CHECK(has(cell_text(cell, summarise(cell, three_arms()), three_arms(), true), "\x1b[31mslower"));
}

TEST_CASE("result: every slot of every round is in the document") {
  run_result run;
  run.arms = three_arms();
  run.cells = {cell_of(8, 2000, 2000, 2200)};
  run.cells[0].blocks[1].rounds[2].failed_gates = {"steal"};
  run.summaries = {summarise(run.cells[0], run.arms)};
  const auto document = to_json(run);
  CHECK(document["schema"] == "duet-bench/1");
  const auto& cell = document["cells"][0];
  CHECK(cell["blocks"].size() == 8);
  CHECK(cell["blocks"][7]["rounds"][2]["slots"].size() == 3);
  CHECK(cell["blocks"][7]["rounds"][2]["slots"][0]["arm"] == "asio");
  CHECK(cell["blocks"][1]["rounds"][2]["kept"] == false);
  CHECK(cell["blocks"][1]["rounds"][2]["failed_gates"][0] == "steal");
  CHECK(cell["summary"]["arms"]["asio"]["cpu_ns_per_message"]["to_raw"]["verdict"] == "slower");
  CHECK(cell["summary"]["arms"]["raw"]["cpu_ns_per_message"]["to_raw"].is_null());
}

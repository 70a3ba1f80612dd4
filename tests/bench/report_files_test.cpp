// SPDX-License-Identifier: MIT
// The files beside result.json, from made-up results.
#include "report/files.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "made_up.hpp"
#include "report/csv.hpp"
#include "report/document.hpp"
#include "report/hgrm.hpp"
#include "report/html.hpp"
#include "report/summary_md.hpp"
#include "temporary_folder.hpp"

using namespace duet::bench;
using namespace duet::bench::test;

namespace {

nlohmann::json made_up_document() {
  auto cell = cell_of(8, 2000, 2000, 2200);
  cell.blocks[1].rounds[2].failed_gates = {"steal", "run delay"};
  return to_json(run_of(std::move(cell)));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("rounds csv: a line for each slot and the gates of those that were dropped") {
  const auto lines = lines_of(rounds_csv(made_up_document()));
  REQUIRE(lines.size() == 1 + 8 * 3 * 3);
  CHECK(lines[1] ==
        "echo/tcp/64B/64c/split,1,1,1,asio,true,,10000,40000000,22000000,18000000,0,0,"
        "180000000,300000000,300000000,0,0");
  const auto columns = std::count(lines[0].begin(), lines[0].end(), ',');
  for (const auto& line : lines) CHECK(std::count(line.begin(), line.end(), ',') == columns);
  CHECK(contains(lines[1 + 15], ",2,3,1,asio,false,steal run delay,"));
}

TEST_CASE("compare csv: figures and ratios and the floor and nothing where nothing is") {
  const auto lines = lines_of(compare_csv(made_up_document()));
  REQUIRE(lines.size() == 1 + 2 * 3);
  CHECK(lines[1] == "echo/tcp/64B/64c/split,raw,cpu_ns_per_message,2000,,,,,1,1,8,7,24,23");
  CHECK(lines[3] ==
        "echo/tcp/64B/64c/split,asio,cpu_ns_per_message,2200,1.1,1.1,1.1,slower,1,1,8,7,24,23");
}

TEST_CASE("csv: a value with a comma or a quote is quoted") {
  auto document = made_up_document();
  document["arms"][2]["name"] = "a,\"b\"";
  CHECK(
      contains(compare_csv(document), "echo/tcp/64B/64c/split,\"a,\"\"b\"\"\",cpu_ns_per_message"));
}

TEST_CASE("hgrm: the form is that of HdrHistogram") {
  counted_values values;
  for (std::uint64_t us = 1; us <= 100; ++us) values.emplace_back(us * 1000, 1);
  const auto lines = lines_of(hgrm_text(values));
  CHECK(lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)");
  CHECK(lines[1].empty());
  CHECK(lines[2] == "       1.000 0.000000000000          1           1.00");
  CHECK(lines[7] == "      50.000 0.500000000000         50           2.00");
  CHECK(lines[lines.size() - 4] == "     100.000 1.000000000000        100            inf");
  CHECK(lines[lines.size() - 3] == "#[Mean    =       50.500, StdDeviation   =       28.866]");
  CHECK(lines[lines.size() - 2] == "#[Max     =      100.000, Total count    =          100]");
  CHECK(hgrm_text({{5000, 3}}).find("5.000 1.000000000000          3") != std::string::npos);
}

TEST_CASE("hgrm: one file for each cell and arm with a name that every shell takes") {
  const auto files = hgrm_files(made_up_document());
  REQUIRE(files.size() == 3);
  CHECK(files[0].name == "echo-tcp-64B-64c-split.raw.hgrm");
  CHECK(files[1].name == "echo-tcp-64B-64c-split.raw-control.hgrm");
  CHECK(contains(files[2].text, "Total count    =       240000"));
}

TEST_CASE("summary: verdicts and caveats in Markdown") {
  const auto text = summary_markdown(made_up_document());
  CAPTURE(text);
  CHECK(contains(text, "| asio | 2200 | 1.100 (1.100 .. 1.100) | slower | 250000 |"));
  CHECK(contains(text, "| noise floor |"));
  CHECK(contains(text, "8 blocks, 24 rounds, 23 of them kept."));
  CHECK(contains(text, "software path only"));
  CHECK(contains(text, "Of 2 columns of intervals, 0.1 at the most"));
}

TEST_CASE("report: the page is whole without the library and says what is missing") {
  auto document = made_up_document();
  document["environment"]["cpu_model"] = "<script>alert(1)</script>";
  const auto page = report_html(document, {"", "Chart.js was not found at X"});
  CHECK(contains(page, "This page is without charts: Chart.js was not found at X"));
  CHECK(contains(page, "1.100 … 1.100"));
  CHECK(contains(page, "&lt;script&gt;alert(1)"));
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "src="));
}

TEST_CASE("report: data of the charts cannot end their element") {
  auto document = made_up_document();
  document["cells"][0]["id"] = "</script><b>";
  const auto page = report_html(document, {"/* the library */", ""});
  CHECK(contains(page, "/* the library */"));
  CHECK_FALSE(contains(page, "</script><b>"));
  CHECK(contains(page, "\\u003c/script>\\u003cb>"));
  CHECK_FALSE(contains(page, "http://"));
  CHECK_FALSE(contains(page, "https://"));
}

TEST_CASE("report: counts and sentences are shown where the document has them") {
  auto document = made_up_document();
  auto& cell = document["cells"][0];
  cell["counts"] = {{"raw",
                     {{"messages", 100},
                      {"tool", "perf"},
                      {"not_measured", ""},
                      {"calls", {{"all", 300}, {"recv", 100}, {"send", 200}}}}},
                    {"asio",
                     {{"messages", 100},
                      {"tool", ""},
                      {"not_measured", "refused"},
                      {"calls", nlohmann::json::object()}}}};
  cell["ladder"] = {{{"from", "raw"}, {"to", "asio"}, {"sentence", "not explained by counts"}}};
  const auto page = report_html(document, {"library", ""});
  CHECK(contains(page,
                 "<td class=\"n\">3.00</td><td class=\"n\">1.00</td><td class=\"n\">2.00</td>"));
  CHECK(contains(page, "not measured: refused"));
  CHECK(contains(page, "<li>raw to asio: not explained by counts</li>"));
  const auto text = summary_markdown(document);
  CHECK(contains(text, "| raw | 3.00 | recv 1.00, send 2.00 |"));
  CHECK(contains(text, "| asio | - | not measured: refused |"));
  CHECK(contains(text, "\nraw to asio: not explained by counts\n"));
}

TEST_CASE("report files: one that cannot be written does not keep the others from it") {
  const duet::test::temporary_folder folder;
  std::filesystem::create_directories(folder.path() + "/summary.md/full");
  const auto files = write_report_files(made_up_document(), folder.path());
  REQUIRE(files.problems.size() == 1);
  CHECK(contains(files.problems[0], "summary.md"));
  const std::vector<std::string> wanted{"rounds.csv",
                                        "compare.csv",
                                        "hgrm/echo-tcp-64B-64c-split.raw.hgrm",
                                        "hgrm/echo-tcp-64B-64c-split.raw-control.hgrm",
                                        "hgrm/echo-tcp-64B-64c-split.asio.hgrm",
                                        "report.html"};
  CHECK(files.names == wanted);
}

TEST_CASE("document: a file that is no result is refused with its name") {
  const duet::test::temporary_folder folder;
  CHECK_THROWS_WITH_AS(load_result(folder.path()), doctest::Contains("result.json"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(load_result("/dev/null"), doctest::Contains("is no JSON"),
                       std::invalid_argument);
}

// SPDX-License-Identifier: MIT
// What a run leaves while it runs, and that all of it comes back.
#include "harness/journal.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "made_up.hpp"
#include "temporary_folder.hpp"

using namespace duet::bench;
using namespace duet::bench::test;

namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

void add_to(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::app) << text;
}

/// Blocks that differ, with everything that a block can hold.
run_result varied_run() {
  auto cell = cell_of(2, 2000, 2000, 2200);
  cell.what.quick = true;
  cell.where = {1, 0, true, "a warning"};
  cell.congestion_control = "reno";
  cell.counted = R"({"counts":{"raw":{"messages":7}},"ladder":[]})";
  cell.sanity = sanity_result{"iperf3", "3.12", "bits_per_s", 2.5e10, {}};
  cell.rate_per_s = 12'345;
  cell.warnings = {"pinning to CPU 1 was refused"};
  cell.blocks[1].rounds[2] = round_of(1000, 1001, 1002);
  cell.blocks[1].rounds[2].failed_gates = {"steal", "run delay"};
  cell.blocks[1].rounds[0].slots[0].report.server_cpu_ns.reset();
  cell.blocks[1].rounds[0].conditions.throttled.reset();
  cell.blocks[1].round_trips_ns[2] = {{3, 1}, {histogram::bucket_of(123'456), 7}};
  run_result run = run_of(std::move(cell));
  run.how.sanity = true;
  run.how.seed = 18446744073709551615U;
  run.where.allowed_cpus = {{0, {0, 1}}, {1, {0, 1}}};
  return run;
}

/// The journal of a run with all its blocks, as if it had just been measured.
void keep(const fs::path& folder, const run_result& run) {
  journal saved(folder, run);
  for (const cell_result& cell : run.cells) {
    cell_result so_far = cell;
    so_far.blocks.clear();
    for (const block_result& block : cell.blocks) {
      so_far.blocks.push_back(block);
      saved.append(so_far, run.arms);
    }
    if (!cell.counted.empty()) saved.append_counted(cell);
    if (cell.sanity) saved.append_sanity(cell);
  }
}

}  // namespace

TEST_CASE("journal: every block comes back as it was") {
  const duet::test::temporary_folder folder;
  const run_result run = varied_run();
  keep(folder.path(), run);
  auto found = read_journal(folder.path());
  REQUIRE(found.run.cells.size() == 1);
  found.run.summaries = {summarise(found.run.cells[0], found.run.arms)};
  found.run.complete = true;
  CHECK(to_json(found.run).dump() == to_json(run).dump());
  CHECK(found.good_bytes == text_of_file(folder.path() + "/blocks.jsonl").size());
}

TEST_CASE(
    "journal: a line that was torn off is cut off and the run goes on after the block before") {
  const duet::test::temporary_folder folder;
  const fs::path file = fs::path(folder.path()) / "blocks.jsonl";
  const run_result run = varied_run();
  keep(folder.path(), run);
  const std::string whole = text_of_file(file);
  add_to(file, whole.substr(0, 100));
  const auto found = read_journal(folder.path());
  CHECK(found.run.cells[0].blocks.size() == 2);
  REQUIRE(found.good_bytes == whole.size());
  {
    journal saved(folder.path(), found.good_bytes);
    saved.append(run.cells[0], run.arms);
  }
  CHECK(read_journal(folder.path()).run.cells[0].blocks.size() == 3);
}

TEST_CASE("journal: a folder with a run in it and one that is being written are refused") {
  const duet::test::temporary_folder folder;
  const run_result run = varied_run();
  keep(folder.path(), run);
  const std::string before = text_of_file(folder.path() + "/blocks.jsonl");
  CHECK_THROWS_AS(journal(folder.path(), run), std::invalid_argument);
  {
    const journal first(folder.path(), before.size());
    CHECK_THROWS_AS(journal(folder.path(), before.size()), std::invalid_argument);
  }
  CHECK(text_of_file(folder.path() + "/blocks.jsonl") == before);
}

TEST_CASE("journal: what is wrong with a file is said with its name") {
  const duet::test::temporary_folder folder;
  CHECK_THROWS_WITH_AS(read_journal(folder.path()), doctest::Contains("run.json"),
                       std::invalid_argument);
  keep(folder.path(), varied_run());
  const fs::path file = fs::path(folder.path()) / "blocks.jsonl";
  add_to(file, "{\"cell\":\"echo/nobody\"}\n");
  CHECK_THROWS_WITH_AS(read_journal(folder.path()), doctest::Contains("line 5"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(read_journal(folder.path()), doctest::Contains("echo/nobody"),
                       std::invalid_argument);
}

TEST_CASE("journal: a block that cannot be written is told and leaves the blocks before it") {
  const duet::test::temporary_folder folder;
  const run_result run = varied_run();
  keep(folder.path(), run);
  const std::string before = text_of_file(folder.path() + "/blocks.jsonl");
  CHECK_THROWS_AS(journal(folder.path() + "/nowhere", run), save_failed);
  CHECK(text_of_file(folder.path() + "/blocks.jsonl") == before);
}

// SPDX-License-Identifier: MIT
// See journal.hpp.
#include "harness/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "harness/output.hpp"
#include "harness/result_read.hpp"
#include "harness/sanity.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* run_schema = "duet-bench-run/1";
constexpr const char* run_name = "run.json";
constexpr const char* blocks_name = "blocks.jsonl";

[[noreturn]] void fail(const fs::path& file, int error) {
  throw save_failed(fmt::format("cannot write {}: {}", file.string(), std::strerror(error)));
}

std::string text_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw std::invalid_argument(fmt::format("cannot read {}", file.string()));
  return std::move(text).str();
}

json run_document(const run_result& run) {
  json arms = json::array();
  for (const arm& each : run.arms) arms.push_back(to_json(each));
  json cells = json::array();
  for (const cell_result& each : run.cells) {
    cells.push_back({{"id", each.what.id()},
                     {"placement", to_json(each.where)},
                     {"skipped", each.skipped},
                     {"failure", each.failure}});
  }
  return {{"schema", run_schema},
          {"plan", to_json(run.how)},
          {"environment", to_json(run.where)},
          {"arms", std::move(arms)},
          {"cells", std::move(cells)}};
}

run_result run_from(const json& document) {
  run_result run;
  if (document.value("schema", "") != run_schema)
    throw std::invalid_argument(fmt::format("its schema is not {}", run_schema));
  run.how = read_plan(document.at("plan"));
  run.where = read_recorded_environment(document.at("environment"));
  for (const json& each : document.at("arms")) run.arms.push_back(read_arm(each));
  for (const json& each : document.at("cells")) {
    cell_result cell;
    cell.what = cell_by_id(each.at("id").get<std::string>());
    cell.where = read_placement(each.at("placement"));
    cell.skipped = each.at("skipped");
    if (cell.skipped) cell.failure = each.at("failure");
    run.cells.push_back(std::move(cell));
  }
  return run;
}

void add_block(run_result& run, const json& line) {
  const std::string id = line.at("cell");
  const auto found = std::find_if(run.cells.begin(), run.cells.end(),
                                  [&](const cell_result& each) { return each.what.id() == id; });
  if (found == run.cells.end())
    throw std::invalid_argument(fmt::format("a block of {}, which is no cell of the run", id));
  if (line.contains("counted")) {
    found->counted = line.at("counted").dump();
    return;
  }
  if (line.contains("sanity")) {
    found->sanity = read_sanity(line.at("sanity"));
    return;
  }
  found->congestion_control = line.at("loader_congestion_control");
  found->blocks.push_back(read_block(line.at("block"), run.arms));
  found->rate_per_s = line.at("rate_per_s");
  found->where = read_placement(line.at("placement"));
  found->warnings = line.at("warnings").get<std::vector<std::string>>();
}

/// @return the bytes of all whole lines
std::size_t add_blocks(run_result& run, const std::string& text) {
  std::size_t begin = 0;
  for (std::size_t number = 1;; ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == text.npos) return begin;
    try {
      add_block(run, json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                 text.begin() + static_cast<std::ptrdiff_t>(end)));
    } catch (const std::exception& error) {
      throw std::invalid_argument(fmt::format("line {}: {}", number, error.what()));
    }
    begin = end + 1;
  }
}

}  // namespace

journal::journal(const fs::path& folder, const run_result& run) : file_(folder / blocks_name) {
  if (fs::exists(folder / run_name)) {
    throw std::invalid_argument(fmt::format("{} holds a run already: --resume {} goes on with it",
                                            folder.string(), folder.string()));
  }
  open_locked(O_CREAT | O_TRUNC);
  try {
    write_file(folder / run_name, run_document(run).dump() + '\n');
  } catch (const std::runtime_error& error) {
    ::close(fd_);
    throw save_failed(error.what());
  }
}

journal::journal(const fs::path& folder, std::size_t good_bytes)
    : file_(folder / blocks_name), good_bytes_(good_bytes) {
  open_locked(O_CREAT);
  if (::ftruncate(fd_, static_cast<off_t>(good_bytes)) == 0) return;
  const int error = errno;
  ::close(fd_);
  fail(file_, error);
}

journal::~journal() { ::close(fd_); }

void journal::open_locked(int flags) {
  // O_TRUNC would empty the file of a run that is under way: the lock comes first.
  fd_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | (flags & ~O_TRUNC), 0666);
  if (fd_ < 0) fail(file_, errno);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw std::invalid_argument(fmt::format("another run is writing {}", file_.string()));
  }
  if ((flags & O_TRUNC) != 0 && ::ftruncate(fd_, 0) != 0) {
    const int error = errno;
    ::close(fd_);
    fail(file_, error);
  }
}

void journal::append(const cell_result& cell, const std::vector<arm>& arms) {
  write_line(json{{"cell", cell.what.id()},
                  {"placement", to_json(cell.where)},
                  {"loader_congestion_control", cell.congestion_control},
                  {"rate_per_s", cell.rate_per_s},
                  {"warnings", cell.warnings},
                  {"block", to_json(cell.blocks.back(), arms)}}
                 .dump() +
             '\n');
}

void journal::append_counted(const cell_result& cell) {
  write_line(json{{"cell", cell.what.id()}, {"counted", json::parse(cell.counted)}}.dump() + '\n');
}

void journal::append_sanity(const cell_result& cell) {
  write_line(json{{"cell", cell.what.id()}, {"sanity", to_json(*cell.sanity)}}.dump() + '\n');
}

void journal::write_line(const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t wrote = ::write(fd_, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  if (done == line.size() && ::fdatasync(fd_) == 0) {
    good_bytes_ += line.size();
    return;
  }
  const int error = errno;
  // What was written of it would be taken for a torn line anyway; this only keeps the file tidy.
  if (::ftruncate(fd_, static_cast<off_t>(good_bytes_)) != 0) fail(file_, error);
  fail(file_, error);
}

read_run read_journal(const fs::path& folder) {
  fs::path file = folder / run_name;
  try {
    read_run result;
    result.run = run_from(json::parse(text_of_file(file)));
    file = folder / blocks_name;
    if (fs::exists(file)) result.good_bytes = add_blocks(result.run, text_of_file(file));
    return result;
  } catch (const std::exception& error) {
    throw std::invalid_argument(fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace duet::bench

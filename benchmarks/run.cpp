// SPDX-License-Identifier: MIT
// duet-bench run: puts the harness together. What it prints is made in harness/console and harness/report, what it leaves
// behind in harness/journal while it runs and in report/ afterwards.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>

#include "commands.hpp"
#include "counted.hpp"
#include "harness/build_info.hpp"
#include "harness/console.hpp"
#include "harness/counters.hpp"
#include "harness/journal.hpp"
#include "harness/output.hpp"
#include "harness/runner.hpp"
#include "harness/sanity_run.hpp"
#include "report/compare.hpp"
#include "report/files.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::optional<std::uint64_t> total_steal_ns(const std::vector<cpu>& cpus) {
  std::uint64_t sum = 0;
  for (const cpu& each : cpus) {
    const auto times = read_cpu_times(each.id);
    if (!times) return std::nullopt;
    sum += times->steal;
  }
  return sum * (1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

/// Per arm: counts of a message are the same from one to the next.
constexpr std::uint64_t counted_messages = 5000;

/// Thrown between blocks when --stop-after has passed.
class out_of_time : public std::exception {};

/// How the measuring ended, and why early.
struct ending {
  int signal = 0;      ///< that stopped it, or 0
  std::string reason;  ///< empty: every cell had its turn
  bool save_failed = false;
};

/// What is left of a cell, by its blocks.
double share_left(const cell_result& cell, std::size_t blocks) {
  if (cell.skipped || cell.blocks.size() >= blocks) return 0;
  return 1 - static_cast<double>(cell.blocks.size()) / static_cast<double>(blocks);
}

milliseconds time_left(const run_result& run) {
  double cells = 0;
  for (const cell_result& cell : run.cells) cells += share_left(cell, run.how.blocks);
  const auto per_cell = run.how.expected_time(run.arms.size());
  return std::chrono::duration_cast<milliseconds>(per_cell * cells);
}

/// Runs the cells in turn.
class cells_in_turn {
 public:
  cells_in_turn(run_result& run, interrupt_source& interrupts, journal& saved, console& out,
                const options& o)
      : run_(run),
        saved_(saved),
        out_(out),
        context_{run.how, run.arms, own_folder().string(), interrupts, {}} {
    const auto begin = steady_clock::now();
    context_.on_progress = [&](const cell& what, std::size_t done, std::size_t all) {
      out.progress(what, done, all, time_left(run));
    };
    context_.on_block = [&, begin, stop_after = o.stop_after](const cell_result& cell) {
      saved.append(cell, run.arms);
      out.end_of_block(cell, run.arms);
      if (stop_after && steady_clock::now() - begin >= *stop_after) throw out_of_time();
    };
  }

  ending run() {
    for (cell_result& cell : run_.cells) {
      if (how_.reason.empty() && !cell.skipped) {
        run_one(cell);
      } else if (!cell.skipped && share_left(cell, run_.how.blocks) > 0) {
        cell.failure = cell.blocks.empty() ? "not begun" : "not finished";
      }
      run_.summaries.push_back(summarise(cell, run_.arms));
      if (!how_.reason.empty() && cell.blocks.empty()) continue;
      out_.end_of_cell(cell, run_.summaries.back(), run_.arms);
    }
    return how_;
  }

 private:
  void run_one(cell_result& cell) {
    try {
      const run_context context = context_of(cell);
      run_cell(context, cell);
      count(context, cell);
      check_sanity(cell);
      return;
    } catch (const interrupted& stop) {
      how_.signal = stop.signal();
      how_.reason = "interrupted";
    } catch (const save_failed& error) {
      how_.reason = error.what();
      how_.save_failed = true;
    } catch (const out_of_time&) {
      if (time_left(run_) > milliseconds(0)) how_.reason = "the time of --stop-after is over";
    }
    if (share_left(cell, run_.how.blocks) > 0) cell.failure = how_.reason;
  }

  /// With the arms that take part, the first ones of the run's.
  run_context context_of(cell_result& cell) {
    run_context result = context_;
    const std::size_t count = arms_taking_part(run_.how, run_.arms, cell.what);
    if (count == run_.arms.size()) return result;
    if (cell.blocks.empty()) {
      cell.warnings.push_back(fmt::format("without the peers: {}; this cell is for the sanity line",
                                          run_.arms[count].refusal(cell.what)));
    }
    result.arms.resize(count);
    return result;
  }

  void count(const run_context& context, cell_result& cell) {
    if (!run_.how.counts || !cell.failure.empty() || !cell.counted.empty()) return;
    out_.beside(cell.what, "counting", time_left(run_));
    count_into(context, cell, counted_messages);
    if (!cell.counted.empty()) saved_.append_counted(cell);
  }

  void check_sanity(cell_result& cell) {
    const auto tool = sanity_tool_for(cell.what);
    if (!run_.how.sanity || !tool || !cell.failure.empty() || cell.sanity) return;
    out_.beside(cell.what, name_of(*tool), time_left(run_));
    measure_sanity(context_, *tool, cell);
    if (cell.sanity->figure) {
      saved_.append_sanity(cell);
    } else if (cell.sanity->not_measured.starts_with(not_installed) &&
               missing_tools_.insert(*tool).second) {
      out_.note(
          fmt::format("{}: {}; no sanity lines of it", name_of(*tool), cell.sanity->not_measured));
    }
  }

  run_result& run_;
  journal& saved_;
  console& out_;
  run_context context_;
  ending how_;
  std::set<sanity_tool> missing_tools_;  ///< that were told of
};

int exit_code_of(const run_result& run) {
  std::size_t failed = 0;
  std::size_t done = 0;
  for (const cell_result& cell : run.cells) {
    if (cell.failure.empty()) ++done;
    if (!cell.failure.empty() && !cell.skipped) ++failed;
  }
  if (done == 0) return exit_failed;
  return failed > 0 ? exit_partly_failed : 0;
}

/// What is to be measured, and what of it is there already.
struct work {
  run_result run;
  fs::path folder;
  std::unique_ptr<journal> saved;
};

work begin_new(const options& o, interrupt_source& interrupts) {
  work result;
  auto chosen = choose_what_to_run(o);
  result.run.how = chosen.how;
  result.run.arms = std::move(chosen.arms);
  result.run.cells = std::move(chosen.cells);
  result.folder = make_output_folder(o.out, build_info::results_dir);
  result.run.where = read_environment(interrupts);
  std::vector<int> cpus;
  for (const cpu& each : result.run.where.allowed_cpus) cpus.push_back(each.id);
  result.run.where.probes = run_probes(cpus);
  result.saved = std::make_unique<journal>(result.folder, result.run);
  return result;
}

/// @throws std::invalid_argument for a run of another machine or build, unless forced
work take_up(const options& o, interrupt_source& interrupts) {
  work result;
  result.folder = o.resume;
  read_run found = read_journal(result.folder);
  result.run = std::move(found.run);
  const environment now = read_environment(interrupts);
  auto unlike = unlike_environments(to_json(result.run.where), to_json(now));
  // Other code is another thing to measure, however alike the machine.
  if (result.run.where.revision != now.revision)
    unlike.push_back(fmt::format("revision: {}, now {}", result.run.where.revision, now.revision));
  if (!unlike.empty() && !o.force) {
    throw std::invalid_argument(
        fmt::format("{} was begun elsewhere or with another build ({}); --force goes on with it",
                    o.resume, fmt::join(unlike, "; ")));
  }
  result.run.how.blocks = o.blocks.value_or(result.run.how.blocks);
  check_resumed(result.run.cells, result.run.arms, now.allowed_cpus);
  result.run.resumed.push_back(now.started_at);
  result.saved = std::make_unique<journal>(result.folder, found.good_bytes);
  return result;
}

/// result.json and what is made from it. @return the exit code
int leave_behind(run_result& run, const fs::path& folder, console& out, int code) {
  const nlohmann::json document = to_json(run);
  try {
    write_file(folder / "result.json", document.dump() + '\n');
  } catch (const std::runtime_error& error) {
    out.note(fmt::format("duet-bench: {}", error.what()));
    return exit_failed;
  }
  const written files = write_report_files(document, folder);
  for (const std::string& problem : files.problems) out.note("duet-bench: " + problem);
  for (const std::string& remark : files.remarks) out.note(remark);
  out.end(run, folder, files.names);
  return code == 0 && !files.problems.empty() ? exit_partly_failed : code;
}

int measure(const options& o, interrupt_source& interrupts, work& what) {
  run_result& run = what.run;
  console out(o.json, use_color(o.color, STDOUT_FILENO));
  const std::string resume = fmt::format("duet-bench run --resume {}", what.folder.string());
  const milliseconds expected = time_left(run);
  if (o.full) {
    fmt::print(stderr, "all cells: about {}. It may be stopped at any time; {} goes on with it\n",
               format_duration(expected), resume);
  }
  out.begin(run, expected);

  const auto steal_before = total_steal_ns(run.where.allowed_cpus);
  const ending end = cells_in_turn(run, interrupts, *what.saved, out, o).run();
  const auto steal_after = total_steal_ns(run.where.allowed_cpus);
  if (steal_before && steal_after) run.steal_ns = *steal_after - *steal_before;
  run.load_after = read_load();
  int code = exit_code_of(run);
  run.complete = end.reason.empty() && code == 0;
  if (!end.reason.empty() && end.signal == 0)
    code = end.save_failed ? exit_failed : exit_partly_failed;
  code = leave_behind(run, what.folder, out, code);
  if (!end.reason.empty()) {
    fmt::print(stderr, "duet-bench: {}; the finished blocks are kept, {} goes on\n", end.reason,
               resume);
  }
  if (end.signal != 0) die_by(end.signal);
  return code;
}

}  // namespace

int run_command(const options& o) {
  interrupt_source interrupts;
  work what;
  try {
    what = o.resume.empty() ? begin_new(o, interrupts) : take_up(o, interrupts);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return exit_usage;
  } catch (const interrupted& stop) {
    die_by(stop.signal());
  }
  return measure(o, interrupts, what);
}

}  // namespace duet::bench

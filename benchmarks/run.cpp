// SPDX-License-Identifier: MIT
// duet-bench run. Puts the harness together; what it prints is made in harness/report and harness/result_json.
#include "commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <utility>

#include "harness/build_info.hpp"
#include "harness/counters.hpp"
#include "harness/output.hpp"
#include "harness/report.hpp"
#include "harness/result_json.hpp"
#include "harness/runner.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::optional<std::uint64_t> total_steal_ns(const std::vector<cpu>& cpus) {
  std::uint64_t sum = 0;
  for (const cpu& each : cpus) {
    const auto times = read_cpu_times(each.id);
    if (!times) return std::nullopt;
    sum += times->steal;
  }
  return sum * (1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

/// What people see: text or JSON Lines on stdout, progress on stderr.
class console {
 public:
  explicit console(const options& o) : json_(o.json), color_(use_color(o.color, STDOUT_FILENO)) {}

  void begin(const run_result& run, std::chrono::milliseconds expected) {
    expected_ = expected;
    if (json_) {
      line({{"type", "start"}, {"environment", to_json(run.where)}, {"plan", to_json(run.how)}});
      return;
    }
    const plan& how = run.how;
    fmt::print(
        "duet-bench: {} cells, {} arms, {} blocks of {} rounds, slots of {} ms less {} ms of "
        "warm-up, seed {}, "
        "about {}\n\n{}\n",
        run.cells.size(), run.arms.size(), how.blocks, how.squares * run.arms.size(),
        how.slot.count(), how.warm_up.count(), how.seed, format_duration(expected),
        environment_text(run.where, how.settings, color_));
    std::fflush(stdout);
  }

  void progress(const cell& what, std::size_t done, std::size_t all,
                std::chrono::milliseconds left) {
    progress_.show(fmt::format("{}: round {} of {}, {} left", what.id(), done + 1, all,
                               format_duration(left)));
  }

  void end_of_cell(const cell_result& cell, const cell_summary& summary,
                   const std::vector<arm>& arms) {
    progress_.clear();
    if (json_) {
      line(cell_line(cell, summary, arms));
    } else {
      fmt::print("{}\n", cell_text(cell, summary, arms, color_));
    }
    std::fflush(stdout);
  }

  void end(const run_result& run, const fs::path& file) {
    if (json_) {
      line({{"type", "end"},
            {"complete", run.complete},
            {"load_after", run.load_after},
            {"steal_ns", run.steal_ns ? json(*run.steal_ns) : json()},
            {"result", file.string()}});
      return;
    }
    fmt::print("{}\nload {} at the end; stolen by the hypervisor {}; seed {}\nresults: {}\n",
               legend_text(run.arms.size() - 1, color_), run.load_after,
               run.steal_ns ? fmt::format("{} ms", *run.steal_ns / 1'000'000) : "unknown",
               run.how.seed, file.string());
    std::fflush(stdout);
  }

  void interrupted() { progress_.clear(); }

 private:
  void line(json object) {
    print_line(std::move(object));
    std::fflush(stdout);
  }

  bool json_;
  bool color_;
  std::chrono::milliseconds expected_{0};
  progress_line progress_;
};

/// Runs the cells in turn. @return the signal that ended it early, or 0
int run_cells(run_result& run, const fs::path& folder, interrupt_source& interrupts, console& out) {
  std::mt19937_64 random(run.how.seed);
  const auto per_cell = run.how.expected_time(run.arms.size());
  std::size_t cells_left = 0;
  for (const cell_result& cell : run.cells) cells_left += cell.skipped ? 0 : 1;
  run_context context{run.how, run.arms, folder.string(), interrupts, {}};
  context.on_progress = [&](const cell& what, std::size_t done, std::size_t all) {
    const double share =
        static_cast<double>(cells_left) - static_cast<double>(done) / static_cast<double>(all);
    out.progress(what, done, all,
                 std::chrono::duration_cast<std::chrono::milliseconds>(per_cell * share));
  };
  int signal = 0;
  for (cell_result& cell : run.cells) {
    try {
      if (signal != 0) cell.failure = "not begun";
      if (!cell.skipped && signal == 0) run_cell(context, random, cell);
    } catch (const interrupted& stop) {
      signal = stop.signal();
      cell.failure = "interrupted";
    }
    run.summaries.push_back(summarise(cell, run.arms));
    if (signal != 0 && cell.blocks.empty()) continue;
    out.end_of_cell(cell, run.summaries.back(), run.arms);
    if (!cell.skipped) --cells_left;
  }
  return signal;
}

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

int measure(const options& o, run_result& run) {
  interrupt_source interrupts;
  const fs::path folder = make_output_folder(o.out, build_info::results_dir);
  console out(o);
  run.where = read_environment(interrupts);
  const auto runnable =
      std::count_if(run.cells.begin(), run.cells.end(), [](const auto& c) { return !c.skipped; });
  out.begin(run, run.how.expected_time(run.arms.size()) * static_cast<int>(runnable));

  const auto steal_before = total_steal_ns(run.where.allowed_cpus);
  const int signal = run_cells(run, own_folder(), interrupts, out);
  const auto steal_after = total_steal_ns(run.where.allowed_cpus);
  if (steal_before && steal_after) run.steal_ns = *steal_after - *steal_before;
  run.load_after = read_load();
  const int code = exit_code_of(run);
  run.complete = signal == 0 && code == 0;
  const fs::path file = folder / "result.json";
  write_file(file, to_json(run).dump() + '\n');
  out.end(run, file);
  if (signal != 0) {
    fmt::print(stderr, "interrupted; the finished blocks are kept\n");
    die_by(signal);
  }
  return code;
}

}  // namespace

int run_command(const options& o) {
  run_result run;
  try {
    auto chosen = choose_what_to_run(o);
    run.how = chosen.how;
    run.arms = std::move(chosen.arms);
    run.cells = std::move(chosen.cells);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return exit_usage;
  }
  return measure(o, run);
}

}  // namespace duet::bench

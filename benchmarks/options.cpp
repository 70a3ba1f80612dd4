// SPDX-License-Identifier: MIT
// See options.hpp.
#include "options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "harness/build_info.hpp"

namespace duet::bench {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  duet-bench run --quick                    both headline cells, two minutes\n"
    "  duet-bench run --filter echo --arms asio  cells, raw and raw' against asio\n"
    "  duet-bench run --cpus 2,3 --blocks 24     server on CPU 2, loader on CPU 3\n"
    "  duet-bench run --resume DIR               goes on with a stopped run\n"
    "  duet-bench ladder                         what each layer adds, 90 seconds\n"
    "  duet-bench resolve                        100 names of 50 ms, a minute\n"
    "  duet-bench idle                           memory of 9000 idle connections\n"
    "  duet-bench compare OLD NEW                ratios to raw, and counts\n"
    "\n"
    "Exit codes: 0 done; 1 failed, or could not save; 2 usage; 6 compare: a count has\n"
    "risen; 8 a part of the cells failed or is left to --resume; died by SIGINT or\n"
    "SIGTERM if stopped, what was measured is kept.";

constexpr std::chrono::milliseconds longest_wait{600'000};

void add_duration(CLI::App& command, const char* name,
                  std::optional<std::chrono::milliseconds>& value, const char* help) {
  command
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            value = parse_duration(text);
            if (!value || *value > longest_wait) {
              throw CLI::ValidationError(
                  name, fmt::format("\"{}\" is not a duration up to 10m, such as 150ms", text));
            }
          },
          help)
      ->type_name("DURATION");
}

/// Which cells and arms, and where.
void add_selection(CLI::App& command, options& value) {
  command.add_option("--filter", value.filters, "Cells whose id contains TEXT; may be repeated")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  command.add_option("--arms", value.arms.names, "Only these arms; raw and raw' always run")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,...");
  command
      .add_option("--arm", value.arms.own,
                  "Your server, one arm more; at $DUET_BENCH_LISTEN\n"
                  "it prints `listening ENDPOINT`, echoes, and ends\n"
                  "on SIGTERM; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=COMMAND");
  command.add_flag("--peers", value.arms.peers,
                   "Against other libraries and languages: libuv,\n"
                   "libevent, Boost.Asio, Go, node, as far as built;\n"
                   "run adds sanity lines of iperf3 and sockperf");
  command.add_option("--cpus", value.cpus, "Where to pin server and loader (by the topology)")
      ->type_name("SERVER,LOADER");
}

void add_run(CLI::App& app, options& value) {
  CLI::App& run = *app.add_subcommand("run", "Measure cells and print the comparison");
  run.add_flag("--quick", value.quick, "Headline cells, 8 blocks, slots of 60 ms: minutes");
  run.add_flag("--full", value.full, "Every cell; takes hours, says so first");
  add_selection(run, value);
  run.add_option("--blocks", value.blocks, "Blocks per cell, the unit of replication (12)")
      ->check(CLI::Range(1, 1000));
  run.add_option("--squares", value.squares, "Latin squares per block (1; quick 4)")
      ->check(CLI::Range(1, 1000));
  add_duration(run, "--slot", value.slot, "One turn of one arm (150ms; quick 60ms)");
  add_duration(run, "--warm-up", value.warm_up, "The part of a slot that is not counted (20ms)");
  run.add_option("--seed", value.seed, "Of the order of the arms (random, recorded)")
      ->check(CLI::NonNegativeNumber);
  run.add_flag_callback(
      "--no-gates", [&value] { value.gates = false; },
      "Count rounds of a machine that was busy, too");
  run.add_flag("--no-counts", value.no_counts, "Leave out the counting after each cell");
  run.add_option("--out", value.out, "For the results (new under build/bench, latest)")
      ->type_name("DIR");
  add_duration(run, "--stop-after", value.stop_after, "End after a block then; --resume goes on");
  run.add_option("--resume", value.resume, "Go on with the run in DIR; --blocks asks for more")
      ->type_name("DIR");
  run.add_flag("--force", value.force, "Resume on another machine or build, too");
}

void add_counts(CLI::App& app, options& value) {
  CLI::App& counts = *app.add_subcommand("counts", "Count calls, switches, allocations a message");
  add_selection(counts, value);
  counts.add_flag("--instructions", value.counts.instructions,
                  "User instructions too, by callgrind: slow");
  counts.add_option("--messages", value.counts.messages, "Messages per arm (20000)")
      ->check(CLI::Range(1, 100'000'000));
}

void add_ladder(CLI::App& app, options& value) {
  CLI::App& ladder = *app.add_subcommand("ladder", "What each layer adds, timed and counted");
  ladder.add_option("--filter", value.filters, "The cell (pingpong/tcp/64B/1c/same-core)")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  ladder.add_option("--cpus", value.cpus, "Where to pin server and loader (by the topology)")
      ->type_name("SERVER,LOADER");
  ladder.add_option("--blocks", value.blocks, "Blocks, the unit of replication (8)")
      ->check(CLI::Range(1, 1000));
  ladder.add_option("--squares", value.squares, "Latin squares per block (4)")
      ->check(CLI::Range(1, 1000));
  add_duration(ladder, "--slot", value.slot, "One turn of one arm (60ms)");
  add_duration(ladder, "--warm-up", value.warm_up, "The part of a slot that is not counted (20ms)");
  ladder.add_option("--messages", value.counts.messages, "Messages to count, per arm (20000)")
      ->check(CLI::Range(1, 100'000'000));
  ladder.add_flag("--instructions", value.counts.instructions,
                  "User instructions too, by callgrind: slow");
}

void add_resolve(CLI::App& app, options& value) {
  CLI::App& resolve = *app.add_subcommand(
      "resolve", "Measure how many names are resolved at a time, against asio::ip::tcp::resolver");
  resolve_plan& how = value.resolve;
  resolve.add_option("--names", how.names, "Names to resolve at once (100)")
      ->check(CLI::Range(1, 10'000));
  resolve
      .add_option_function<std::string>(
          "--delay",
          [&how](const std::string& text) {
            const auto delay = parse_duration(text);
            if (!delay || delay->count() == 0 || *delay > std::chrono::seconds(4))
              throw CLI::ValidationError("--delay", "\"" + text + "\" is not within 1ms and 4s");
            how.delay = *delay;
          },
          "How long the server takes to tell each (50ms)")
      ->type_name("DURATION");
  resolve.add_option("--pools", how.pools, "Lookup threads of the arms asio and raw (1,8,32)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1000))
      ->type_name("N,...");
  resolve.add_option("--rounds", how.rounds, "Turns of every arm (3)")->check(CLI::Range(1, 1000));
  resolve.add_option("--seed", value.seed, "Of the order of the arms (random, recorded)")
      ->check(CLI::NonNegativeNumber);
}

void add_idle(CLI::App& app, options& value) {
  CLI::App& idle = *app.add_subcommand("idle", "Measure the memory of an idle connection");
  idle.add_option("--connections", value.idle.connections, "The most that are open (9000)")
      ->check(CLI::Range(100, 1'000'000));
}

void add_report(CLI::App& app, options& value) {
  CLI::App& report = *app.add_subcommand(
      "report", "Make report.html, summary.md and the rest again from a result.json");
  report.add_option("RESULT", value.report_of, "result.json, or the folder it is in")->required();
  report.add_option("--out", value.out, "Folder for the files (the result's own)")
      ->type_name("DIR");
}

void add_compare(CLI::App& app, options& value) {
  CLI::App& compare =
      *app.add_subcommand("compare", "Compare two results by their ratios to raw and their counts");
  compare.add_option("OLD", value.older, "result.json, or the folder it is in")->required();
  compare.add_option("NEW", value.newer, "The same")->required();
  compare.add_flag("--force", value.force, "Results of unlike machines or builds, too");
  compare
      .add_option("--tolerance", value.tolerance_percent, "Percent by which a count may rise (2)")
      ->check(CLI::Range(0.0, 100.0));
}

/// As in the other programs: of an option that takes one value the last one counts, so that a script's can be overruled.
void let_last_values_count(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (!option->get_positional() && option->get_items_expected_max() == 1) option->take_last();
  }
  for (CLI::App* command : app.get_subcommands({})) let_last_values_count(*command);
}

early_exit early(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream errors;
  const bool is_fine = app.exit(error, out, errors) == 0;
  return {is_fine ? 0 : 2, is_fine ? out.str() : errors.str()};
}

/// What CLI11 cannot see option by option.
std::string contradiction(const options& value) {
  const bool has_short_slots = value.quick || value.what == command_kind::ladder;
  const auto slot = value.slot.value_or(std::chrono::milliseconds(has_short_slots ? 60 : 150));
  if (value.warm_up.value_or(std::chrono::milliseconds(20)) >= slot)
    return "--warm-up must be shorter than --slot\n";
  if (value.what != command_kind::run) return {};
  if (value.quick && value.full) return "--quick and --full exclude each other\n";
  const bool has_own_plan = value.quick || value.full || !value.filters.empty() ||
                            !value.arms.names.empty() || !value.arms.own.empty() ||
                            value.arms.peers || !value.cpus.empty() || value.squares ||
                            value.slot || value.warm_up || value.seed || !value.gates ||
                            value.no_counts || !value.out.empty();
  if (!value.resume.empty() && has_own_plan)
    return "--resume goes by the run's own plan: only --blocks, --stop-after, --force beside it\n";
  if (value.resume.empty() && value.force) return "--force is for --resume\n";
  return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(const std::string& text) {
  std::int64_t number = 0;
  const auto [unit, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view rest(unit, static_cast<std::size_t>(text.data() + text.size() - unit));
  const std::map<std::string_view, std::int64_t> units{{"ms", 1}, {"s", 1000}, {"m", 60'000}};
  const auto found = units.find(rest);
  if (found == units.end() || number > 1'000'000'000) return std::nullopt;
  return std::chrono::milliseconds(number * found->second);
}

parsed_options parse_options(std::vector<std::string> arguments) {
  parsed_options result;
  options& value = result.value;
  CLI::App app("Compares an echo server on Asio with the same on raw POSIX sockets, on loopback.",
               "duet-bench");
  app.footer(examples);
  app.set_version_flag("--version", fmt::format("duet-bench {} (Asio {})", build_info::version,
                                                build_info::asio_version));
  app.require_subcommand(1);
  app.fallthrough();
  const std::map<std::string, color_mode> colors{{"auto", color_mode::automatic},
                                                 {"always", color_mode::always},
                                                 {"never", color_mode::never}};
  app.add_option("--color", value.color, "Colours; auto obeys NO_COLOR")
      ->transform(CLI::CheckedTransformer(colors).description(""))
      ->type_name("auto|always|never");
  app.add_flag("--json", value.json, "JSON Lines on stdout, schema duet-bench/1");
  app.add_subcommand("list", "Print the cells, the arms and the time a run takes");
  add_run(app, value);
  add_counts(app, value);
  add_ladder(app, value);
  add_resolve(app, value);
  add_idle(app, value);
  add_compare(app, value);
  add_report(app, value);
  let_last_values_count(app);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
    if (app.got_subcommand("list")) value.what = command_kind::list;
    if (app.got_subcommand("counts")) value.what = command_kind::counts;
    if (app.got_subcommand("ladder")) value.what = command_kind::ladder;
    if (app.got_subcommand("resolve")) value.what = command_kind::resolve;
    if (app.got_subcommand("idle")) value.what = command_kind::idle;
    if (app.got_subcommand("compare")) value.what = command_kind::compare;
    if (app.got_subcommand("report")) value.what = command_kind::report;
    if (const auto text = contradiction(value); !text.empty()) result.exit = early_exit{2, text};
  } catch (const CLI::ParseError& error) {
    result.exit = early(app, error);
  }
  return result;
}

}  // namespace duet::bench

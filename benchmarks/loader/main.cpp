// SPDX-License-Identifier: MIT
// duet-bench-loader: the client of the benchmarks, a process of its own. It keeps connections to every arm, sleeps on
// its stdin, and drives one arm for one slot at each command. Started by duet-bench; the lines are in protocol.hpp.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/counters.hpp"
#include "loader/protocol.hpp"
#include "loader/traffic.hpp"

namespace {

using namespace duet::bench;

struct target {
  pid_t pid = 0;
  std::unique_ptr<traffic> flow;
};

/// From "NAME=PID@ENDPOINT".
target open_target(const std::string& text, const connection_settings& settings,
                   std::string& congestion) {
  const auto equals = text.find('=');
  const auto at = text.find('@', equals);
  target result;
  const char* const pid_end = text.data() + at;
  if (equals == text.npos || at == text.npos ||
      std::from_chars(text.data() + equals + 1, pid_end, result.pid).ptr != pid_end) {
    throw std::runtime_error(fmt::format("\"{}\" is not NAME=PID@ENDPOINT", text));
  }
  try {
    auto opened = open_traffic(duet::endpoint::parse(text.substr(at + 1)), settings);
    result.flow = std::move(opened.flow);
    congestion = opened.congestion_control;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("arm {}: {}", text.substr(0, equals), error.what()));
  }
  return result;
}

/// Lets the server finish what follows its last echo and go to sleep: the kernel settles the CPU clock of a process
/// when it leaves the CPU.
void settle() {
  constexpr long settle_ns = 300'000;
  const timespec nap{0, settle_ns};
  ::nanosleep(&nap, nullptr);
}

struct clocks {
  std::optional<std::uint64_t> server_cpu, server_delay, loader_delay;
  std::uint64_t loader_cpu = 0;
};

clocks read_clocks(pid_t server) {
  return {family_cpu_ns(server), run_delay_ns(server), run_delay_ns(::getpid()),
          process_cpu_ns(::getpid()).value_or(0)};
}

std::optional<std::uint64_t> difference(const std::optional<std::uint64_t>& after,
                                        const std::optional<std::uint64_t>& before) {
  if (!after || !before) return std::nullopt;
  return *after - *before;
}

slot_report run_slot(target& server, const command& c, histogram& round_trips) {
  constexpr std::uint64_t ns_per_ms = 1'000'000;
  if (c.warm_up_ms > 0)
    server.flow->run({c.warm_up_ms * ns_per_ms, UINT64_MAX, c.rate_per_s}, round_trips);
  settle();
  round_trips.clear();
  const clocks before = read_clocks(server.pid);
  const auto result =
      server.flow->run(c.messages > 0 ? phase{UINT64_MAX, c.messages}
                                      : phase{c.measure_ms * ns_per_ms, UINT64_MAX, c.rate_per_s},
                       round_trips);
  settle();
  const clocks after = read_clocks(server.pid);
  return {.messages = result.messages,
          .elapsed_ns = result.elapsed_ns,
          .server_cpu_ns = difference(after.server_cpu, before.server_cpu),
          .loader_cpu_ns = after.loader_cpu - before.loader_cpu,
          .server_run_delay_ns = difference(after.server_delay, before.server_delay),
          .loader_run_delay_ns = difference(after.loader_delay, before.loader_delay),
          .round_trips_ns = round_trips.to_sparse(),
          .open = result.open};
}

void say(const std::string& line) { std::cout << line << std::endl; }

void serve(const std::vector<std::string>& texts, const connection_settings& settings) {
  std::vector<target> targets;
  ready_report ready;
  for (const auto& text : texts)
    targets.push_back(open_target(text, settings, ready.congestion_control));
  const auto round_trips = std::make_unique<histogram>();
  say(to_line(ready));
  for (std::string line; std::getline(std::cin, line);) {
    const auto c = parse_command(line);
    if (!c || c->target >= targets.size())
      throw std::runtime_error(fmt::format("not a command: {}", line));
    say(to_line(run_slot(targets[c->target], *c, *round_trips)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Drives the arms of a benchmark; started by duet-bench");
  connection_settings settings;
  std::vector<std::string> targets;
  app.add_option("--connections", settings.connections)->check(CLI::PositiveNumber);
  app.add_option("--message-bytes", settings.message_bytes)->check(CLI::PositiveNumber);
  app.add_option("--congestion-control", settings.congestion_control);
  app.add_option("--receive-buffer-bytes", settings.receive_buffer_bytes)
      ->check(CLI::PositiveNumber);
  const std::map<std::string, traffic_kind> kinds{{"closed", traffic_kind::closed},
                                                  {"open", traffic_kind::open},
                                                  {"one-way", traffic_kind::one_way},
                                                  {"arrivals", traffic_kind::arrivals},
                                                  {"framed", traffic_kind::framed}};
  app.add_option("--kind", settings.kind)->transform(CLI::CheckedTransformer(kinds));
  app.add_option("--depth", settings.depth)->check(CLI::PositiveNumber);
  app.add_option("--active", settings.active)->check(CLI::NonNegativeNumber);
  app.add_flag("--spin", settings.spin);
  app.add_flag("--pingpong", settings.pingpong);
  app.add_flag("--one-way", settings.one_way);
  app.add_flag("--segments", settings.segments);
  app.add_option("--target", targets, "NAME=PID@ENDPOINT")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    serve(targets, settings);
  } catch (const std::exception& error) {
    say(error_line(error.what()));
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: MIT
// duet-bench resolve: the scenario on its stage, a network namespace with a name server that follows a script (tests/dns). One process per
// arm, in turn, in a new order in each round; the threads of a pool stay from its first round on.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "commands.hpp"
#include "harness/environment.hpp"
#include "harness/interrupt.hpp"
#include "harness/process.hpp"
#include "harness/report.hpp"
#include "harness/result_json.hpp"
#include "harness/terminal.hpp"
#include "private_host.hpp"
#include "scenarios/resolve.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

using std::chrono::milliseconds;

/// The server, answering everything late, and the arms, asleep.
class resolve_crew {
 public:
  resolve_crew(const resolve_plan& how, const std::vector<resolve_arm>& arms,
               interrupt_source& interrupts)
      : how_(how) {
    const std::string folder = own_folder().string();
    server_ = start("name server", {folder + "/duet-test-dns", "-", "127.0.0.1:53"}, interrupts);
    server_->read_line(start_limit);
    // One address: with more of them it would be measured how libc sorts (RFC 6724).
    for (const char* rule : {"* A delay={} answer 192.0.2.1", "* AAAA delay={} empty"}) {
      server_->write_line("add " + fmt::format(fmt::runtime(rule), how.delay.count()));
      server_->read_line(start_limit);
    }
    for (const resolve_arm& each : arms) {
      std::vector<std::string> command{folder + '/' + each.program};
      if (!each.is_stock) command.push_back(fmt::format("--threads={}", each.threads));
      arms_.push_back(
          start(fmt::format("arm {}, {} threads", each.name, each.threads), command, interrupts));
    }
  }

  /// One turn of one arm, in ms.
  double run(std::size_t arm) {
    // As long as one name after the other takes, twice: a loaded machine is slow, a hanging arm is hanging.
    const milliseconds limit = start_limit + how_.delay * static_cast<int>(how_.names) * 2;
    child& process = *arms_[arm];
    process.write_line(std::to_string(how_.names));
    const std::string line = process.read_line(limit);
    std::uint64_t took_ns = 0;
    std::size_t found = 0;
    const char* const end = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data(), end, took_ns);
    const auto second = std::from_chars(std::min(rest + 1, end), end, found);
    if (error != std::errc{} || second.ec != std::errc{} || found != how_.names) {
      throw std::runtime_error(fmt::format("{}: {} of {} names were resolved (\"{}\")",
                                           process.name(), found, how_.names, line));
    }
    return static_cast<double>(took_ns) / 1e6;
  }

 private:
  static std::unique_ptr<child> start(const std::string& name,
                                      const std::vector<std::string>& command,
                                      interrupt_source& interrupts) {
    return std::make_unique<child>(name, command, std::nullopt, interrupts);
  }

  const resolve_plan& how_;
  std::unique_ptr<child> server_;
  std::vector<std::unique_ptr<child>> arms_;
};

std::vector<std::vector<double>> measure(const resolve_plan& how,
                                         const std::vector<resolve_arm>& arms,
                                         interrupt_source& interrupts) {
  resolve_crew crew(how, arms, interrupts);
  std::mt19937_64 random(how.seed);
  std::vector<std::size_t> order(arms.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::vector<double>> took_ms(arms.size());
  progress_line progress;
  for (std::size_t round = 0; round < how.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t arm : order) {
      progress.show(fmt::format("resolve: round {} of {}, {} with {}", round + 1, how.rounds,
                                arms[arm].name, arms[arm].threads));
      took_ms[arm].push_back(crew.run(arm));
    }
  }
  return took_ms;
}

void print_result(const options& o, const environment& where,
                  const std::vector<resolve_figures>& all) {
  if (o.json) {
    print_line({{"type", "start"}, {"environment", to_json(where)}});
    for (const resolve_figures& each : all) print_line(to_json(o.resolve, each));
    return;
  }
  const bool color = use_color(o.color, STDOUT_FILENO);
  fmt::print("{}\n{}  {}, seed {}\n\n{}", machine_text(where, color),
             paint("resolve", ink::bold, color), description(o.resolve), o.resolve.seed,
             table_text(o.resolve, all, color));
}

}  // namespace

int resolve_command(const options& wanted) {
  options o = wanted;
  o.resolve.seed = o.seed ? *o.seed : std::random_device{}();
  interrupt_source interrupts;
  const environment where = read_environment(interrupts);
  const test::private_host host({.resolv_conf = "nameserver 127.0.0.1\n"});
  if (!host.refusal().empty()) {
    fmt::print(stderr, "duet-bench: resolve: not measured: {}\n", host.refusal());
    return exit_failed;
  }
  try {
    const auto arms = resolve_arms(o.resolve);
    print_result(o, where, summarise(o.resolve, arms, measure(o.resolve, arms, interrupts)));
  } catch (const interrupted& stop) {
    die_by(stop.signal());
  }
  return 0;
}

}  // namespace duet::bench

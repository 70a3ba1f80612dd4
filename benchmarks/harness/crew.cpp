// SPDX-License-Identifier: MIT
// See crew.hpp.
#include "harness/crew.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "duet/endpoint.hpp"
#include "duet/os/limits.hpp"
#include "harness/counters.hpp"

namespace duet::bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds answer_margin{10'000};
constexpr milliseconds count_limit{60'000};  // a traced server is slow
constexpr std::string_view ready_word = "listening ";

/// As the loader's --kind has it.
std::string_view loader_word(traffic_kind kind) {
  switch (kind) {
    case traffic_kind::closed: return "closed";
    case traffic_kind::open: return "open";
    case traffic_kind::one_way: return "one-way";
    case traffic_kind::framed: return "framed";
    case traffic_kind::arrivals: break;
  }
  return "arrivals";
}

/// @throws std::runtime_error naming the arm
void check_announced(const arm& which, const std::string& where, const cell& what) {
  try {
    if (scheme(endpoint::parse(where).transport()) == what.transport()) return;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("arm {}: {}", which.name, error.what()));
  }
  throw std::runtime_error(
      fmt::format("arm {} listens on {}, this cell is of {}", which.name, where, what.transport()));
}

}  // namespace

crew::crew(const run_context& run, cell_result& result) : run_(run), result_(result) {
  for (std::size_t i = 0; i < run.arms.size(); ++i) arms_.push_back(start_arm(i));
  start_loaders();
  if (result.what.kind == traffic_kind::open && result.rate_per_s == 0) find_rate();
}

slot_report crew::ask(std::size_t arm_index, command what, milliseconds limit) {
  const bool own_loader = loaders_.size() > 1;
  what.target = own_loader ? 0 : arm_index;
  child& loader = *loaders_[own_loader ? arm_index : 0];
  try {
    loader.write_line(to_line(what));
    return parse_report(loader.read_line(limit));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("arm {}: {}", run_.arms[arm_index].name, error.what()));
  }
}

slot_report crew::run_slot(std::size_t arm_index) {
  const plan& how = run_.how;
  return ask(arm_index,
             {.warm_up_ms = static_cast<std::uint64_t>(how.warm_up.count()),
              .measure_ms = static_cast<std::uint64_t>((how.slot - how.warm_up).count()),
              .rate_per_s = result_.rate_per_s},
             how.slot + answer_margin);
}

void crew::find_rate() {
  double slowest = 0;
  for (std::size_t i = 0; i < arms_.size(); ++i) {
    const slot_report turn = run_slot(i);
    const double rate = static_cast<double>(turn.messages) * 1e9 /
                        static_cast<double>(std::max<std::uint64_t>(turn.elapsed_ns, 1));
    slowest = i == 0 ? rate : std::min(slowest, rate);
  }
  const double share = static_cast<double>(result_.what.load_percent) / 100;
  result_.rate_per_s = std::max<std::uint64_t>(static_cast<std::uint64_t>(slowest * share), 1);
}

slot_report crew::run_messages(std::size_t arm_index, std::uint64_t messages) {
  return ask(arm_index, {.messages = messages}, count_limit);
}

std::uint64_t crew::own_cpu_ns() const {
  std::uint64_t sum = process_cpu_ns(::getpid()).value_or(0);
  for (const auto& loader : loaders_) sum += process_cpu_ns(loader->pid()).value_or(0);
  for (const auto& arm : arms_) sum += process_cpu_ns(arm->pid()).value_or(0);
  return sum;
}

std::unique_ptr<child> crew::start(const std::string& name, const std::vector<std::string>& argv,
                                   int cpu) {
  const auto where = result_.where.pinned ? std::optional(cpu) : std::nullopt;
  auto process = std::make_unique<child>(name, argv, where, run_.interrupts);
  if (process->pinning_error() != 0) {
    result_.where.pinned = false;
    result_.warnings.push_back(
        fmt::format("pinning to CPU {} was refused ({}): the processes run where the scheduler "
                    "puts them, expect more noise",
                    cpu, std::strerror(process->pinning_error())));
  }
  return process;
}

void crew::end_arm(std::size_t arm_index) {
  ::kill(arms_[arm_index]->pid(), SIGTERM);
  arms_[arm_index]->wait(answer_margin);
}

std::unique_ptr<child> crew::start_arm(std::size_t arm_index) {
  const arm& which = run_.arms[arm_index];
  auto argv = command_of(which, run_.program_folder, result_.what, run_.how.settings);
  if (run_.prefix_of) {
    const auto before = run_.prefix_of(arm_index);
    argv.insert(argv.begin(), before.begin(), before.end());
  }
  auto process = start("arm " + which.name, argv, result_.where.server_cpu);
  const std::string line = process->read_line(start_limit);
  if (!line.starts_with(ready_word)) {
    throw std::runtime_error(
        fmt::format("arm {} printed \"{}\", not \"listening ENDPOINT\"", which.name, line));
  }
  const std::string where = line.substr(ready_word.size());
  check_announced(which, where, result_.what);
  targets_.push_back(fmt::format("{}={}@{}", which.name, process->pid(), where));
  return process;
}

void crew::start_loaders() {
  std::error_code ec;
  const std::size_t needed = result_.what.connections * arms_.size() + spare_descriptors;
  const std::size_t each = needed > os::descriptor_limit(ec) ? 1 : targets_.size();
  for (std::size_t first = 0; first < targets_.size(); first += each)
    loaders_.push_back(start_loader(std::span(targets_).subspan(first, each)));
  for (const auto& loader : loaders_)
    result_.congestion_control = parse_ready(loader->read_line(start_limit)).congestion_control;
}

std::unique_ptr<child> crew::start_loader(std::span<const std::string> targets) {
  const cell& what = result_.what;
  std::vector<std::string> argv{
      run_.program_folder + "/duet-bench-loader", fmt::format("--connections={}", what.connections),
      fmt::format("--message-bytes={}", what.message_bytes),
      fmt::format("--congestion-control={}", run_.how.settings.congestion_control)};
  if (const auto& shape = what.datagrams) {
    argv.push_back(
        fmt::format("--receive-buffer-bytes={}", run_.how.settings.receive_buffer_bytes));
    if (shape->one_way) argv.emplace_back("--one-way");
    if (shape->pingpong) argv.emplace_back("--pingpong");
    if (shape->extra == datagram_extra::segments) argv.emplace_back("--segments");
  } else {
    argv.push_back(fmt::format("--kind={}", loader_word(what.kind)));
    argv.push_back(fmt::format("--depth={}", what.depth));
    argv.push_back(fmt::format("--active={}", what.active));
  }
  if (what.spin) argv.emplace_back("--spin");
  for (const auto& target : targets) argv.push_back("--target=" + target);
  return start("loader", argv, result_.where.loader_cpu);
}

}  // namespace duet::bench

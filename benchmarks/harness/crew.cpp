// SPDX-License-Identifier: MIT
// See crew.hpp.
#include "harness/crew.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "harness/counters.hpp"

namespace duet::bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds start_limit{10'000};
constexpr milliseconds answer_margin{10'000};
constexpr milliseconds count_limit{60'000};  // a traced server is slow
constexpr std::string_view ready_word = "listening ";

}  // namespace

crew::crew(const run_context& run, cell_result& result) : run_(run), result_(result) {
  for (const arm& each : run.arms) arms_.push_back(start_arm(each));
  loader_ = start_loader();
  result.congestion_control = parse_ready(loader_->read_line(start_limit)).congestion_control;
}

slot_report crew::ask(const command& what, milliseconds limit) {
  try {
    loader_->write_line(to_line(what));
    return parse_report(loader_->read_line(limit));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("arm {}: {}", run_.arms[what.target].name, error.what()));
  }
}

slot_report crew::run_slot(std::size_t arm_index) {
  const plan& how = run_.how;
  return ask({.target = arm_index,
              .warm_up_ms = static_cast<std::uint64_t>(how.warm_up.count()),
              .measure_ms = static_cast<std::uint64_t>((how.slot - how.warm_up).count())},
             how.slot + answer_margin);
}

slot_report crew::run_messages(std::size_t arm_index, std::uint64_t messages) {
  return ask({.target = arm_index, .messages = messages}, count_limit);
}

std::uint64_t crew::own_cpu_ns() const {
  std::uint64_t sum =
      process_cpu_ns(::getpid()).value_or(0) + process_cpu_ns(loader_->pid()).value_or(0);
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

std::unique_ptr<child> crew::start_arm(const arm& which) {
  auto process = start("arm " + which.name,
                       command_of(which, run_.program_folder, result_.what, run_.how.settings),
                       result_.where.server_cpu);
  const std::string line = process->read_line(start_limit);
  if (!line.starts_with(ready_word)) {
    throw std::runtime_error(
        fmt::format("arm {} printed \"{}\", not \"listening ENDPOINT\"", which.name, line));
  }
  targets_.push_back(
      fmt::format("{}={}@{}", which.name, process->pid(), line.substr(ready_word.size())));
  return process;
}

std::unique_ptr<child> crew::start_loader() {
  std::vector<std::string> argv{
      run_.program_folder + "/duet-bench-loader",
      fmt::format("--connections={}", result_.what.connections),
      fmt::format("--message-bytes={}", result_.what.message_bytes),
      fmt::format("--congestion-control={}", run_.how.settings.congestion_control)};
  if (const auto& shape = result_.what.datagrams) {
    argv.push_back(
        fmt::format("--receive-buffer-bytes={}", run_.how.settings.receive_buffer_bytes));
    if (shape->one_way) argv.emplace_back("--one-way");
    if (shape->extra == datagram_extra::segments) argv.emplace_back("--segments");
  }
  for (const auto& target : targets_) argv.push_back("--target=" + target);
  return start("loader", argv, result_.where.loader_cpu);
}

}  // namespace duet::bench

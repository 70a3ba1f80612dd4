// SPDX-License-Identifier: MIT
// The processes of one block: every arm, pinned and standing ready, then the loader, which holds connections to all of
// them and drives one at a time. They end with the object. Where one loader may not hold so many descriptors, each arm has its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/interrupt.hpp"
#include "harness/process.hpp"
#include "harness/result.hpp"

namespace duet::bench {

/// What a run has in common for all its cells.
struct run_context {
  plan how;
  std::vector<arm> arms;
  std::string program_folder;  ///< where the arms and the loader are
  interrupt_source& interrupts;
  /// Called between slots with the finished rounds and all rounds of the cell.
  std::function<void(const cell&, std::size_t done, std::size_t all)> on_progress;
  /// Called with the cell whose last block is new. What it throws ends the run.
  std::function<void(const cell_result&)> on_block{};
  /// What to put in front of the command of an arm, by its index; nothing if it is empty.
  std::function<std::vector<std::string>(std::size_t arm_index)> prefix_of{};
};

class crew {
 public:
  /// Puts what has to be told into `result`: the congestion control in effect, a refused pinning.
  /// @throws std::runtime_error naming what did not start; interrupted
  crew(const run_context&, cell_result& result);

  /// One turn of one arm, by the plan's times and the cell's rate, if it has one. @throws std::runtime_error naming the arm; interrupted
  slot_report run_slot(std::size_t arm_index);
  /// The same for a number of messages, without warm-up.
  slot_report run_messages(std::size_t arm_index, std::uint64_t messages);

  /// Asks one arm to end and waits for it: it has something to write down. @throws std::runtime_error if it does not
  void end_arm(std::size_t arm_index);

  [[nodiscard]] pid_t pid_of(std::size_t arm_index) const { return arms_[arm_index]->pid(); }
  /// CPU time of all processes of the harness; they sleep when this is called.
  [[nodiscard]] std::uint64_t own_cpu_ns() const;

 private:
  std::unique_ptr<child> start(const std::string& name, const std::vector<std::string>& argv,
                               int cpu);
  std::unique_ptr<child> start_arm(std::size_t arm_index);
  void start_loaders();
  std::unique_ptr<child> start_loader(std::span<const std::string> targets);
  slot_report ask(std::size_t arm_index, command, std::chrono::milliseconds limit);
  /// What the slowest arm can do, by one closed-loop turn of each; the cell's share of it becomes its rate.
  void find_rate();

  const run_context& run_;
  cell_result& result_;
  std::vector<std::string> targets_;
  std::vector<std::unique_ptr<child>> arms_;
  std::vector<std::unique_ptr<child>> loaders_;  // the last member: it closes its connections first
};

}  // namespace duet::bench

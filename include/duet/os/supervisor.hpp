// SPDX-License-Identifier: MIT
// supervisor: keeps worker processes at work. It forks them before they have a loop or a thread, and touches no byte of what they serve.
// policy/supervisor.hpp decides; here are fork, waitpid, kill, and the wait for signals. Source: fork(2), signalfd(2), waitpid(2), ppoll(2),
// mmap(2), prctl(2) PR_SET_PDEATHSIG.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "duet/observer.hpp"
#include "duet/os/worker_board.hpp"
#include "duet/supervisor_options.hpp"

namespace duet::os {

/// A worker's view of its supervisor. Everything here is one store to shared memory, but for ready().
class worker_context {
 public:
  /// Which place it fills, from 0.
  [[nodiscard]] std::size_t place() const noexcept { return place_; }
  /// What supervisor_setup::descriptors said for the place. The worker's copies; nobody closes them but it.
  [[nodiscard]] const std::vector<int>& descriptors() const noexcept { return descriptors_; }

  /// It serves from now on. Whoever it replaces is told to go.
  void ready() noexcept;
  /// It turns: to be said at least each beat_interval(). Zero: nobody listens.
  void beat() noexcept { row_->beats.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::chrono::milliseconds beat_interval() const noexcept { return beat_interval_; }
  /// One of its counters is this now.
  void count(std::size_t which, std::uint64_t value) noexcept {
    row_->counters[which].store(value, std::memory_order_relaxed);
  }
  /// Of all workers, now.
  [[nodiscard]] worker_numbers total() const noexcept { return board_->total(); }

  /// Whether all are told to go, not this one because another has its place.
  [[nodiscard]] bool stopping() const noexcept { return board_->stopping(); }

  /// Readable (at its end) once the supervisor has gone. With the default death signal nobody lives to see it.
  [[nodiscard]] int supervisor_descriptor() const noexcept { return supervisor_; }

 private:
  friend class supervisor;
  std::size_t place_ = 0;
  std::vector<int> descriptors_{};
  worker_row* row_ = nullptr;
  const worker_board* board_ = nullptr;
  std::chrono::milliseconds beat_interval_{};
  int supervisor_ = -1;
  int status_ = -1;
};

struct supervisor_setup {
  supervisor_options options{};

  /// What a worker does. It returns its exit code: 0 once it has drained, exit_do_not_respawn, anything else; what it throws is 1. It is told
  /// to drain by SIGTERM, whose disposition it finds at its default, as every other's that was not ignored before.
  std::function<int(worker_context&)> worker{};
  /// What the worker of a place keeps beside the standard descriptors. All others are closed in it.
  std::function<std::vector<int>(std::size_t place)> descriptors{};
  /// How counters add up.
  std::vector<counter_rule> counters{};

  /// Signals to obey while run() runs: the first of these drains, the second kills; those reload; of the others on_signal is told. They are
  /// blocked meanwhile, and SIGCHLD with them; mask and dispositions are put back. None: the program calls stop() and reload().
  std::vector<int> stop_signals{};
  std::vector<int> reload_signals{};
  std::vector<int> other_signals{};
  std::function<void(int)> on_signal{};

  /// Called for everything that happens, from run(). It may call the supervisor.
  std::function<void(const supervisor_news&)> told{};
  /// Called so often from run(), if not zero.
  std::chrono::milliseconds tick{0};
  std::function<void()> on_tick{};

  /// What a worker gets when the supervisor dies. 0: nothing; then it has supervisor_descriptor().
  int death_signal = SIGKILL;
  /// Told the steps (fork, waitpid, kill), in parent and children. nullptr: nobody.
  observer* watcher = nullptr;
};

struct supervisor_result {
  int code =
      0;  ///< 0; 1: somebody was cut; exit_do_not_respawn: all places are empty; exit_crash_loop
  int stop_signal = 0;    ///< the first one
  int second_signal = 0;  ///< the one that killed
};

/// Children of the program that are not workers stay its own: only workers are waited for. But while run() runs, nobody hears SIGCHLD.
/// Threads: none may exist when run() is called, for a fork copies one of them only; one supervisor at a time.
class supervisor {
 public:
  /// Throws std::system_error: invalid_argument for options out of range; mmap(2)'s, pipe2(2)'s.
  explicit supervisor(supervisor_setup setup);
  /// Kills the workers that are left, and reaps them.
  ~supervisor();
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;

  /// Returns when nobody is left and nobody is to come. Once. A worker's process never returns from it.
  /// Throws std::system_error: signalfd(2)'s; and what the functions of the setup throw.
  supervisor_result run();

  /// As the signals do. To be called from the setup's functions.
  void stop();
  void reload();

  /// Of all workers, now and before.
  [[nodiscard]] worker_numbers total() const noexcept;
  /// Of those who live, in the order of their forks.
  [[nodiscard]] std::vector<int> pids() const;

 private:
  class core;
  std::unique_ptr<core> core_;
};

}  // namespace duet::os

// SPDX-License-Identifier: MIT
// A child process of the harness: started pinned, in a process group of its own (so that Ctrl-C reaches only the
// orchestrator), killed by the kernel should the orchestrator die, ended by its pid on every other path.
// @see fork(2), prctl(2) PR_SET_PDEATHSIG, pidfd_open(2), sched_setaffinity(2)
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet::bench {

/// How long a server or a loader may take to say that it is ready.
inline constexpr std::chrono::milliseconds start_limit{10'000};

class interrupt_source;

class child {
 public:
  /// Starts `argv[0]`, found by PATH if it holds no slash, its stdin and stdout ours to write and read; stderr is shared.
  /// @param cpu where to pin it; nothing leaves it where the scheduler wants it
  /// @throws std::system_error if it cannot be started
  child(std::string name, const std::vector<std::string>& argv, std::optional<int> cpu,
        interrupt_source& interrupts);
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// errno of the refused pinning; 0 if it was granted or not asked for.
  [[nodiscard]] int pinning_error() const noexcept { return pinning_error_; }

  /// The next line of its stdout, without the newline.
  /// @throws std::runtime_error naming the child if it ended or nothing came in time; `interrupted` on a signal
  std::string read_line(std::chrono::milliseconds limit);
  /// All of its stdout up to the end. Throws as `read_line` does when nothing came in time.
  std::string read_all(std::chrono::milliseconds limit);
  /// Writes `line` and a newline to its stdin. @throws std::runtime_error if it no longer reads
  void write_line(std::string_view line);

  /// SIGTERM to its process group, then SIGKILL after a second or at the next signal of ours. Waits until it is gone.
  /// @return its wait status, the same at every further call
  int end() noexcept;
  /// Waits until it ends by itself. @throws as `read_line`. @return its wait status
  int wait(std::chrono::milliseconds limit);

 private:
  bool receive(std::chrono::milliseconds limit);
  void give_time_to_end(int limit_ms) noexcept;
  void reap() noexcept;
  [[noreturn]] void fail(std::string_view reason);

  std::string name_;
  interrupt_source& interrupts_;
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int stdin_fd_ = -1;
  int stdout_fd_ = -1;
  int pinning_error_ = 0;
  bool reaped_ = false;
  int status_ = 0;
  std::string received_;
};

/// Runs a command to its end and returns what it printed; nothing if it could not be run or failed.
std::optional<std::string> output_of(const std::vector<std::string>& argv, interrupt_source&);

}  // namespace duet::bench

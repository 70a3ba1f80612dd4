// SPDX-License-Identifier: MIT
// child: a program under test as a process: its three standard descriptors are pipes, its end is an exit code. Everything that is waited for
// has a cap of 15 seconds (more under a sanitizer), after which the test fails; nothing sleeps. Source: posix_spawn(3), pidfd_open(2).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "duet/os/unique_fd.hpp"

namespace duet::test {

struct child_options {
  /// "NAME=value" in place of, or beside, this process's own.
  std::vector<std::string> environment{};
  /// What standard input is; -1: a pipe that write_in() fills.
  int input_fd = -1;
  /// What it finds ignored, as whoever starts a program may have it; 0: nothing.
  int ignored_signal = 0;
};

class child {
 public:
  using options = child_options;

  /// Starts argv[0] (looked up in PATH if it has no slash).
  explicit child(std::vector<std::string> argv, const options& how = {});
  /// Kills it if it still runs.
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Queues input; it is written while something is waited for.
  void write_in(std::string_view bytes);
  /// Closes standard input once all that is queued has been written.
  void close_in() { close_in_ = true; }

  /// The next line of standard output, without its end. Fails the test at the end of the output.
  std::string read_line();
  /// Waits until standard error holds `text`.
  void wait_for_err(std::string_view text);
  /// Waits until `true_now` says so; it is asked whenever something was read or written.
  void wait_until(const std::function<bool()>& true_now, std::string_view what);

  /// Closes the reading end of standard output, as `| head -1` does.
  void close_out() { out_.reset(); }
  /// For tests that move the bytes themselves. Give up write_in, close_in and read_line then.
  os::unique_fd take_in() { return std::move(in_); }
  os::unique_fd take_out() { return std::move(out_); }

  void signal(int number) const;

  /// Waits for its end; its exit code, or minus the signal that killed it. Fails the test if a sanitizer has reported anything.
  int wait();

  /// What has been written so far, less the lines read.
  [[nodiscard]] const std::string& out() const noexcept { return out_text_; }
  [[nodiscard]] const std::string& err() const noexcept { return err_text_; }

 private:
  bool pump(int timeout_ms);
  bool feed();
  static void drain(os::unique_fd& from, std::string& into);
  void fail(std::string_view what);
  void reap();

  pid_t pid_ = -1;
  os::unique_fd pidfd_;
  os::unique_fd in_;
  os::unique_fd out_;
  os::unique_fd err_;
  std::string in_text_;
  bool close_in_ = false;
  std::string out_text_;
  std::string err_text_;
  bool ended_ = false;
  int result_ = 0;
};

/// What a program's whole run came to.
struct outcome {
  int result;
  std::string out;
  std::string err;
};

/// Runs a program to its end with this input.
outcome run(std::vector<std::string> argv, std::string_view input = {},
            const child::options& how = {});

/// Whether PATH has such a program.
bool have_program(const std::string& name);

/// The cap of every wait.
std::chrono::seconds patience();

}  // namespace duet::test

// SPDX-License-Identifier: MIT
// SIGINT, SIGTERM and SIGHUP as a descriptor, so that the orchestrator notices them wherever it waits and unwinds
// through the destructors that end its children. @see signalfd(2)
#pragma once

#include <exception>

namespace duet::bench {

/// Thrown by every wait of the harness once one of the signals has come.
class interrupted : public std::exception {
 public:
  explicit interrupted(int signal) : signal_(signal) {}
  [[nodiscard]] int signal() const noexcept { return signal_; }
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }

 private:
  int signal_;
};

/// Blocks the signals for the process and opens the descriptor. One per process, before any child.
class interrupt_source {
 public:
  interrupt_source();
  ~interrupt_source();
  interrupt_source(const interrupt_source&) = delete;
  interrupt_source& operator=(const interrupt_source&) = delete;

  /// Readable once a signal is pending; for poll(2).
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Takes the next pending signal; 0 if there is none.
  int take() noexcept;

 private:
  int fd_ = -1;
};

/// Dies by `signal`, so that the caller's shell sees it. @return never
[[noreturn]] void die_by(int signal);

}  // namespace duet::bench

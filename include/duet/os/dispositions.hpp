// SPDX-License-Identifier: MIT
// dispositions: what a process did on a signal before the application asked for it, to be put back afterwards. Source: sigaction(2).
#pragma once

#include <csignal>
#include <map>
#include <system_error>

namespace duet::os {

/// Remembers dispositions, and puts them back when it goes. Not thread-safe, as dispositions are the process's.
class saved_dispositions {
 public:
  saved_dispositions() = default;
  saved_dispositions(const saved_dispositions&) = delete;
  saved_dispositions& operator=(const saved_dispositions&) = delete;
  ~saved_dispositions() { restore(); }

  /// Remembers the present one. Errors: sigaction(2)'s, for what is no signal.
  void save(int signal, std::error_code& ec);

  /// Puts back what was remembered, where the present one is the default or `ours`: one that somebody else has set meanwhile stays.
  void restore(void (*ours)(int) = SIG_DFL) noexcept;

 private:
  std::map<int, struct sigaction> former_;
};

}  // namespace duet::os

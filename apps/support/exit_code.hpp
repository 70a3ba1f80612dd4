// SPDX-License-Identifier: MIT
// exit_code: what a duet program tells the shell, the same for all of them. Signals are not here: a program that a signal ends dies by
// that signal, or exits with 128 and its number.
#pragma once

#include <system_error>

namespace duet::apps {

enum class exit_code : int {
  done = 0,
  failed = 1,         ///< at run time
  usage = 2,          ///< bad options or bad input, names and ports too
  no_such_name = 3,   ///< the name does not exist or has no data
  not_connected = 4,  ///< nobody answered, or with a refusal
  timed_out = 5,      ///< a deadline of the program's own
  mismatch = 6,       ///< what came back is not what was sent
  not_resolved = 7,   ///< the name servers fail or are silent, for now
  partly_failed = 8,  ///< some of a batch
  crash_loop = 9,     ///< workers die again and again before they are ready
};

/// The code for an error: what it says about names, input and deadlines goes first, everything else is `otherwise`.
exit_code exit_code_of(std::error_code why, exit_code otherwise) noexcept;

constexpr int to_int(exit_code code) noexcept { return static_cast<int>(code); }

}  // namespace duet::apps

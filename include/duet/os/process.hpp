// SPDX-License-Identifier: MIT
// process: a process made by fork, and how it ended: what a child must not inherit (handlers of signals, a mask, descriptors of others), that
// it goes with its parent, and that it leaves no zombie. It decides nothing, and installs no handler.
// Source: fork(2), waitpid(2), close_range(2), prctl(2) PR_SET_PDEATHSIG, signal(7).
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/os/flow.hpp"

namespace duet::os {

/// What a new process starts with.
struct child_setup {
  /// What the kernel sends it when its parent ends; 0: nothing, it lives on.
  int death_signal = SIGTERM;
  /// Ignored signals stay ignored, as execve(2) has it. Handlers are the parent's and never run in the child.
  bool keep_ignored = true;
  /// Signals that stay blocked until the child is ready for them; its mask has no others.
  std::vector<int> blocked{};
};

/// fork(2). Returns the child's pid, 0 in the child, -1 with the flow failed. All signals are blocked meanwhile, so that none of the parent's
/// handlers runs in the child. `asio` is what Asio has to do with it, for traces. Nothing may be buffered in stdio: the child would
/// print it too. Other threads do not exist in the child, but what they had locked stays locked: see thread_count().
pid_t start_process(const child_setup& setup, flow& steps, std::string_view asio = {});

/// How many threads this process has. 0: nobody knows (no /proc). ThreadSanitizer's own is not counted; one that has just been joined may be
/// seen for a moment, and is waited for.
std::size_t thread_count();

/// Closes every descriptor but these and 0, 1 and 2. For a child: nothing here may be used afterwards that owns another one. Where close_range(2)
/// is missing, what /proc/self/fd lists is closed; without that what is below the descriptor limit, but no more than 65536.
void close_all_but(std::span<const int> kept);

/// How a process ended.
struct wait_status {
  int code = 0;          ///< what it gave _exit(2)
  int signal = 0;        ///< what killed it; 0: it left by itself
  bool unknown = false;  ///< somebody else has reaped it, or SIGCHLD is ignored

  [[nodiscard]] bool well() const noexcept { return !unknown && signal == 0 && code == 0; }
};

/// "exited 0", "killed by SIGKILL", "gone".
std::string describe(const wait_status& ended);

enum class reap_mode { look, wait };

/// How this child ended, once it has; then it is no zombie any more. None: it runs (and `look` was said). Told as "waitpid".
std::optional<wait_status> reap(pid_t child, reap_mode mode, flow& steps);

/// The status of a child that does this: what it returns, of which the kernel keeps the low 8 bits; 1 if it throws, which is told as "child failed".
int status_of(const std::function<int()>& serve, observer* watcher);

/// _exit(2): no destructor, no atexit. Told as "_exit".
[[noreturn]] void leave(int code, flow& steps);

}  // namespace duet::os

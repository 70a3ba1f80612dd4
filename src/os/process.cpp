// SPDX-License-Identifier: MIT
#include "duet/os/process.hpp"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "duet/os/limits.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr std::size_t threads_of_tools = 1;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr std::size_t threads_of_tools = 1;
#else
constexpr std::size_t threads_of_tools = 0;
#endif
#else
constexpr std::size_t threads_of_tools = 0;
#endif

/// Where nothing tells which descriptors are open, so many are tried.
constexpr std::size_t most_tried = 65536;
constexpr int first_after_standard = 3;

/// Dispositions and the mask are inherited, and handlers are code of the parent's.
void reset_signals(const child_setup& setup) {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction now {};
    if (sys::sigaction(signal, nullptr, &now) != 0 || now.sa_handler == SIG_DFL) continue;
    if (now.sa_handler == SIG_IGN && setup.keep_ignored) continue;
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    sys::sigaction(signal, &usual,
                   nullptr);  // the C library's own two refuse, and are none of ours
  }
}

sigset_t mask_of(const std::vector<int>& blocked) {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int each : blocked) sigaddset(&mask, each);
  return mask;
}

/// In the child, with all signals blocked.
void set_up(const child_setup& setup, pid_t parent) {
  reset_signals(setup);
  if (setup.death_signal != 0) {
    sys::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(setup.death_signal));
    // A parent that ended before that call sends nothing.
    if (sys::getppid() != parent) sys::kill(sys::getpid(), setup.death_signal);
  }
  const sigset_t mask = mask_of(setup.blocked);
  sys::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

std::size_t threads_seen() {
  struct stat tasks {};
  if (sys::fstatat(AT_FDCWD, "/proc/self/task", &tasks, 0) != 0 || tasks.st_nlink < 3) return 0;
  // A folder a thread, and ".", "..".
  return std::max<std::size_t>(tasks.st_nlink - 2 - threads_of_tools, 1);
}

/// Without close_range: what is open, as /proc tells, or what may be.
std::vector<int> perhaps_open() {
  std::vector<int> found;
  if (DIR* const folder = ::opendir("/proc/self/fd"); folder != nullptr) {
    while (const dirent* const each = ::readdir(folder)) {
      const int fd = std::atoi(each->d_name);
      if (each->d_name[0] != '.' && fd != ::dirfd(folder)) found.push_back(fd);
    }
    ::closedir(folder);
    return found;
  }
  std::error_code ec;
  const std::size_t limit = std::min(descriptor_limit(ec), most_tried);
  for (std::size_t fd = 0; fd < limit; ++fd) found.push_back(static_cast<int>(fd));
  return found;
}

void close_one_by_one(std::span<const int> kept) {
  for (const int fd : perhaps_open()) {
    const bool stays = fd < first_after_standard || std::ranges::binary_search(kept, fd);
    if (!stays) sys::close(fd);
  }
}

}  // namespace

pid_t start_process(const child_setup& setup, flow& steps, std::string_view asio) {
  const pid_t parent = sys::getpid();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sys::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = sys::fork();
  const std::error_code ec = pid < 0 ? sys::last_error() : std::error_code();
  if (pid == 0) {
    set_up(setup, parent);
  } else {
    sys::sigprocmask(SIG_SETMASK, &before, nullptr);
  }
  steps.took(
      "fork", pid, ec, [] { return std::string(); }, asio);
  return pid;
}

std::size_t thread_count() {
  // The end of a thread wakes who joins it a little before it leaves the list.
  constexpr int looks = 20;
  std::size_t seen = threads_seen();
  for (int again = 0; seen > 1 && again < looks; ++again) {
    sys::poll(nullptr, 0, 1);
    seen = threads_seen();
  }
  return seen;
}

void close_all_but(std::span<const int> kept) {
  std::vector<int> sorted(kept.begin(), kept.end());
  std::ranges::sort(sorted);
  unsigned next = first_after_standard;
  bool done = true;
  for (const int fd : sorted) {
    if (fd < static_cast<int>(next)) continue;  // a standard one, or named twice
    const auto number = static_cast<unsigned>(fd);
    if (number > next) done = sys::close_range(next, number - 1, 0) == 0 && done;
    next = number + 1;
  }
  done = sys::close_range(next, ~0U, 0) == 0 && done;
  if (!done) close_one_by_one(sorted);
}

std::string describe(const wait_status& ended) {
  if (ended.unknown) return "gone";
  if (ended.signal == 0) return "exited " + std::to_string(ended.code);
  const char* const name = ::sigabbrev_np(ended.signal);
  return "killed by " +
         (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(ended.signal));
}

std::optional<wait_status> reap(pid_t child, reap_mode mode, flow& steps) {
  int status = 0;
  pid_t result = 0;
  do {
    result = sys::waitpid(child, &status, mode == reap_mode::look ? WNOHANG : 0);
  } while (result < 0 && errno == EINTR);
  if (result == 0) return std::nullopt;
  wait_status ended;
  if (result < 0) {
    ended.unknown = true;
  } else if (WIFSIGNALED(status)) {
    ended.signal = WTERMSIG(status);
  } else {
    ended.code = WEXITSTATUS(status);
  }
  if (steps.watcher() != nullptr) {
    const std::string which = std::to_string(child);
    const std::string how = describe(ended);
    steps.watcher()->on_step({"waitpid", which, result, {}, {}, how});
  }
  return ended;
}

int status_of(const std::function<int()>& serve, observer* watcher) {
  std::error_code why;
  try {
    return serve();
  } catch (const std::system_error& failed) {
    why = failed.code();
  } catch (...) {  // whatever it is, no stack may be unwound into the parent's
  }
  if (watcher != nullptr) watcher->on_event("child failed", nullptr, why);
  return EXIT_FAILURE;
}

void leave(int code, flow& steps) {
  steps.took("_exit", 0, {}, [&] { return std::to_string(code); });
  ::_exit(code);
}

}  // namespace duet::os

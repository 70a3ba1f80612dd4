// SPDX-License-Identifier: MIT
#include "each_apart.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace duet::test {
namespace {

/// Whether the child ends within the limit.
bool ends_within(pid_t pid, std::chrono::seconds limit) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) throw std::system_error(errno, std::system_category(), "pidfd_open");
  pollfd end{fd, POLLIN, 0};
  const int ready = ::poll(&end, 1, static_cast<int>(std::chrono::milliseconds(limit).count()));
  ::close(fd);
  return ready == 1;
}

/// The child's exit code, 0 or 77; anything else is 1, and printed.
int outcome_of(pid_t pid, std::chrono::seconds limit) {
  const bool in_time = ends_within(pid, limit);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid)
    throw std::system_error(errno, std::system_category(), "waitpid");
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (in_time && code == 0) {
    std::puts("=== passed");
    return 0;
  }
  if (in_time && code == exit_skipped) {
    std::puts("=== skipped");
    return exit_skipped;
  }
  if (!in_time) {
    std::printf("=== failed: still running after %lld s\n", static_cast<long long>(limit.count()));
  } else if (code >= 0) {
    std::printf("=== failed: exit %d\n", code);
  } else {
    std::printf("=== failed: signal %d\n", WTERMSIG(status));
  }
  return 1;
}

}  // namespace

std::optional<std::chrono::seconds> each_apart_limit(int argc, const char* const* argv) {
  constexpr std::string_view option = "--each-apart=";
  for (int each = 1; each < argc; ++each) {
    const std::string_view argument = argv[each];
    if (argument.starts_with(option))
      return std::chrono::seconds(std::stoi(std::string(argument.substr(option.size()))));
  }
  return std::nullopt;
}

int run_each_apart(const std::vector<std::string>& names, std::chrono::seconds limit,
                   const std::function<int(const std::string& name)>& run) {
  bool failed = false;
  bool passed = false;
  for (const std::string& name : names) {
    std::printf("=== %s\n", name.c_str());
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::system_category(), "fork");
    if (pid == 0) std::exit(run(name));
    const int outcome = outcome_of(pid, limit);
    failed = failed || outcome == 1;
    passed = passed || outcome == 0;
  }
  if (failed) return 1;
  return passed ? 0 : exit_skipped;
}

}  // namespace duet::test

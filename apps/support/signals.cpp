// SPDX-License-Identifier: MIT
#include "support/signals.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "duet/os/sys.hpp"

namespace duet::apps {
namespace {

bool broken_pipes_were_ignored = false;

}  // namespace

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigfillset(&action.sa_mask);
  os::sys::sigaction(signal, &action, nullptr);
}

void ignore_broken_pipes() {
  struct sigaction before {};
  os::sys::sigaction(SIGPIPE, nullptr, &before);
  broken_pipes_were_ignored = before.sa_handler == SIG_IGN;
  set_handler(SIGPIPE, SIG_IGN);
}

void die_of_broken_pipe() {
  if (!broken_pipes_were_ignored) die_by_signal(SIGPIPE);
}

void let_signals_kill() {
  set_handler(SIGINT, SIG_DFL);
  set_handler(SIGTERM, SIG_DFL);
}

void block_signal(int signal) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::sigprocmask(SIG_BLOCK, &only, nullptr);
}

void unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void die_by_signal(int signal) {
  set_handler(signal, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);  // a signal that does not kill, or one that a debugger took
}

void fill_standard_descriptors() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is the one missing, for those below it have been filled.
    [[maybe_unused]] const int filled = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace duet::apps

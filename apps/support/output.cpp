// SPDX-License-Identifier: MIT
#include "support/output.hpp"

#include <cerrno>
#include <cstddef>

#include "duet/os/sys.hpp"
#include "support/signals.hpp"

namespace duet::apps {
namespace {

constexpr std::size_t much = 32768;

/// Somebody may have set O_NONBLOCK on what this process shares with others (stdout of a shell's job).
void wait_for_room(int fd) {
  pollfd room{fd, POLLOUT, 0};
  os::sys::poll(&room, 1, -1);
}

}  // namespace

void output::put(std::string_view text) {
  if (error_) return;
  pending_ += text;
  if (pending_.size() >= much) flush();
}

void output::flush() {
  std::string_view rest = pending_;
  while (!rest.empty() && !error_) {
    const auto size = os::sys::write(fd_, rest.data(), rest.size());
    if (size >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      wait_for_room(fd_);
    } else if (errno != EINTR) {
      error_ = os::sys::last_error();
      if (error_ == std::errc::broken_pipe) die_of_broken_pipe();
    }
  }
  pending_.clear();
}

bool output::is_terminal() const noexcept { return ::isatty(fd_) == 1; }

}  // namespace duet::apps

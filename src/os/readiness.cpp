// SPDX-License-Identifier: MIT
#include "duet/os/readiness.hpp"

#include "duet/os/sys.hpp"

namespace duet::os {

unique_fd watch_readiness(int borrowed_fd, wait_type direction, std::error_code& ec) noexcept {
  ec.clear();
  unique_fd epoll(sys::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = direction == wait_type::read ? EPOLLIN : EPOLLOUT;
  if (epoll && sys::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, borrowed_fd, &event) == 0) return epoll;
  if (!epoll || errno != EPERM) ec = sys::last_error();
  return {};
}

}  // namespace duet::os

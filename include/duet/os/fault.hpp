// SPDX-License-Identifier: MIT
// fault: what test builds may do at the seam of os/sys: count every system call, make the n-th one fail, cut it short or
// interrupt it. Without DUET_FAULT_SEAM nothing of this is compiled into duet, and sys.hpp's wrappers are the bare calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace duet::os {

/// Every system call (and libc call that reaches the system) that duet makes.
enum class call : std::uint8_t {
  accept4,
  bind,
  chmod,
  close,
  close_range,
  connect,
  epoll_create1,
  epoll_ctl,
  epoll_wait,
  eventfd,
  fchmod,
  fcntl,
  fork,
  fstatat,
  getaddrinfo,
  gethostbyaddr_r,
  gethostbyname2_r,
  getnameinfo,
  getpeername,
  getpid,
  getppid,
  getrlimit,
  getsockname,
  getsockopt,
  if_indextoname,
  if_nametoindex,
  kill,
  lchown,
  listen,
  mmap,
  munmap,
  open,
  pidfd_open,
  pidfd_send_signal,
  pipe2,
  poll,
  ppoll,
  prctl,
  pthread_sigmask,
  read,
  recv,
  recvfrom,
  recvmmsg,
  recvmsg,
  send,
  sendmmsg,
  sendmsg,
  sendto,
  setrlimit,
  setsockopt,
  shutdown,
  sigaction,
  signalfd,
  sigprocmask,
  sigtimedwait,
  socket,
  splice,
  unlink,
  waitpid,
  write,
  last,  // not a call: how many there are
};

/// One planned fault. The calls it strikes are numbered from 1, counted from the moment the plan is set.
struct fault {
  /// The first call struck, and how many in a row.
  std::uint64_t first = 1;
  std::uint64_t times = 1;
  /// The errno that the call fails with, without being made; 0: the call is made, but moves at most `max_bytes`.
  int error = 0;
  std::size_t max_bytes = static_cast<std::size_t>(-1);
};

namespace faults {

/// Plans a fault for one call; replaces an earlier plan for it and restarts its count. Threads: any.
void plan(call which, const fault& what);

/// Forgets all plans and counts. Threads: any.
void clear();

/// How often a call was made (or struck) since its plan or the last clear(). Threads: any.
[[nodiscard]] std::uint64_t count(call which);

/// The seam itself: counts the call; false means that it must not be made, errno being set; otherwise `size` may have
/// been cut. Used by os/sys only.
[[nodiscard]] bool enter(call which, std::size_t& size) noexcept;

}  // namespace faults
}  // namespace duet::os

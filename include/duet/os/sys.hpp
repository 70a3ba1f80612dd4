// SPDX-License-Identifier: MIT
// sys: the seam through which every system call of duet goes. One inline function a call, with the call's own name, arguments
// and errno. Built with DUET_FAULT_SEAM each first asks os/fault, so that tests can make any call fail; without it each is the
// bare call. It retries nothing and decides nothing. Source: the man page of each call (section 2, or 3 where libc's).
#pragma once

#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <system_error>

#include "duet/os/fault.hpp"

namespace duet::os::sys {

#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
inline bool enter(call which, std::size_t& size) noexcept { return faults::enter(which, size); }
inline bool enter(call which) noexcept {
  std::size_t unused = 0;
  return faults::enter(which, unused);
}
#else
constexpr bool enter(call, std::size_t&) noexcept { return true; }
constexpr bool enter(call) noexcept { return true; }
#endif

/// The error that the last failing call left in errno.
inline std::error_code last_error() noexcept { return {errno, std::system_category()}; }
/// Of a call that gives 0, or -1 and errno.
inline std::error_code outcome(int result) noexcept {
  return result == 0 ? std::error_code() : last_error();
}

// Sockets.
inline int socket(int domain, int type, int protocol) noexcept {
  return enter(call::socket) ? ::socket(domain, type, protocol) : -1;
}
inline int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
  return enter(call::bind) ? ::bind(fd, address, size) : -1;
}
inline int listen(int fd, int backlog) noexcept {
  return enter(call::listen) ? ::listen(fd, backlog) : -1;
}
inline int accept4(int fd, sockaddr* address, socklen_t* size, int flags) noexcept {
  return enter(call::accept4) ? ::accept4(fd, address, size, flags) : -1;
}
inline int connect(int fd, const sockaddr* address, socklen_t size) noexcept {
  return enter(call::connect) ? ::connect(fd, address, size) : -1;
}
inline int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
  return enter(call::getsockname) ? ::getsockname(fd, address, size) : -1;
}
inline int getpeername(int fd, sockaddr* address, socklen_t* size) noexcept {
  return enter(call::getpeername) ? ::getpeername(fd, address, size) : -1;
}
inline int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  return enter(call::setsockopt) ? ::setsockopt(fd, level, name, value, size) : -1;
}
inline int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
  return enter(call::getsockopt) ? ::getsockopt(fd, level, name, value, size) : -1;
}
inline int shutdown(int fd, int how) noexcept {
  return enter(call::shutdown) ? ::shutdown(fd, how) : -1;
}

// Bytes. A planned fault may cut `size`.
inline ssize_t read(int fd, void* data, std::size_t size) noexcept {
  return enter(call::read, size) ? ::read(fd, data, size) : -1;
}
inline ssize_t write(int fd, const void* data, std::size_t size) noexcept {
  return enter(call::write, size) ? ::write(fd, data, size) : -1;
}
inline ssize_t recv(int fd, void* data, std::size_t size, int flags) noexcept {
  return enter(call::recv, size) ? ::recv(fd, data, size, flags) : -1;
}
inline ssize_t send(int fd, const void* data, std::size_t size, int flags) noexcept {
  return enter(call::send, size) ? ::send(fd, data, size, flags) : -1;
}
/// From a socket to a pipe or from a pipe to a socket: neither has an offset.
inline ssize_t splice(int from, int to, std::size_t size, unsigned flags) noexcept {
  return enter(call::splice, size) ? ::splice(from, nullptr, to, nullptr, size, flags) : -1;
}

// Datagrams. Of a batch a planned fault may cut how many.
inline ssize_t recvfrom(int fd, void* data, std::size_t size, int flags, sockaddr* from,
                        socklen_t* from_size) noexcept {
  return enter(call::recvfrom) ? ::recvfrom(fd, data, size, flags, from, from_size) : -1;
}
inline ssize_t sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                      socklen_t to_size) noexcept {
  return enter(call::sendto) ? ::sendto(fd, data, size, flags, to, to_size) : -1;
}
inline ssize_t recvmsg(int fd, msghdr* message, int flags) noexcept {
  return enter(call::recvmsg) ? ::recvmsg(fd, message, flags) : -1;
}
inline ssize_t sendmsg(int fd, const msghdr* message, int flags) noexcept {
  return enter(call::sendmsg) ? ::sendmsg(fd, message, flags) : -1;
}
inline int recvmmsg(int fd, mmsghdr* messages, std::size_t count, int flags) noexcept {
  return enter(call::recvmmsg, count)
             ? ::recvmmsg(fd, messages, static_cast<unsigned>(count), flags, nullptr)
             : -1;
}
inline int sendmmsg(int fd, mmsghdr* messages, std::size_t count, int flags) noexcept {
  return enter(call::sendmmsg, count)
             ? ::sendmmsg(fd, messages, static_cast<unsigned>(count), flags)
             : -1;
}

// Descriptors. A close that is made to fail closes nevertheless, as Linux does.
inline int close(int fd) noexcept {
  const bool real = enter(call::close);
  const int planned = errno;
  const int result = ::close(fd);
  if (real) return result;
  errno = planned;
  return -1;
}
inline int pipe2(int (&ends)[2], int flags) noexcept {
  return enter(call::pipe2) ? ::pipe2(ends, flags) : -1;
}
inline int fcntl(int fd, int command, int argument) noexcept {
  return enter(call::fcntl) ? ::fcntl(fd, command, argument) : -1;
}
/// By number: glibc knows it since 2.34 only, the kernel since 5.9.
inline int close_range(unsigned first, unsigned last, unsigned flags) noexcept {
  return enter(call::close_range) ? static_cast<int>(::syscall(SYS_close_range, first, last, flags))
                                  : -1;
}
inline int eventfd(unsigned initial, int flags) noexcept {
  return enter(call::eventfd) ? ::eventfd(initial, flags) : -1;
}

// Readiness.
inline int epoll_create1(int flags) noexcept {
  return enter(call::epoll_create1) ? ::epoll_create1(flags) : -1;
}
inline int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  return enter(call::epoll_ctl) ? ::epoll_ctl(epoll, operation, fd, event) : -1;
}
inline int epoll_wait(int epoll, epoll_event* events, int capacity, int timeout_ms) noexcept {
  return enter(call::epoll_wait) ? ::epoll_wait(epoll, events, capacity, timeout_ms) : -1;
}
inline int poll(pollfd* fds, nfds_t count, int timeout_ms) noexcept {
  return enter(call::poll) ? ::poll(fds, count, timeout_ms) : -1;
}
inline int ppoll(pollfd* fds, nfds_t count, const timespec* timeout,
                 const sigset_t* mask) noexcept {
  return enter(call::ppoll) ? ::ppoll(fds, count, timeout, mask) : -1;
}
inline int signalfd(int fd, const sigset_t* signals, int flags) noexcept {
  return enter(call::signalfd) ? ::signalfd(fd, signals, flags) : -1;
}

// Processes, files, signals, limits.
/// These two cannot fail; counted only.
inline pid_t getpid() noexcept {
  [[maybe_unused]] const bool made = enter(call::getpid);
  return ::getpid();
}
inline pid_t getppid() noexcept {
  [[maybe_unused]] const bool made = enter(call::getppid);
  return ::getppid();
}
/// A planned fault makes no process.
inline pid_t fork() noexcept { return enter(call::fork) ? ::fork() : -1; }
inline pid_t waitpid(pid_t pid, int* status, int options) noexcept {
  return enter(call::waitpid) ? ::waitpid(pid, status, options) : -1;
}
inline int kill(pid_t pid, int signal) noexcept {
  return enter(call::kill) ? ::kill(pid, signal) : -1;
}
inline int prctl(int option, unsigned long value) noexcept {
  return enter(call::prctl) ? ::prctl(option, value, 0UL, 0UL, 0UL) : -1;
}
/// By number: glibc knows it since 2.36 only, the kernel since 5.3.
inline int pidfd_open(pid_t pid, unsigned flags) noexcept {
  return enter(call::pidfd_open) ? static_cast<int>(::syscall(SYS_pidfd_open, pid, flags)) : -1;
}
/// By number, since 5.1: reaches that process and no later one of its number.
inline int pidfd_send_signal(int pidfd, int signal) noexcept {
  if (!enter(call::pidfd_send_signal)) return -1;
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0U));
}
inline int sigprocmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  return enter(call::sigprocmask) ? ::sigprocmask(how, set, old) : -1;
}
inline void* mmap(void* at, std::size_t size, int protection, int flags, int fd,
                  off_t offset) noexcept {
  return enter(call::mmap) ? ::mmap(at, size, protection, flags, fd, offset) : MAP_FAILED;
}
inline int munmap(void* at, std::size_t size) noexcept {
  return enter(call::munmap) ? ::munmap(at, size) : -1;
}
inline int fstatat(int directory, const char* path, struct stat* result, int flags) noexcept {
  return enter(call::fstatat) ? ::fstatat(directory, path, result, flags) : -1;
}
/// Of a socket that is not bound yet: the mode its file will have.
inline int fchmod(int fd, mode_t mode) noexcept {
  return enter(call::fchmod) ? ::fchmod(fd, mode) : -1;
}
inline int chmod(const char* path, mode_t mode) noexcept {
  return enter(call::chmod) ? ::chmod(path, mode) : -1;
}
inline int lchown(const char* path, uid_t owner, gid_t group) noexcept {
  return enter(call::lchown) ? ::lchown(path, owner, group) : -1;
}
inline int open(const char* path, int flags) noexcept {
  return enter(call::open) ? ::open(path, flags) : -1;
}
inline int unlink(const char* path) noexcept { return enter(call::unlink) ? ::unlink(path) : -1; }
inline int sigaction(int signal, const struct sigaction* action, struct sigaction* old) noexcept {
  return enter(call::sigaction) ? ::sigaction(signal, action, old) : -1;
}
/// Returns the error, as the call does.
inline int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  return enter(call::pthread_sigmask) ? ::pthread_sigmask(how, set, old) : errno;
}
inline int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* timeout) noexcept {
  return enter(call::sigtimedwait) ? ::sigtimedwait(set, info, timeout) : -1;
}
inline int getrlimit(__rlimit_resource_t resource, rlimit* limit) noexcept {
  return enter(call::getrlimit) ? ::getrlimit(resource, limit) : -1;
}
inline int setrlimit(__rlimit_resource_t resource, const rlimit* limit) noexcept {
  return enter(call::setrlimit) ? ::setrlimit(resource, limit) : -1;
}

// Names. A planned fault is EAI_SYSTEM with the planned errno, or of the _r calls NETDB_INTERNAL with it.
inline unsigned if_nametoindex(const char* name) noexcept {
  return enter(call::if_nametoindex) ? ::if_nametoindex(name) : 0;
}
inline char* if_indextoname(unsigned index, char* name) noexcept {
  return enter(call::if_indextoname) ? ::if_indextoname(index, name) : nullptr;
}
inline int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                       addrinfo** result) noexcept {
  return enter(call::getaddrinfo) ? ::getaddrinfo(host, service, hints, result) : EAI_SYSTEM;
}
inline int getnameinfo(const sockaddr* address, socklen_t size, char* host, socklen_t host_size,
                       int flags) noexcept {
  return enter(call::getnameinfo) ? ::getnameinfo(address, size, host, host_size, nullptr, 0, flags)
                                  : EAI_SYSTEM;
}
inline int gethostbyname2_r(const char* name, int family, hostent* memory, char* buffer,
                            std::size_t size, hostent** result, int* host_error) noexcept {
  if (enter(call::gethostbyname2_r))
    return ::gethostbyname2_r(name, family, memory, buffer, size, result, host_error);
  *result = nullptr;
  *host_error = NETDB_INTERNAL;
  return errno;
}
inline int gethostbyaddr_r(const void* address, socklen_t length, int family, hostent* memory,
                           char* buffer, std::size_t size, hostent** result,
                           int* host_error) noexcept {
  if (enter(call::gethostbyaddr_r)) {
    return ::gethostbyaddr_r(address, length, family, memory, buffer, size, result, host_error);
  }
  *result = nullptr;
  *host_error = NETDB_INTERNAL;
  return errno;
}

}  // namespace duet::os::sys

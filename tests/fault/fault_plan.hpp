// SPDX-License-Identifier: MIT
// Planned faults for the length of a scope, the calls by name, and an observer that remembers what it was told of errors.
#pragma once

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/observer.hpp"
#include "duet/os/fault.hpp"
#include "skip.hpp"

#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
#define DUET_NEEDS_SEAM() static_cast<void>(0)
#else
/// First statement of every case here.
#define DUET_NEEDS_SEAM() DUET_SKIP("built without the fault seam (DUET_FAULT_SEAM=OFF)")
#endif

namespace duet::test {

/// One fault, from here to the end of the scope. Counting starts anew.
class planned {
 public:
  planned(os::call which, const os::fault& what) : which_(which) {
    os::faults::clear();
    os::faults::plan(which, what);
  }
  planned(const planned&) = delete;
  planned& operator=(const planned&) = delete;
  ~planned() { os::faults::clear(); }

  /// How often the call has been made or struck.
  [[nodiscard]] std::uint64_t calls() const { return os::faults::count(which_); }

 private:
  os::call which_;
};

/// The n-th call fails, once.
inline os::fault nth(std::uint64_t n, int error) { return {n, 1, error, {}}; }
/// The first `times` calls fail.
inline os::fault first(std::uint64_t times, int error) { return {1, times, error, {}}; }
/// Every call moves one byte at most.
inline os::fault one_byte_each() { return {1, static_cast<std::uint64_t>(-1), 0, 1}; }

struct call_name {
  os::call which;
  std::string_view name;
};

/// The calls of a listen, accept, connect, echo flow.
inline constexpr call_name flow_calls[] = {
    {os::call::accept4, "accept4"},
    {os::call::bind, "bind"},
    {os::call::close, "close"},
    {os::call::connect, "connect"},
    {os::call::epoll_create1, "epoll_create1"},
    {os::call::epoll_ctl, "epoll_ctl"},
    {os::call::epoll_wait, "epoll_wait"},
    {os::call::eventfd, "eventfd"},
    {os::call::fcntl, "fcntl"},
    {os::call::fstatat, "fstatat"},
    {os::call::getpeername, "getpeername"},
    {os::call::getsockname, "getsockname"},
    {os::call::getsockopt, "getsockopt"},
    {os::call::listen, "listen"},
    {os::call::poll, "poll"},
    {os::call::read, "read"},
    {os::call::recv, "recv"},
    {os::call::send, "send"},
    {os::call::setsockopt, "setsockopt"},
    {os::call::shutdown, "shutdown"},
    {os::call::socket, "socket"},
    {os::call::unlink, "unlink"},
    {os::call::write, "write"},
};

/// Remembers each failed step and each event that came with an error. A connect that goes on in the background has not failed.
struct error_log : observer {
  struct entry {
    std::string what;
    std::error_code error;
  };

  void on_step(const flow_step& step) override {
    if (step.error && step.error != std::errc::operation_in_progress)
      steps.push_back({std::string(step.call), step.error});
  }
  void on_event(std::string_view event, const endpoint*, std::error_code error) override {
    if (error) events.push_back({std::string(event), error});
  }
  [[nodiscard]] std::size_t count(std::string_view event) const {
    std::size_t found = 0;
    for (const entry& each : events) found += each.what == event ? 1 : 0;
    return found;
  }

  std::vector<entry> steps;
  std::vector<entry> events;
};

/// An error that each call may really fail with, and that a flow does not get over by trying again at once.
inline int fitting_error(os::call which) {
  switch (which) {
    case os::call::accept4: return EMFILE;
    case os::call::bind: return EADDRINUSE;
    case os::call::close: return EIO;
    case os::call::connect: return ENETUNREACH;
    case os::call::epoll_ctl: return ENOSPC;
    case os::call::epoll_wait: return EINVAL;
    case os::call::fstatat:
    case os::call::unlink: return EACCES;
    case os::call::getpeername:
    case os::call::shutdown: return ENOTCONN;
    case os::call::recv: return ETIMEDOUT;
    case os::call::send: return EPIPE;
    case os::call::socket:
    case os::call::epoll_create1:
    case os::call::eventfd: return EMFILE;
    default: return ENOBUFS;
  }
}

}  // namespace duet::test

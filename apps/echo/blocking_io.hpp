// SPDX-License-Identifier: MIT
// blocking_io: the notes' two pairs of calls over a blocking connection, read/write and recv/send, each made again as long as it was
// interrupted or moved too little; and the program's own input and output in such calls. Source: read(2), write(2), recv(2), send(2).
#pragma once

#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>

#include "duet/error.hpp"
#include "duet/os/sys.hpp"
#include "echo/options.hpp"

namespace duet::apps::echo {

struct do_nothing {
  void operator()() const noexcept {}
};

/// One receive, at most to.size() bytes; 0 at the end of the stream. `flags` go with recv only. `interrupted` is called after a signal.
template <class Connection, class Interrupted = do_nothing>
std::size_t receive(Connection& from, io_calls io, std::span<std::byte> to, int flags,
                    std::error_code& ec, Interrupted interrupted = {}) {
  for (;;) {
    const std::size_t size =
        io == io_calls::read_write ? from.read(to, ec) : from.recv(to, flags, ec);
    if (is(ec, std::errc::interrupted)) {
      interrupted();
      continue;
    }
    if (ec == condition::end_of_stream) ec.clear();
    return size;
  }
}

/// Sends all of it.
template <class Connection, class Interrupted = do_nothing>
void send_all(Connection& to, io_calls io, std::span<const std::byte> from, std::error_code& ec,
              Interrupted interrupted = {}) {
  ec.clear();
  while (!from.empty()) {
    const std::size_t size = io == io_calls::read_write ? to.write(from, ec) : to.send(from, 0, ec);
    if (is(ec, std::errc::interrupted)) interrupted();
    if (ec && !is(ec, std::errc::interrupted)) return;
    ec.clear();
    from = from.subspan(size);
  }
}

/// Somebody who shares a standard descriptor may have set O_NONBLOCK on it.
inline void wait_for(int fd, short events) {
  pollfd ready{fd, events, 0};
  os::sys::poll(&ready, 1, -1);
}

/// What standard input has, at most to.size() bytes; 0 at its end.
inline std::size_t read_input(std::span<std::byte> to, std::error_code& ec) {
  for (;;) {
    const auto size = os::sys::read(0, to.data(), to.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EAGAIN) {
      wait_for(0, POLLIN);
    } else if (errno != EINTR) {
      ec = os::sys::last_error();
      return 0;
    }
  }
}

/// Writes all of it to standard output; whether that went well.
inline bool write_output(std::span<const std::byte> from, std::error_code& ec) {
  while (!from.empty()) {
    const auto size = os::sys::write(1, from.data(), from.size());
    if (size >= 0) {
      from = from.subspan(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      wait_for(1, POLLOUT);
    } else if (errno != EINTR) {
      ec = os::sys::last_error();
      return false;
    }
  }
  return true;
}

}  // namespace duet::apps::echo

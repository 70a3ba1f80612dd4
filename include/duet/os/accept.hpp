// SPDX-License-Identifier: MIT
// accept: one accepted connection, close-on-exec and non-blocking from birth, its options set, its peer known from accept itself
// (getpeername would fail for a peer that has reset meanwhile). Source: accept4(2).
#pragma once

#include <sys/socket.h>

#include <system_error>

#include "duet/observer.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/socket_options.hpp"

namespace duet::os {

/// What accepting needs to know of its listener.
struct accept_setup {
  int family = AF_UNSPEC;
  socket_options options{};
  observer* watcher = nullptr;
  const char* asio = "";  ///< what Asio did for it, for traces
};

/// The next queued connection. None with resource_unavailable_try_again if there is none; errors that belong to a connection which is
/// gone already are passed over, up to policy::accept_policy::retries_in_a_row of them. Errors: accept4(2)'s;
/// setsockopt(2)'s come with the connection that they were for.
unique_fd accept_one(int listener, const accept_setup& setup, socket_address& peer,
                     std::error_code& ec);

}  // namespace duet::os

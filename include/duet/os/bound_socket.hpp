// SPDX-License-Identifier: MIT
// bound_socket: a socket that is bound, and listens if it is a stream's, made without a loop: by the POSIX column, and by a supervisor whose
// workers have the loops; and one that somebody else has bound, a parent or a service manager. Source: bind(2), listen(2), socket(7).
#pragma once

#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/socket_options.hpp"

namespace duet::os {

/// Non-blocking and close-on-exec. No descriptor: the flow that made it has failed.
struct bound_socket {
  unique_fd fd{};
  int family = 0;
  socket_file file{};
};

/// socket, options, bind, access of the file, listen.
bound_socket open_listener(flow& steps, const endpoint& at, const socket_options& options);

/// The same of datagrams, without the last.
bound_socket open_bound_datagram(flow& steps, const endpoint& at, const datagram_options& options);

/// What an inherited descriptor is: its type (SOCK_STREAM listens), and where it is bound. Errors: not_a_socket; invalid_argument of a stream
/// that does not listen, and of other types.
struct inherited_socket {
  int type = 0;
  int family = 0;
  endpoint at{};
};
inherited_socket inspect_socket(int fd, std::error_code& ec);

/// Of one that is to listen, or to take datagrams; it is made fit to be shared as prepare_inherited() says. Errors: as those, and
/// invalid_argument of the other type.
inherited_socket inspect_listener(int fd, std::error_code& ec);
inherited_socket inspect_datagram(int fd, std::error_code& ec);

/// Makes an inherited socket non-blocking and close-on-exec. The first is so for every process that shares it: another may take what this
/// one was woken for, and accept would wait for the next. Errors: fcntl(2)'s.
void prepare_inherited(int fd, std::error_code& ec);

}  // namespace duet::os

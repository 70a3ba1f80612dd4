// SPDX-License-Identifier: MIT
// The listening socket of the arms that make their own by hand: bound, with the congestion control set, announced. A failing call ends the arm.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/sockaddr.hpp"

namespace duet::bench {

inline int check(long result, const char* call) {
  if (result >= 0) return static_cast<int>(result);
  std::perror(call);
  std::exit(1);
}

/// @param flags SOCK_NONBLOCK, SOCK_CLOEXEC or both
inline int listen_as(const arm_options& options, int flags = SOCK_CLOEXEC) {
  const auto where = endpoint::parse(options.listen);
  std::error_code error;
  const auto address = os::to_socket_address(where, error);
  const int fd = check(::socket(os::family_of(where), SOCK_STREAM | flags, 0), "socket");
  const int on = 1;
  if (!where.is_unix()) {
    check(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    check(::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, options.congestion_control.data(),
                       static_cast<socklen_t>(options.congestion_control.size())),
          "TCP_CONGESTION");
  }
  check(::bind(fd, &address.generic, address.size), "bind");
  check(::listen(fd, 4096), "listen");
  bench::announce(os::local_endpoint(fd, SOCK_STREAM, error).to_string());
  return fd;
}

}  // namespace duet::bench

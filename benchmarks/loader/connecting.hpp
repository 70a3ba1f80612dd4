// SPDX-License-Identifier: MIT
// The loader's side of a connection: opened as the fairness contract says, over TCP or UNIX.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::bench {

/// The server as the kernel wants it. @throws std::system_error naming it
os::socket_address address_of(const endpoint& server);

/// A socket with TCP_NODELAY and the congestion control set, not connected. @param flags SOCK_NONBLOCK or 0
os::unique_fd open_stream_socket(const endpoint& server, const std::string& congestion_control,
                                 int flags = 0);

/// As many, connected. @throws std::system_error
std::vector<os::unique_fd> connect_streams(const endpoint& server, std::size_t count,
                                           const std::string& congestion_control);

/// What is in effect, which the kernel may have answered otherwise than asked; empty if it is not TCP.
std::string congestion_control_of(int fd);

void make_nonblocking(int fd);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// readiness: an epoll instance around one direction of one borrowed descriptor. It is itself readable when the descriptor is ready, so
// another loop can wait for it without setting the descriptor's O_NONBLOCK, which every process that shares it would see.
// Source: epoll(7), epoll_ctl(2).
#pragma once

#include <system_error>

#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet::os {

/// None, without an error, for a regular file or what else epoll refuses because it never blocks.
/// Errors: epoll_create1(2)'s, epoll_ctl(2)'s.
unique_fd watch_readiness(int borrowed_fd, wait_type direction, std::error_code& ec) noexcept;

}  // namespace duet::os

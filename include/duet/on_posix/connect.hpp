// SPDX-License-Identifier: MIT
// connect: from an endpoint, a name too, to a connected stream, with a deadline. Counterpart: on_asio/connect.hpp.
// Source: connect(2) (EINPROGRESS), getaddrinfo(3).
#pragma once

#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/stream.hpp"

namespace duet::on_posix {
/// @see contract::backend. Completes with void(std::error_code). `to` is closed, may be moved meanwhile, and its cancel() and close()
/// end the attempt.
template <class Handler>
void async_connect(stream& to, const endpoint& at, const connect_options& options,
                   Handler&& handler) {
  detail::start_connect(to, at, options,
                        [handler = std::forward<Handler>(handler)](
                            std::error_code ec, std::size_t) mutable { handler(ec); });
}

}  // namespace duet::on_posix

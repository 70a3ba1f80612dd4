// SPDX-License-Identifier: MIT
// connect: from an endpoint, or a host and a service, to a connected stream, with deadlines. Counterpart: on_asio/connect.hpp.
// Source: connect(2) (EINPROGRESS), getaddrinfo(3), RFC 8305.
#pragma once

#include <string_view>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/connect_report.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/stream.hpp"

namespace duet::on_posix {
namespace detail {

using race_completion = handler<void(std::error_code, connect_report)>;
void start_race(stream& to, std::string_view host, std::string_view service,
                const connect_options& options, race_completion handler);

}  // namespace detail

/// @see contract::backend. Completes with void(std::error_code). `to` is closed, may be moved meanwhile, and its cancel() and close()
/// end the attempt.
template <class Handler>
void async_connect(stream& to, const endpoint& at, const connect_options& options,
                   Handler&& handler) {
  detail::start_connect(to, at, options,
                        [handler = std::forward<Handler>(handler)](
                            std::error_code ec, std::size_t) mutable { handler(ec); });
}

/// The same, by name, with a report of what was tried: void(std::error_code, connect_report).
template <class Handler>
void async_connect(stream& to, std::string_view host, std::string_view service,
                   const connect_options& options, Handler&& handler) {
  detail::start_race(to, host, service, options, std::forward<Handler>(handler));
}

}  // namespace duet::on_posix

// SPDX-License-Identifier: MIT
// relay: what two streams receive, each sent through the other one, both ways at once. Counterpart: on_asio/relay.hpp.
#pragma once

#include <system_error>
#include <utility>

#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/stream.hpp"
#include "duet/relay_options.hpp"

namespace duet::on_posix {

namespace detail {
void start_relay(io_source& first, io_source& second, const relay_options& options,
                 handler<void(std::error_code, relay_result)> handler);
}

/// @see contract::relay. Both streams are of one loop.
template <class Handler>
void async_relay(stream& first, stream& second, const relay_options& options, Handler&& handler) {
  detail::start_relay(first.source(), second.source(), options, std::forward<Handler>(handler));
}

}  // namespace duet::on_posix

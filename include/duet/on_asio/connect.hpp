// SPDX-License-Identifier: MIT
// connect: from an endpoint, a name too, to a connected stream, with a deadline, as one operation for any completion token.
// Counterpart: on_posix/connect.hpp. Source: connect(2), getaddrinfo(3).
#pragma once

#include <asio/async_result.hpp>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/connect_op.hpp"
#include "duet/on_asio/stream.hpp"

namespace duet::on_asio {

/// @see contract::backend. Completion signature void(std::error_code). `to` is closed first, may be moved meanwhile, and its cancel() and
/// close() end the attempt, as does the handler's cancellation slot.
template <class Executor, asio::completion_token_for<void(std::error_code)> Token>
auto async_connect(basic_stream<Executor>& to, const endpoint& at, const connect_options& options,
                   Token&& token) {
  return asio::async_initiate<Token, void(std::error_code)>(detail::initiate_connect<Executor>{&to},
                                                            token, at, options);
}

}  // namespace duet::on_asio

// SPDX-License-Identifier: MIT
// relay: what two streams receive, each sent through the other one, both ways at once. Counterpart: on_posix/relay.hpp.
#pragma once

#include <asio/async_result.hpp>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/on_asio/detail/relay_core.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/relay_options.hpp"

namespace duet::on_asio {

/// @see contract::relay. Any completion token; the handler's cancellation slot ends the relay, too. Both streams are of one executor.
template <class Executor, asio::completion_token_for<void(std::error_code, relay_result)> Token>
auto async_relay(basic_stream<Executor>& first, basic_stream<Executor>& second,
                 const relay_options& options, Token&& token) {
  return asio::async_initiate<Token, void(std::error_code, relay_result)>(
      [](auto handler, detail::stream_state<Executor>* one, detail::stream_state<Executor>* other,
         const relay_options& how) {
        using core = detail::relay_core<Executor, decltype(handler)>;
        std::make_shared<core>(*one, *other, how, std::move(handler))->start();
      },
      token, first.state().get(), second.state().get(), options);
}

}  // namespace duet::on_asio

// SPDX-License-Identifier: MIT
// The contract of reconnecting clients: what both columns promise of them, once. What holds for every operation is in contract.hpp, which
// includes this. docs/contract.md is its readable form.
#pragma once

#include <concepts>
#include <functional>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/reconnect_options.hpp"

namespace duet::contract {

/// One connection that is made again when it is lost.
/// * start(handler): attempts begin; handler, void(Stream&), is called for each connection. The stream is the client's, to be used until lost()
///   or stop(). Never from inside start().
/// * lost(why): said by whoever found the connection at its end, by a read say: it is closed, what is in flight on it is cancelled, and after
///   a pause there is another attempt. Without a connection it does nothing.
/// * Pauses grow at random between reconnect_options::pauses, and are short again after a connection that lasted stable_after.
/// * on_change(handler): void(const reconnect_change&) is told every change of state; it may call stop(), or start() after given_up.
/// * stop(), destruction: at once; no handler is called afterwards. start() begins anew.
template <class Client, class Loop, class Stream>
concept reconnecting_client =
    std::constructible_from<Client, Loop&, const endpoint&, const reconnect_options&> &&
    requires(Client& it, const Client& fixed) {
      it.start([](Stream&) {});
      it.lost(std::error_code());
      it.stop();
      it.on_change(std::function<void(const reconnect_change&)>());
      { fixed.state() } -> std::same_as<reconnect_state>;
      { it.connection() } -> std::same_as<Stream&>;
    };

}  // namespace duet::contract

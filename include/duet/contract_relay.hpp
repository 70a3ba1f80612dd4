// SPDX-License-Identifier: MIT
// The contract of relays: what both columns promise of them, once. What holds for every operation is in contract.hpp, which includes this.
// docs/contract.md is its readable form.
#pragma once

#include <system_error>

#include "duet/relay_options.hpp"

namespace duet::contract {

struct on_relay {
  void operator()(std::error_code, relay_result) {}
};

/// async_relay(first, second, options, handler): what either stream receives is sent through the other one, in order and unchanged, until
/// both have ended. Completes with void(std::error_code, relay_result).
/// * The end of one direction is passed on by a shutdown(send) after its last byte; the other direction goes on.
/// * A stream that cannot be read any more (a reset, say) ends the relay with that error. One that cannot be written to ends that direction,
///   whose source is shut down for receiving; what the other has received still arrives, and the error is told at the end.
/// * Nothing is read from a stream while bytes from before wait to be written to the other: a slow reader holds its peer back. Memory is
///   options.buffer_bytes a direction while bytes are on their way, or what a pipe holds in the kernel.
/// * The streams stay open. No other operation is started on them meanwhile. cancel(), close() and destruction of either end the relay
///   with operation_canceled; they may be moved.
/// * A session's limits (server_options) hold for a stream that is relayed, too: idle, stall, progress.
template <class Backend, class Stream>
concept relay = requires(Stream& first, Stream& second, const relay_options& options) {
  Backend::async_relay(first, second, options, on_relay());
};

}  // namespace duet::contract

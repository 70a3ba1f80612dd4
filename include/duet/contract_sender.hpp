// SPDX-License-Identifier: MIT
// The contract of senders: what both columns promise of them, once. What holds for every operation is in contract.hpp, which includes this.
// docs/contract.md is its readable form.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/detail/contract_handlers.hpp"
#include "duet/sender_options.hpp"

namespace duet::contract {

/// Messages to one stream, from many places, in the order in which they were taken, and each whole. Errors: of a write, then of everything;
/// no_buffer_space where there is no room.
/// * try_send(message): takes it, and writes it at once if the peer lets, unless it returns something other than `queued`: then the message
///   is left alone.
/// * async_send: completes once the message is taken; with overflow_rule::wait that may be when there is room, after those who waited
///   before; with overflow_rule::refuse the error is no_buffer_space.
/// * async_ready: completes as soon as the queue is not above its high watermark, or has come down to the low one since it was.
/// * async_drain: completes when every message that was taken, and every one that waited, is the kernel's.
/// * A message of which a byte was written is never dropped. Messages that wait together are written in one call.
/// * An error ends it: what was queued is dropped, those who wait are told, and on_failure(handler)'s handler is called once. With
///   overflow_rule::close the connection has been reset by then.
////// * cancel(), destruction: the same with operation_canceled, without on_failure's handler; the stream stays open.
template <class Sender, class Stream>
concept sender = std::constructible_from<Sender, Stream&, const sender_options&> &&
                 std::move_constructible<Sender> &&
                 requires(Sender& it, const Sender& fixed, std::vector<std::byte> message) {
                   { it.try_send(std::move(message)) } -> std::same_as<send_verdict>;
                   it.async_send(std::move(message), on_done());
                   it.async_ready(on_done());
                   it.async_drain(on_done());
                   it.cancel();
                   it.on_failure(std::function<void(std::error_code)>());
                   { fixed.error() } -> std::same_as<std::error_code>;
                   { fixed.bytes() } -> std::same_as<std::size_t>;
                   { fixed.messages() } -> std::same_as<std::size_t>;
                   { fixed.above_high_watermark() } -> std::same_as<bool>;
                   { fixed.counters() } -> std::same_as<const sender_counters&>;
                 };

}  // namespace duet::contract

// SPDX-License-Identifier: MIT
// frame: messages read from and written to a stream, whatever tells one from the next. Counterpart: on_posix/frame.hpp.
#pragma once

#include <asio/async_result.hpp>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>

#include "duet/on_asio/detail/frame_op.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/policy/frame.hpp"
#include "duet/policy/frame_buffer.hpp"

namespace duet::on_asio {

/// @see contract::frames. Any completion token; the handler's executor, allocator and cancellation slot are honoured, and no kind of
/// cancellation loses a byte. Lifetime: the buffer until the handler is called.
template <class Executor, policy::framing Framing,
          asio::completion_token_for<void(std::error_code, std::span<const std::byte>)> Token>
auto async_read_frame(basic_stream<Executor>& from, policy::frame_buffer<Framing>& into,
                      Token&& token) {
  return asio::async_initiate<Token, void(std::error_code, std::span<const std::byte>)>(
      detail::initiate_read_frame<Executor>{from.state().get()}, token, &into);
}

/// @see contract::frames. Any completion token, as above. Lifetime: the message's bytes until the handler is called. What the kernel
/// takes at once costs no memory but Asio's. Parity: a second write meanwhile is not refused; it must not be made.
template <class Executor, policy::framing Framing,
          asio::completion_token_for<void(std::error_code, std::size_t)> Token>
auto async_write_frame(basic_stream<Executor>& to, const Framing& how,
                       std::span<const std::byte> message, Token&& token) {
  return asio::async_initiate<Token, void(std::error_code, std::size_t)>(
      detail::initiate_write_frame<Executor>{to.state().get()}, token, how, message);
}

}  // namespace duet::on_asio

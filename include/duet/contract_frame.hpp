// SPDX-License-Identifier: MIT
// The contract of frames: what both columns promise of them, once. What holds for every operation is in contract.hpp, which includes this.
// docs/contract.md is its readable form.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "duet/detail/contract_handlers.hpp"

namespace duet::contract {

struct on_frame {
  void operator()(std::error_code, std::span<const std::byte>) {}
};

/// Messages in a stream. The framings are policies (policy/frame.hpp): lines, delimiters, lengths, varints, netstrings,
/// and one's own; so is the buffer.
/// * async_read_frame(stream, buffer, handler) completes with void(std::error_code, std::span<const std::byte>): the next frame's payload,
///   in the buffer, until the buffer's next use. A read may bring many frames: the others come without a system call, from the next
///   async_read_frame or, with no turn of the loop between them, from buffer.next(ec).
/// * Bytes are not lost: after an error, a cancellation too, the buffer has what came before it.
/// * The peer's end is end_of_stream between two frames, unexpected_end in one. A frame beyond the limit is frame_too_long, bytes that
///   are no frame are bad_frame; both stay, for where a next frame would begin is not known.
/// * async_write_frame(stream, framing, message, handler) completes with void(std::error_code, std::size_t), how many bytes of the frame were
///   written: all, or an error and how many before it. The message is not copied. One that cannot be framed is bad_frame or
///   frame_too_long, and nothing is written. The framing is needed during the call only.
/// * cancel(), cancel(direction), close(): as of the stream's own reads and writes, of which they take the place: one at a time in each
///   direction.
/// * Memory: the buffer's, bounded by read_bytes and the framing's limit. Once it has grown, a message costs no allocation.
template <class Backend, class Stream, class Buffer, class Framing>
concept frames =
    requires(Stream& on, Buffer& into, const Framing& how, std::span<const std::byte> message) {
      Backend::async_read_frame(on, into, on_frame());
      Backend::async_write_frame(on, how, message, on_bytes());
    };

}  // namespace duet::contract

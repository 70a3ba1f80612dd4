// SPDX-License-Identifier: MIT
// frame: messages read from and written to a stream, whatever tells one from the next. Counterpart: on_asio/frame.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/on_posix/detail/frame_reading.hpp"
#include "duet/on_posix/stream.hpp"
#include "duet/policy/frame.hpp"
#include "duet/policy/frame_buffer.hpp"

namespace duet::on_posix {

namespace detail {
void write_frame(io_source& to, std::error_code marked, const policy::frame_marks& marks,
                 std::span<const std::byte> message, completion handler);
}

/// @see contract::frames. Lifetime: the buffer until the handler is called. Handlers of up to 32 bytes cost no allocation.
template <policy::framing Framing, class Handler>
void async_read_frame(stream& from, policy::frame_buffer<Framing>& into, Handler&& handler) {
  using reading = detail::frame_reading<Framing, std::decay_t<Handler>>;
  reading(from.source(), into, std::forward<Handler>(handler)).start();
}

/// @see contract::frames. Lifetime: the message's bytes until the handler is called. What the kernel takes at once costs no allocation.
template <policy::framing Framing, class Handler>
void async_write_frame(stream& to, const Framing& how, std::span<const std::byte> message,
                       Handler&& handler) {
  policy::frame_marks marks;
  const std::error_code marked = how.mark(message, marks);
  detail::write_frame(to.source(), marked, marks, message, std::forward<Handler>(handler));
}

}  // namespace duet::on_posix

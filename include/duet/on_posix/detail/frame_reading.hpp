// SPDX-License-Identifier: MIT
// frame_reading: the read in flight of a frame: one read after another until the buffer has a frame, or none will come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_posix/detail/io_source.hpp"
#include "duet/policy/frame_buffer.hpp"

namespace duet::on_posix::detail {

/// It moves from one read's handler to the next one's. The operation keeps the source.
template <class Framing, class Handler>
class frame_reading {
 public:
  template <class Given>
  frame_reading(io_source& from, policy::frame_buffer<Framing>& into, Given&& handler)
      : from_(&from),
        into_(&into),
        cancels_(from.cancels(wait_type::read)),
        life_(from.life()),
        handler_(std::forward<Given>(handler)) {}

  void start() {
    // Another read may be under way, into the same memory even: then conclude() refuses.
    if (from_->idle(wait_type::read) && !into_->look()) return read();
    from_->conclude(wait_type::read, {}, 0, std::move(*this));
  }

  /// A read is over.
  void operator()(std::error_code ec, std::size_t size) {
    if (ec == error::end_of_stream) ec = into_->at_end();
    if (ec) return finish(ec);
    if (size > 0) into_->filled(size);
    if (into_->look()) return deliver();
    const bool given_up = cancels_ != from_->cancels(wait_type::read) || life_ != from_->life();
    if (given_up) return finish(std::make_error_code(std::errc::operation_canceled));
    read();
  }

 private:
  void read() {
    std::error_code ec;
    const std::span<std::byte> room = into_->room(ec);
    if (ec) return from_->conclude(wait_type::read, ec, 0, std::move(*this));
    from_->start(wait_type::read, io_kind::read, room, std::move(*this));
  }
  void deliver() {
    std::error_code ec;
    const auto frame = into_->next(ec);
    handler_(ec, frame.value_or(std::span<const std::byte>()));
  }
  void finish(std::error_code ec) { handler_(ec, std::span<const std::byte>()); }

  io_source* from_;
  policy::frame_buffer<Framing>* into_;
  std::uint32_t cancels_;
  std::uint32_t life_;
  Handler handler_;
};

}  // namespace duet::on_posix::detail

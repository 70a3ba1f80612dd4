// SPDX-License-Identifier: MIT
// write_op: all of a buffer sequence, one async_write_some after another. asio::async_write would do, but a cancel() or close() that
// comes between two of its pieces is lost on it.
#pragma once

#include <array>
#include <asio/buffer.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/on_asio/detail/stream_state.hpp"

namespace duet::on_asio::detail {

/// The next few pieces of a buffer sequence, from `skip` bytes on.
class buffer_window {
 public:
  template <class Buffers>
  buffer_window(const Buffers& of, std::size_t skip) {
    for (auto each = asio::buffer_sequence_begin(of);
         each != asio::buffer_sequence_end(of) && count_ < pieces_.size(); ++each) {
      const asio::const_buffer piece(*each);
      if (skip < piece.size()) pieces_[count_++] = piece + skip;
      skip -= std::min(skip, piece.size());
    }
  }

  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  [[nodiscard]] const_iterator begin() const noexcept { return pieces_.data(); }
  [[nodiscard]] const_iterator end() const noexcept { return pieces_.data() + count_; }

 private:
  // As many as Asio hands to one system call.
  std::array<asio::const_buffer, 16> pieces_;
  std::size_t count_ = 0;
};

template <class Executor, class Buffers>
class write_op {
 public:
  /// `written`: so many bytes of it are written already.
  write_op(std::shared_ptr<stream_state<Executor>> of, const Buffers& from, std::size_t written = 0)
      : of_(std::move(of)),
        from_(from),
        size_(asio::buffer_size(from)),
        written_(written),
        cancels_(of_->cancels(wait_type::write)) {}

  template <class Self>
  void operator()(Self& self, std::error_code ec = {}, std::size_t moved = 0) {
    written_ += moved;
    of_->has_written(moved);
    const bool first = !std::exchange(started_, true);
    // As asio::async_write: how much was written is known.
    if (first) self.reset_cancellation_state(asio::enable_partial_cancellation());
    if (!first && written_ < size_) {
      const bool given_up =
          cancels_ != of_->cancels(wait_type::write) ||
          self.get_cancellation_state().cancelled() != asio::cancellation_type::none;
      if (given_up) ec = asio::error::operation_aborted;
    }
    if (!first && (ec || written_ >= size_)) return self.complete(ec, written_);
    auto& socket = of_->socket;
    of_->write_waits();
    socket.async_write_some(buffer_window(from_, written_), std::move(self));
  }

 private:
  std::shared_ptr<stream_state<Executor>> of_;
  Buffers from_;
  std::size_t size_;
  std::size_t written_;
  std::uint32_t cancels_;
  bool started_ = false;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// frame_op: reading a frame, one async_read_some after another until the buffer has one, and writing one: at once if the kernel takes it,
// the rest by write_op.
#pragma once

#include <array>
#include <asio/buffer.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/compose.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_asio/detail/buffers.hpp"
#include "duet/on_asio/detail/completion.hpp"
#include "duet/on_asio/detail/operation_handler.hpp"
#include "duet/on_asio/detail/stream_state.hpp"
#include "duet/on_asio/detail/write_op.hpp"
#include "duet/os/stream_io.hpp"
#include "duet/policy/frame.hpp"
#include "duet/policy/frame_buffer.hpp"

namespace duet::on_asio::detail {

template <class Executor, class Framing>
class read_frame_op {
 public:
  read_frame_op(std::shared_ptr<stream_state<Executor>> of, policy::frame_buffer<Framing>& into)
      : of_(std::move(of)), into_(&into) {}

  template <class Self>
  void operator()(Self& self) {
    if (!std::exchange(started_, true)) return start(self);
    finish(self, failure_);
  }

  /// A read is over.
  template <class Self>
  void operator()(Self& self, std::error_code ec, std::size_t size) {
    if (of_->watcher != nullptr) told().tell(ec, size);
    of_->has_read(size);
    if (ec == condition::end_of_stream) {
      of_->ended = true;
      ec = end();
    }
    if (ec) return finish(self, ec);
    if (size > 0) into_->filled(size);
    if (into_->look()) return finish(self, {});
    const bool given_up =
        cancels_ != of_->cancels(wait_type::read) ||
        self.get_cancellation_state().cancelled() != asio::cancellation_type::none;
    if (given_up) return finish(self, asio::error::operation_aborted);
    read(self);
  }

 private:
  template <class Self>
  void start(Self& self) {
    cancels_ = of_->cancels(wait_type::read);
    self.reset_cancellation_state(asio::enable_total_cancellation());
    if (!into_->look()) {
      if (!of_->at_end(failure_)) return read(self);
      if (failure_ == condition::end_of_stream) failure_ = end();
    }
    later(self);
  }

  /// Between two frames Asio's own code stays itself.
  [[nodiscard]] std::error_code end() const noexcept {
    if (into_->at_end() == error::unexpected_end) return error::unexpected_end;
    return asio::error::eof;
  }

  template <class Self>
  void read(Self& self) {
    const std::span<std::byte> room = into_->room(failure_);
    if (failure_) return later(self);
    asked_ = room.size();
    auto& socket = of_->socket;
    socket.async_read_some(as_buffer(room), std::move(self));
  }

  template <class Self>
  void later(Self& self) {
    const Executor executor = of_->socket.get_executor();
    asio::post(executor, std::move(self));
  }

  template <class Self>
  void finish(Self& self, std::error_code ec) {
    std::span<const std::byte> frame;
    if (!ec) frame = into_->next(ec).value_or(frame);
    self.complete(ec, frame);
  }

  [[nodiscard]] told_operation told() const {
    const int fd = of_->socket.is_open() ? of_->socket.native_handle() : -1;
    return {of_->watcher, "recv", "socket.async_read_some", fd, asked_};
  }

  std::shared_ptr<stream_state<Executor>> of_;
  policy::frame_buffer<Framing>* into_;
  std::error_code failure_;
  std::size_t asked_ = 0;
  std::uint32_t cancels_ = 0;
  bool started_ = false;
};

template <class Executor>
struct initiate_read_frame {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return state->socket.get_executor(); }

  template <class Handler, class Framing>
  void operator()(Handler&& handler, policy::frame_buffer<Framing>* into) const {
    constexpr operation_kind kind = operation_kind::read_frame;
    using wrapped = operation_handler<std::decay_t<Handler>, Executor, kind>;
    const std::shared_ptr<stream_state<Executor>> of = state->shared_from_this();
    wrapped on_frame(std::forward<Handler>(handler), of->slot(kind), {}, of);
    asio::async_compose<wrapped, void(std::error_code, std::span<const std::byte>)>(
        read_frame_op<Executor, Framing>(of, *into), on_frame, of->socket);
  }

  stream_state<Executor>* state;
};

/// A frame as a buffer sequence that can be copied and moved while it is written.
class frame_buffers {
 public:
  frame_buffers(const policy::frame_marks& marks, std::span<const std::byte> message)
      : kept_(std::make_shared<kept>(marks)) {
    const auto pieces = kept_->marks.pieces(message);
    for (std::size_t each = 0; each < pieces.size(); ++each)
      kept_->buffers[each] = as_buffer(pieces[each]);
  }

  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  [[nodiscard]] const_iterator begin() const noexcept { return kept_->buffers.data(); }
  [[nodiscard]] const_iterator end() const noexcept { return begin() + kept_->buffers.size(); }

 private:
  struct kept {
    explicit kept(const policy::frame_marks& of) : marks(of) {}
    policy::frame_marks marks;
    std::array<asio::const_buffer, policy::frame_marks::max_pieces> buffers;
  };
  std::shared_ptr<kept> kept_;
};

template <class Executor>
struct initiate_write_frame {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return state->socket.get_executor(); }

  template <class Handler, class Framing>
  void operator()(Handler&& handler, const Framing& how, std::span<const std::byte> message) const {
    using plain = std::decay_t<Handler>;
    policy::frame_marks marks;
    std::error_code ec = how.mark(message, marks);
    const std::size_t written = ec ? 0 : write(marks.pieces(message), ec);
    if (ec || written == marks.size(message)) {
      return asio::post(get_executor(), completion<plain, std::error_code, std::size_t>(
                                            std::forward<Handler>(handler), ec, written));
    }
    write_rest(std::forward<Handler>(handler), frame_buffers(marks, message), written);
  }

 private:
  std::size_t write(std::span<const std::span<const std::byte>> pieces, std::error_code& ec) const {
    const int fd = state->socket.is_open() ? state->socket.native_handle() : -1;
    const auto size = os::try_send(fd, pieces, ec, {state->watcher, "socket.native_handle"});
    state->has_written(size.value_or(0));
    return size.value_or(0);
  }

  template <class Handler>
  void write_rest(Handler&& handler, const frame_buffers& frame, std::size_t written) const {
    constexpr operation_kind kind = operation_kind::write;
    using wrapped = operation_handler<std::decay_t<Handler>, Executor, kind>;
    const std::shared_ptr<stream_state<Executor>> of = state->shared_from_this();
    told_operation told{
        of->watcher, "send", "socket.async_write_some", -1, asio::buffer_size(frame) - written,
        written};
    if (of->socket.is_open()) told.fd = of->socket.native_handle();
    wrapped on_written(std::forward<Handler>(handler), of->slot(kind), told, of);
    asio::async_compose<wrapped, void(std::error_code, std::size_t)>(
        write_op<Executor, frame_buffers>(of, frame, written), on_written, of->socket);
  }

 public:
  stream_state<Executor>* state;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// datagram_op: one operation of a datagram socket: make the call and, if it would block, let Asio wait and make it again. The calls are
// os/datagram_io's, because Asio's own know neither batches nor control messages nor truncation.
#pragma once

#include <array>
#include <asio/async_result.hpp>
#include <asio/basic_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/datagram_types.hpp"
#include "duet/on_asio/detail/datagram_state.hpp"
#include "duet/os/datagram_batch.hpp"
#include "duet/os/datagram_io.hpp"
#include "duet/os/message_route.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio::detail {

/// A buffer sequence as the kernel takes it; one piece more than it takes, so that too many are noticed.
class memory_list {
 public:
  template <class Buffers>
  explicit memory_list(const Buffers& of) {
    for (auto each = asio::buffer_sequence_begin(of);
         each != asio::buffer_sequence_end(of) && count_ < pieces_.size(); ++each) {
      const asio::const_buffer piece(*each);
      pieces_[count_++] = {const_cast<void*>(piece.data()), piece.size()};
    }
  }
  operator os::memory_pieces() const noexcept { return {pieces_.data(), count_}; }

 private:
  std::array<iovec, os::most_pieces + 1> pieces_;
  std::size_t count_ = 0;
};

/// What completes with an error and a number.
template <class Token>
concept size_token = asio::completion_token_for<Token, void(std::error_code, std::size_t)>;

/// Whether a call is made at once, before anything is waited for.
enum class first_look { always, if_promising, never };

// The calls. Each says whether it is done; `moved` is what its completion says. in_parts(): a cancellation may find it done in part.

template <class Buffers>
struct receive_call {
  static constexpr first_look look = first_look::if_promising;
  static constexpr wait_type direction = wait_type::read;
  static constexpr bool in_parts() noexcept { return false; }

  bool operator()(int fd, os::datagram_setup& setup, std::size_t& moved, std::error_code& ec) {
    const auto size = os::receive_one(fd, memory_list(to), about, setup, ec);
    moved = size.value_or(0);
    return size.has_value();
  }

  Buffers to;
  datagram_info* about;
};

template <class Buffers>
struct send_call {
  static constexpr first_look look = first_look::always;
  static constexpr wait_type direction = wait_type::write;
  [[nodiscard]] bool in_parts() const noexcept { return by.segment_bytes() != 0; }

  bool operator()(int fd, os::datagram_setup& setup, std::size_t& moved, std::error_code& ec) {
    do {  // more than once only if it is sent in segments
      const auto sent = os::send_one(fd, memory_list(from), moved, by, setup, ec);
      if (!sent) return false;
      moved += *sent;
    } while (!ec && moved < asio::buffer_size(from));
    return true;
  }

  Buffers from;
  os::message_route by;
};

struct receive_batch_call {
  static constexpr first_look look = first_look::if_promising;
  static constexpr wait_type direction = wait_type::read;
  static constexpr bool in_parts() noexcept { return false; }

  bool operator()(int fd, os::datagram_setup& setup, std::size_t& moved,
                  std::error_code& ec) const {
    const auto count = os::receive_batch(fd, *into, setup, ec);
    moved = count.value_or(0);
    return count.has_value();
  }

  os::incoming_batch* into;
};

struct send_batch_call {
  static constexpr first_look look = first_look::always;
  static constexpr wait_type direction = wait_type::write;
  static constexpr bool in_parts() noexcept { return true; }

  bool operator()(int fd, os::datagram_setup& setup, std::size_t& moved,
                  std::error_code& ec) const {
    const bool done = os::send_batch(fd, *from, setup, ec).has_value();
    moved = from->sent();
    return done;
  }

  os::outgoing_batch* from;
};

/// Nothing but the waiting.
struct wait_call {
  static constexpr first_look look = first_look::never;
  static constexpr bool in_parts() noexcept { return false; }

  bool operator()(int, os::datagram_setup&, std::size_t&, std::error_code&) const { return true; }

  wait_type direction;
};

template <class Executor, class Call>
class datagram_op {
 public:
  /// With an error that is known already nothing is called.
  datagram_op(std::shared_ptr<datagram_state<Executor>> of, Call call, std::error_code ec = {})
      : of_(std::move(of)), call_(std::move(call)), ec_(ec) {}

  template <class Self>
  void operator()(Self& self, std::error_code ec = {}) {
    if (finished_) return complete(self);
    const bool first = !std::exchange(started_, true);
    if (first) {
      begin(self);
    } else {
      ec_ = woken(ec, self.get_cancellation_state().cancelled());
    }
    if (!ec_ && !attempt(first)) {
      spared_ = of_->spared(call_.direction);
      return of_->socket.async_wait(asio_direction(), std::move(self));
    }
    if (!first) return complete(self);
    // Known at once, but a handler is never called from inside the initiating function.
    finished_ = true;
    asio::post(of_->socket.get_executor(), std::move(self));
  }

 private:
  template <class Self>
  void begin(Self& self) {
    if (call_.in_parts()) {
      self.reset_cancellation_state(asio::enable_partial_cancellation());
    } else {
      self.reset_cancellation_state(asio::enable_total_cancellation());
    }
    cancels_ = of_->cancels(call_.direction);  // a deferred operation begins long after it was made
  }

  [[nodiscard]] asio::socket_base::wait_type asio_direction() const noexcept {
    return call_.direction == wait_type::read ? asio::socket_base::wait_read
                                              : asio::socket_base::wait_write;
  }

  /// What the end of a wait means. Asio's own cancel() of the other direction does not count.
  [[nodiscard]] std::error_code woken(std::error_code ec,
                                      asio::cancellation_type_t cancelled) const {
    if (cancels_ != of_->cancels(call_.direction) || cancelled != asio::cancellation_type::none)
      return asio::error::operation_aborted;
    const bool spared = spared_ != of_->spared(call_.direction);
    return ec == asio::error::operation_aborted && spared ? std::error_code() : ec;
  }

  /// True: the operation is over.
  bool attempt(bool first) {
    if (!of_->socket.is_open()) {
      ec_ = asio::error::bad_descriptor;
      return true;
    }
    if (first && !looks()) return false;
    of_->setup.asio = "socket.async_wait";
    const bool done = call_(of_->socket.native_handle(), of_->setup, moved_, ec_);
    if (first && Call::look == first_look::if_promising) of_->ahead.found(done);
    return done;
  }
  [[nodiscard]] bool looks() {
    return Call::look == first_look::always ||
           (Call::look == first_look::if_promising && of_->ahead.look());
  }

  template <class Self>
  void complete(Self& self) {
    of_.reset();
    if constexpr (Call::look == first_look::never) {
      self.complete(ec_);
    } else {
      self.complete(ec_, moved_);
    }
  }

  std::shared_ptr<datagram_state<Executor>> of_;
  Call call_;
  std::error_code ec_;
  std::size_t moved_ = 0;
  std::uint32_t cancels_ = 0;
  std::uint32_t spared_ = 0;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// stream_state: what a stream is made of, at one address for as long as operations may name it.
#pragma once

#include <array>
#include <asio/basic_stream_socket.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

#include "duet/observer.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/stream_io.hpp"
#include "duet/os/stream_watch.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio::detail {

/// The kinds of operations. Each has a cancellation signal of its own: composed operations keep their state in the signal's memory, so
/// two that overlap must not share one.
enum class operation_kind : std::uint8_t {
  read,
  read_frame,
  wait_read,
  write_some,
  write,
  wait_write,
  connect,
  last  // no kind: how many there are
};

constexpr wait_type direction_of(operation_kind kind) noexcept {
  return kind <= operation_kind::wait_read ? wait_type::read : wait_type::write;
}

/// What is told of each cancellation of a stream: an operation of several steps may have none in flight on it that a cancellation meets.
class cancel_hook {
 public:
  /// Called within cancel(); it only posts.
  virtual void cancelled() = 0;

 protected:
  ~cancel_hook() = default;
};

template <class Executor>
class stream_state : public std::enable_shared_from_this<stream_state<Executor>> {
 public:
  explicit stream_state(const Executor& executor) : socket(executor) {}

  [[nodiscard]] asio::cancellation_slot slot(operation_kind kind) noexcept {
    return signals_[static_cast<std::size_t>(kind)].slot();
  }

  /// Cancels what was lent a slot in that direction.
  void cancel(wait_type direction) {
    ++cancels_[static_cast<std::size_t>(direction)];
    for (std::size_t each = 0; each < signals_.size(); ++each) {
      const auto kind = static_cast<operation_kind>(each);
      // What an operation on a socket that never was open leaves in its slot must not be called (asio 1.22 reads what open sets). Only
      // a connect has something to cancel while the socket is closed: its lookup.
      const bool safe = socket.is_open() || kind == operation_kind::connect;
      if (safe && direction_of(kind) == direction)
        signals_[each].emit(asio::cancellation_type::terminal);
    }
    if (hook != nullptr) hook->cancelled();
  }

  /// Cancels everything.
  void cancel() {
    cancel(wait_type::read);
    cancel(wait_type::write);
    std::error_code ignored;
    socket.cancel(ignored);
  }

  /// Cancels everything and closes.
  void close() {
    cancel();
    begin_life();
    std::error_code ignored;
    socket.close(ignored);
  }

  /// How often a direction was cancelled: an operation of several steps compares, for a cancellation between two steps meets nothing else.
  [[nodiscard]] std::uint32_t cancels(wait_type direction) const noexcept {
    return cancels_[static_cast<std::size_t>(direction)];
  }

  /// Changes whenever the descriptor may be another: an operation of several steps leaves one that is not its own alone.
  [[nodiscard]] std::uint32_t life() const noexcept { return life_; }
  void begin_life() noexcept {
    ++life_;
    ended = false;
  }

  asio::basic_stream_socket<asio::generic::stream_protocol, Executor> socket;
  os::peer_address peer;
  observer* watcher = nullptr;
  /// A read has come to the peer's end. Asio's edge-triggered reactor may never complete a read that comes after that.
  bool ended = false;
  /// Whether that end, or an error, is what a read has to tell now, for Asio's own functions (lowest_layer) may have made another connection.
  [[nodiscard]] bool at_end(std::error_code& ec) {
    if (!ended) return false;
    if (socket.is_open() && os::at_end(socket.native_handle(), ec)) ec = asio::error::eof;
    return ended = static_cast<bool>(ec);
  }
  os::stream_watch* bytes = nullptr;  ///< told what moves; nullptr: nobody
  cancel_hook* hook = nullptr;        ///< told what is cancelled; nullptr: nobody

  void has_read(std::size_t size) const noexcept {
    if (bytes != nullptr && size > 0) bytes->has_read(size);
  }
  void has_written(std::size_t size) const noexcept {
    if (bytes != nullptr && size > 0) bytes->has_written(size);
  }
  void write_waits() const noexcept {
    if (bytes != nullptr) bytes->write_waits();
  }

 private:
  std::array<asio::cancellation_signal, static_cast<std::size_t>(operation_kind::last)> signals_;
  std::array<std::uint32_t, 2> cancels_{};
  std::uint32_t life_ = 0;
};

}  // namespace duet::on_asio::detail

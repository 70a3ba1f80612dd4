// SPDX-License-Identifier: MIT
// operations: what each asynchronous operation of a stream is on Asio's socket, and how it is started: with a handler that can be
// cancelled by direction and is observed.
#pragma once

#include <asio/buffer.hpp>
#include <asio/compose.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/on_asio/detail/completion.hpp"
#include "duet/on_asio/detail/operation_handler.hpp"
#include "duet/on_asio/detail/stream_state.hpp"
#include "duet/on_asio/detail/write_op.hpp"

namespace duet::on_asio::detail {

struct read_some_operation {
  static constexpr operation_kind kind = operation_kind::read;
  static constexpr const char* call = "recv";
  static constexpr const char* asio = "socket.async_read_some";

  template <class Executor, class Buffers, class Handler>
  static void start(stream_state<Executor>& of, const Buffers& to, Handler&& handler) {
    using plain = std::decay_t<Handler>;
    std::error_code ec;
    if (asio::buffer_size(to) > 0 && of.at_end(ec)) {
      return asio::post(of.socket.get_executor(), completion<plain, std::error_code, std::size_t>(
                                                      std::forward<Handler>(handler), ec, 0));
    }
    of.socket.async_read_some(to, std::forward<Handler>(handler));
  }
};

struct write_some_operation {
  static constexpr operation_kind kind = operation_kind::write_some;
  static constexpr const char* call = "send";
  static constexpr const char* asio = "socket.async_write_some";

  template <class Executor, class Buffers, class Handler>
  static void start(stream_state<Executor>& of, const Buffers& from, Handler&& handler) {
    of.socket.async_write_some(from, std::forward<Handler>(handler));
  }
};

struct write_operation {
  static constexpr operation_kind kind = operation_kind::write;
  static constexpr const char* call = "send";
  static constexpr const char* asio = "socket.async_write_some";

  template <class Executor, class Buffers, class Handler>
  static void start(stream_state<Executor>& of, const Buffers& from, Handler&& handler) {
    asio::async_compose<Handler, void(std::error_code, std::size_t)>(
        write_op<Executor, Buffers>(of.shared_from_this(), from), handler, of.socket);
  }
};

template <operation_kind Kind>
struct wait_operation {
  static constexpr operation_kind kind = Kind;
  static constexpr const char* call = "";
  static constexpr const char* asio = "";

  template <class Executor, class Handler>
  static void start(stream_state<Executor>& of, const asio::const_buffer&, Handler&& handler) {
    using base = asio::socket_base;
    of.socket.async_wait(direction_of(Kind) == wait_type::read ? base::wait_read : base::wait_write,
                         std::forward<Handler>(handler));
  }
};

/// The initiation of an operation, as asio::async_initiate wants it.
template <class Operation, class Executor>
struct initiate_operation {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return state->socket.get_executor(); }

  template <class Handler, class Buffers>
  void operator()(Handler&& handler, const Buffers& buffers) const {
    told_operation told{state->watcher, Operation::call, Operation::asio, -1,
                        asio::buffer_size(buffers)};
    if constexpr (Operation::kind == operation_kind::write_some ||
                  Operation::kind == operation_kind::wait_write)
      state->write_waits();
    if (told.watcher != nullptr && state->socket.is_open()) told.fd = state->socket.native_handle();
    using wrapped = operation_handler<std::decay_t<Handler>, Executor, Operation::kind>;
    Operation::start(*state, buffers,
                     wrapped(std::forward<Handler>(handler), state->slot(Operation::kind), told,
                             state->shared_from_this()));
  }

  stream_state<Executor>* state;
};

/// The same for waiting, whose direction is known when it starts.
template <class Executor>
struct initiate_wait {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return state->socket.get_executor(); }

  template <class Handler>
  void operator()(Handler&& handler, wait_type direction) const {
    using reading = wait_operation<operation_kind::wait_read>;
    using writing = wait_operation<operation_kind::wait_write>;
    if (direction == wait_type::read) {
      initiate_operation<reading, Executor>{state}(std::forward<Handler>(handler),
                                                   asio::const_buffer());
    } else {
      initiate_operation<writing, Executor>{state}(std::forward<Handler>(handler),
                                                   asio::const_buffer());
    }
  }

  stream_state<Executor>* state;
};

}  // namespace duet::on_asio::detail

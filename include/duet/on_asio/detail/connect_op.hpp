// SPDX-License-Identifier: MIT
// connect_op: one connect on Asio to a numeric endpoint. Not names: race_op makes several of these.
#pragma once

#include <asio/bind_cancellation_slot.hpp>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/detail/ending.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/connect_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/policy/busy_retry.hpp"

namespace duet::on_asio::detail {

template <class Executor, class Handler>
class connect_op : public std::enable_shared_from_this<connect_op<Executor, Handler>> {
 public:
  using state_ptr = std::shared_ptr<stream_state<Executor>>;

  connect_op(state_ptr stream, const endpoint& at, const connect_options& options, Handler handler)
      : stream_(std::move(stream)),
        life_(stream_->life()),
        cancels_(stream_->cancels(wait_type::write)),
        at_(at),
        options_(options),
        retry_(stream_->socket.get_executor()),
        end_(stream_->socket.get_executor(), std::move(handler)) {}

  void start() {
    end_.watch(this->weak_from_this(), options_.deadline);
    attempt();
  }

  /// Ends the operation with `why`, unless it is over already: a result that is known wins.
  void abort(std::error_code why) {
    if (end_.reached() || why_) return;
    why_ = why;
    if (busy_) return finish(why);
    std::error_code ignored;
    if (current()) stream_->socket.cancel(ignored);
  }

 private:
  /// Whether the stream is still the one that this connect is for: it may have been closed, and opened for something else.
  [[nodiscard]] bool current() const noexcept { return stream_->life() == life_; }

  void attempt() {
    if (!current()) return finish(asio::error::operation_aborted);
    if (const std::error_code ec = begin()) finish(ec);
  }

  /// The listener's queue is full: once more, in a while.
  void try_again_later() {
    std::error_code ignored;
    stream_->socket.close(ignored);
    busy_ = true;
    stream_->slot(operation_kind::connect)
        .assign(operation_canceller<connect_op>{this->weak_from_this()});
    retry_.expires_after(patience_.next());
    retry_.async_wait([self = this->shared_from_this()](std::error_code ec) {
      self->busy_ = false;
      if (!ec && !self->end_.reached()) self->attempt();
    });
  }

  /// Opens a socket and starts to connect it.
  std::error_code begin() {
    std::error_code ec;
    const os::socket_address address = os::to_socket_address(at_, ec);
    if (ec) return ec;
    const int family = address.generic.sa_family;
    os::flow steps(options_.watcher);
    os::unique_fd fd =
        os::open_connecting_socket(steps, address, SOCK_NONBLOCK, options_, "socket.assign");
    if (!fd) return steps.error();
    stream_->socket.assign({family, 0}, fd.get(), ec);
    if (ec) return ec;
    [[maybe_unused]] const int now_asios = fd.release();
    auto done = [self = this->shared_from_this(), address](std::error_code result) {
      self->attempted(address, result);
    };
    stream_->socket.async_connect(
        {&address.generic, address.size},
        asio::bind_cancellation_slot(stream_->slot(operation_kind::connect), std::move(done)));
    return {};
  }

  /// A UNIX listener whose queue is full refuses with EAGAIN (connect(2)). Asio 1.22 calls that no_buffer_space; 1.38 waits until the
  /// socket is writable, which it is without a connection, and calls it a success.
  void attempted(const os::socket_address& address, std::error_code ec) {
    if (address.generic.sa_family == AF_UNIX && (!ec || ec == asio::error::no_buffer_space) &&
        !os::has_peer(stream_->socket.native_handle()))
      ec = {EAGAIN, std::system_category()};
    os::flow(options_.watcher)
        .took(
            "connect", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_STREAM); },
            "socket.async_connect");
    if (!current()) return finish(asio::error::operation_aborted);
    if (!ec) ec = os::connected_to_itself(stream_->socket.native_handle());
    // A cancel() that came when the attempt had failed already met nothing to cancel.
    if (ec && cancels_ != stream_->cancels(wait_type::write)) ec = asio::error::operation_aborted;
    const bool given_up = why_ || ec == asio::error::operation_aborted;
    if (ec && !given_up && policy::busy_retry::is_busy(at_, ec)) return try_again_later();
    finish(ec && why_ ? why_ : ec);
  }

  void finish(std::error_code ec) {
    if (end_.reached()) return;
    const auto keep = this->shared_from_this();
    retry_.cancel();
    std::error_code ignored;
    if (ec && current()) stream_->socket.close(ignored);
    end_.reach(ec);
  }

  state_ptr stream_;
  std::uint32_t life_;
  std::uint32_t cancels_;
  endpoint at_;
  connect_options options_;
  steady_timer_on<Executor> retry_;
  policy::busy_retry patience_;
  bool busy_ = false;
  ending<Executor, Handler> end_;
  std::error_code why_;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// connect_op: one connect on Asio: resolve if need be, then one endpoint after another, policy::connect_sequence saying which.
#pragma once

#include <asio/bind_cancellation_slot.hpp>
#include <asio/query.hpp>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/detail/ending.hpp"
#include "duet/on_asio/detail/lookup_service.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/lookup.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/policy/busy_retry.hpp"
#include "duet/policy/connect_sequence.hpp"

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
    if (at_.is_numeric()) return next(policy::connect_sequence({at_}));
    // No socket is open yet: the stream's cancel() reaches the lookup through the direction that connecting will use.
    stream_->slot(operation_kind::connect).assign(canceller{this->weak_from_this()});
    look_up();
  }

 private:
  using ending_type = ending<Executor, Handler>;
  using canceller = typename ending_type::template canceller<connect_op>;
  friend ending_type;

  /// Whether the stream is still the one that this connect is for: it may have been closed, and opened for something else.
  [[nodiscard]] bool current() const noexcept { return stream_->life() == life_; }

  [[nodiscard]] lookup_service& lookups() {
    return asio::use_service<lookup_service>(
        asio::query(end_.executor(), asio::execution::context));
  }

  /// Ends the operation with `why`, unless it is over already: a result that is known wins.
  void abort(std::error_code why) {
    if (end_.reached() || why_) return;
    why_ = why;
    if (ticket_ != 0 || busy_) return finish(why);
    std::error_code ignored;
    if (current()) stream_->socket.cancel(ignored);
  }

  void look_up() {
    ticket_ = lookups().start(
        os::lookup_pool::shared(), os::endpoint_question(at_), end_.executor(),
        [self = this->shared_from_this()](const os::lookup_outcome& outcome) {
          self->ticket_ = 0;
          os::tell(self->options_.watcher, os::endpoint_question(self->at_), outcome);
          if (outcome.error) return self->finish(outcome.error);
          self->next(policy::connect_sequence(os::endpoints_of(self->at_, outcome)));
        });
  }

  void next(policy::connect_sequence targets) {
    sequence_ = std::move(targets);
    if (!current()) return finish(asio::error::operation_aborted);
    while (const endpoint* const target = sequence_.next()) {
      const std::error_code ec = attempt(*target);
      if (!ec) return;
      sequence_.failed(ec);
    }
    finish(sequence_.error());
  }

  /// The listener's queue is full: the same endpoint once more, in a while.
  void try_again_later() {
    std::error_code ignored;
    stream_->socket.close(ignored);
    busy_ = true;
    stream_->slot(operation_kind::connect).assign(canceller{this->weak_from_this()});
    retry_.expires_after(patience_.next());
    retry_.async_wait([self = this->shared_from_this()](std::error_code ec) {
      self->busy_ = false;
      if (!ec && !self->end_.reached()) self->next(std::move(self->sequence_));
    });
  }

  /// Opens a socket and starts to connect it.
  std::error_code attempt(const endpoint& target) {
    std::error_code ec;
    const os::socket_address address = os::to_socket_address(target, ec);
    if (ec) return ec;
    const int family = address.generic.sa_family;
    os::flow steps(options_.watcher);
    os::unique_fd fd = os::open_socket(steps, family, SOCK_STREAM, SOCK_NONBLOCK, "socket.assign");
    if (!fd || !os::apply_options(steps, fd.get(), family, os::option_stage::before_connect,
                                  options_.socket))
      return steps.error();
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
    if (!ec || why_ || ec == asio::error::operation_aborted) return finish(ec && why_ ? why_ : ec);
    if (policy::busy_retry::is_busy(*sequence_.next(), ec)) return try_again_later();
    std::error_code ignored;
    stream_->socket.close(ignored);
    sequence_.failed(ec);
    next(std::move(sequence_));
  }

  void finish(std::error_code ec) {
    if (end_.reached()) return;
    const auto keep = this->shared_from_this();
    retry_.cancel();
    if (ticket_ != 0) lookups().cancel(std::exchange(ticket_, 0));
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
  ending_type end_;
  policy::connect_sequence sequence_;
  std::uint64_t ticket_ = 0;
  std::error_code why_;
};

template <class Executor>
struct initiate_connect {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return to->get_executor(); }

  template <class Handler>
  void operator()(Handler&& handler, const endpoint& at, const connect_options& options) const {
    using op = connect_op<Executor, std::decay_t<Handler>>;
    // On the ordinary heap: cancellers hold on to it after the handler was called, when memory of the handler's allocator has to be back.
    std::make_shared<op>(to->prepare_connect(options.watcher), at, options,
                         std::forward<Handler>(handler))
        ->start();
  }

  basic_stream<Executor>* to;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// connect_op: one connect on Asio: resolve if need be, then one endpoint after another, policy::connect_sequence saying which.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/detail/completion.hpp"
#include "duet/on_asio/detail/lookup_service.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/policy/connect_sequence.hpp"

namespace duet::on_asio::detail {

template <class Executor, class Handler>
class connect_op : public std::enable_shared_from_this<connect_op<Executor, Handler>> {
 public:
  using state_ptr = std::shared_ptr<stream_state<Executor>>;

  connect_op(state_ptr stream, const endpoint& at, const connect_options& options, Handler handler)
      : stream_(std::move(stream)),
        life_(stream_->life()),
        at_(at),
        options_(options),
        deadline_(executor()),
        work_(executor()),
        handler_work_(asio::get_associated_executor(handler, executor())),
        handler_(std::move(handler)) {}

  void start() {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.assign(canceller{this->weak_from_this()});
    if (options_.deadline.count() > 0) {
      deadline_.expires_after(options_.deadline);
      deadline_.async_wait([weak = this->weak_from_this()](std::error_code ec) {
        const auto self = weak.lock();
        if (!ec && self) self->abort(error::timed_out);
      });
    }
    if (at_.is_numeric()) return next(policy::connect_sequence({at_}));
    // No socket is open yet: the stream's cancel() reaches the lookup through the direction that connecting will use.
    stream_->slot(operation_kind::connect).assign(canceller{this->weak_from_this()});
    look_up();
  }

 private:
  struct canceller {
    void operator()(asio::cancellation_type) const {
      if (const auto op = of.lock()) op->abort(asio::error::operation_aborted);
    }
    std::weak_ptr<connect_op> of;
  };

  /// Whether the stream is still the one that this connect is for: it may have been closed, and opened for something else.
  [[nodiscard]] bool current() const noexcept { return stream_->life() == life_; }

  [[nodiscard]] Executor executor() const { return stream_->socket.get_executor(); }

  [[nodiscard]] lookup_service& lookups() const {
    return asio::use_service<lookup_service>(asio::query(executor(), asio::execution::context));
  }

  /// Ends the operation with `why`, unless it is over already: a result that is known wins.
  void abort(std::error_code why) {
    if (finished_ || why_) return;
    why_ = why;
    if (ticket_ != 0) return finish(why);
    std::error_code ignored;
    if (current()) stream_->socket.cancel(ignored);
  }

  void look_up() try {
    ticket_ = lookups().start(
        at_, executor(),
        [self = this->shared_from_this()](std::error_code ec, std::vector<endpoint> found) {
          self->ticket_ = 0;
          os::flow(self->options_.watcher)
              .took("getaddrinfo", ec ? -1 : static_cast<long>(found.size()), ec,
                    [&] { return self->at_.to_string(); });
          if (ec) return self->finish(ec);
          self->next(policy::connect_sequence(std::move(found)));
        });
  } catch (const std::system_error& no_thread) {
    finish(no_thread.code());
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

  void attempted(const os::socket_address& address, std::error_code ec) {
    // Asio's word for a UNIX listener whose backlog is full (EAGAIN of connect(2)).
    if (ec == asio::error::no_buffer_space && address.generic.sa_family == AF_UNIX)
      ec = {EAGAIN, std::system_category()};
    os::flow(options_.watcher)
        .took(
            "connect", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_STREAM); },
            "socket.async_connect");
    if (!current()) return finish(asio::error::operation_aborted);
    if (!ec) ec = os::connected_to_itself(stream_->socket.native_handle());
    if (!ec || why_ || ec == asio::error::operation_aborted) return finish(ec && why_ ? why_ : ec);
    std::error_code ignored;
    stream_->socket.close(ignored);
    sequence_.failed(ec);
    next(std::move(sequence_));
  }

  void finish(std::error_code ec) {
    if (std::exchange(finished_, true)) return;
    const auto keep = this->shared_from_this();
    deadline_.cancel();
    if (ticket_ != 0) lookups().cancel(std::exchange(ticket_, 0));
    std::error_code ignored;
    if (ec && current()) stream_->socket.close(ignored);
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();
    // Through the stream's executor: the handler's own may belong to no loop that is run (a future's belongs to threads of Asio's).
    asio::post(executor(), completion<Handler, std::error_code>(std::move(handler_), ec));
    handler_work_.reset();
    work_.reset();
  }

  state_ptr stream_;
  std::uint32_t life_;
  endpoint at_;
  connect_options options_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      deadline_;
  asio::executor_work_guard<Executor> work_;
  asio::executor_work_guard<asio::associated_executor_t<Handler, Executor>> handler_work_;
  Handler handler_;
  policy::connect_sequence sequence_;
  std::uint64_t ticket_ = 0;
  std::error_code why_;
  bool finished_ = false;
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

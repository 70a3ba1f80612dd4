// SPDX-License-Identifier: MIT
// ending: how an operation of several steps on Asio comes to its end: its handler, what keeps the executors busy until then, the deadline and
// the cancellation slot that may end it before. Not the steps.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_asio/detail/completion.hpp"

namespace duet::on_asio::detail {

/// asio::steady_timer without type erasure.
template <class Executor>
using steady_timer_on =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// What ends an operation from a cancellation slot.
template <class Op>
struct operation_canceller {
  void operator()(asio::cancellation_type) const {
    if (const auto op = of.lock()) op->abort(asio::error::operation_aborted);
  }
  std::weak_ptr<Op> of;
};

/// Lives in an operation that a shared_ptr owns; the operation has abort(std::error_code).
template <class Executor, class Handler>
class ending {
 public:
  ending(const Executor& executor, Handler handler)
      : deadline_(executor),
        work_(executor),
        handler_work_(asio::get_associated_executor(handler, executor)),
        handler_(std::move(handler)) {}

  [[nodiscard]] Executor executor() { return deadline_.get_executor(); }
  [[nodiscard]] bool reached() const noexcept { return reached_; }

  /// From now on the handler's slot and the deadline (0: none) abort the operation.
  template <class Op>
  void watch(const std::weak_ptr<Op>& op, std::chrono::milliseconds deadline) {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.assign(operation_canceller<Op>{op});
    if (deadline.count() <= 0) return;
    deadline_.expires_after(deadline);
    deadline_.async_wait([op](std::error_code ec) {
      const auto self = op.lock();
      if (!ec && self) self->abort(error::timed_out);
    });
  }

  /// Calls the handler, through the operation's executor: the handler's own may belong to no loop that is run (a future's belongs to threads
  /// of Asio's). The first call counts.
  template <class... Args>
  void reach(Args... args) {
    if (std::exchange(reached_, true)) return;
    deadline_.cancel();
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();
    asio::post(executor(), completion<Handler, Args...>(std::move(handler_), std::move(args)...));
    handler_work_.reset();
    work_.reset();
  }

 private:
  steady_timer_on<Executor> deadline_;
  asio::executor_work_guard<Executor> work_;
  asio::executor_work_guard<asio::associated_executor_t<Handler, Executor>> handler_work_;
  Handler handler_;
  bool reached_ = false;
};

}  // namespace duet::on_asio::detail

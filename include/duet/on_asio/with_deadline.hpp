// SPDX-License-Identifier: MIT
// with_deadline: any asynchronous operation, with a time by which it is given up. If the result and the time race, the result wins. Asio has
// cancel_after from 1.33 on, which tells the time's end as operation_aborted; this tells it as timed_out, on every Asio from 1.22.1.
// Parity: on_asio only; the operations of on_posix take their deadlines as options.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_asio/detail/completion.hpp"
#include "duet/on_asio/detail/ending.hpp"

namespace duet::on_asio {
namespace detail {

/// A completion token that says with which signature an operation completes, and starts nothing.
struct signature_probe {};

inline void tell_timed_out(std::error_code& ec) {
  if (ec == condition::operation_canceled) ec = error::timed_out;
}
inline void tell_timed_out(std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& failed) {
    if (failed.code() == condition::operation_canceled)
      thrown = std::make_exception_ptr(std::system_error(error::timed_out, failed.what()));
  } catch (...) {  // NOLINT(bugprone-empty-catch): any other exception stays what it is
  }
}
template <class Result>
void tell_timed_out(Result&) {}

/// One operation under way. Everything in it happens on `Executor`; the handler is called on its own.
template <class Executor, class Handler>
class deadline_op : public std::enable_shared_from_this<deadline_op<Executor, Handler>> {
 public:
  deadline_op(const Executor& executor, Handler handler)
      : timer_(executor),
        work_(executor),
        handler_work_(asio::get_associated_executor(handler, executor)),
        handler_(std::move(handler)) {}

  /// What the operation is given as its handler.
  class inner {
   public:
    using executor_type = Executor;
    using cancellation_slot_type = asio::cancellation_slot;

    explicit inner(std::shared_ptr<deadline_op> of) : of_(std::move(of)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return of_->io_executor(); }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return of_->signal_.slot();
    }
    template <class... Args>
    void operator()(Args... args) {
      const auto op = std::move(of_);
      op->complete(std::move(args)...);
    }

   private:
    std::shared_ptr<deadline_op> of_;
  };

  template <class Operation>
  void start(Operation&& operation, std::chrono::nanoseconds duration) {
    const auto weak = this->weak_from_this();
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected())
      slot.assign([weak](asio::cancellation_type type) {
        if (const auto op = weak.lock()) op->cancel(type);
      });
    timer_.expires_after(duration);
    timer_.async_wait([weak](std::error_code ec) {
      const auto op = weak.lock();
      if (!ec && op) op->time_is_over();
    });
    std::forward<Operation>(operation)(inner(this->shared_from_this()));
  }

 private:
  [[nodiscard]] Executor io_executor() const noexcept { return work_.get_executor(); }

  void cancel(asio::cancellation_type type) {
    if (!timed_out_) cancelled_ = true;
    signal_.emit(type);
  }

  void time_is_over() {
    if (over_ || cancelled_) return;
    timed_out_ = true;
    signal_.emit(asio::cancellation_type::terminal);
  }

  template <class... Args>
  void complete(Args... args) {
    over_ = true;
    timer_.cancel();
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();
    if (timed_out_) first(args...);
    auto last = completion<Handler, Args...>(std::move(handler_), std::move(args)...);
    asio::dispatch(io_executor(), std::move(last));
    handler_work_.reset();
    work_.reset();
  }

  static void first() {}
  template <class First, class... Rest>
  static void first(First& result, Rest&...) {
    tell_timed_out(result);
  }

  steady_timer_on<Executor> timer_;
  asio::cancellation_signal signal_;
  asio::executor_work_guard<Executor> work_;
  asio::executor_work_guard<asio::associated_executor_t<Handler, Executor>> handler_work_;
  Handler handler_;
  bool over_ = false;
  bool timed_out_ = false;
  bool cancelled_ = false;
};

/// An I/O object's, or the executor that it is itself.
template <class Object>
auto io_executor_of(Object& of) {
  if constexpr (requires { of.get_executor(); }) {
    return of.get_executor();
  } else {
    return of;
  }
}

template <class Executor>
struct initiate_with_deadline {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return executor; }

  template <class Handler, class Operation>
  void operator()(Handler&& handler, Operation&& operation,
                  std::chrono::nanoseconds duration) const {
    using op = deadline_op<Executor, std::decay_t<Handler>>;
    // On the ordinary heap: the slot's canceller may hold on to it after the handler was called.
    std::make_shared<op>(executor, std::forward<Handler>(handler))
        ->start(std::forward<Operation>(operation), duration);
  }

  Executor executor;
};

}  // namespace detail
}  // namespace duet::on_asio

/// @cond
/// For with_deadline: the result of an operation started with the probe is its signature.
template <class Signature>
class asio::async_result<duet::on_asio::detail::signature_probe, Signature> {
 public:
  using return_type = std::type_identity<Signature>;
  template <class Initiation, class... Args>
  static return_type initiate(Initiation&&, duet::on_asio::detail::signature_probe, Args&&...) {
    return {};
  }
};
/// @endcond

namespace duet::on_asio {

/// Starts `operation`, a function of a completion token that starts it and returns what Asio's own would, and completes with its results:
///
///     co_await with_deadline(stream, 5s, [&](auto token) { return stream.async_read_some(to, std::move(token)); }, use_awaitable);
///
/// When `duration` is over first, the operation is cancelled (cancellation_type::terminal); if it then ends with operation_canceled, as an
/// error_code or in an exception_ptr, this completes with timed_out. Any other result is delivered as it is: nothing is lost.
/// Cancellation: of the outer handler's slot, passed on; it stays operation_canceled. The operation has to honour its slot, else it ends when
/// it ends. Executor: `of` is the I/O object or executor that the operation belongs to; all of this happens there, so that a strand holds.
/// Lifetime: as the operation's own.
template <class Object, class Operation, class Token>
auto with_deadline(Object&& of, std::chrono::nanoseconds duration, Operation&& operation,
                   Token&& token) {
  using signature =
      typename decltype(std::declval<Operation&>()(std::declval<detail::signature_probe>()))::type;
  const auto executor = detail::io_executor_of(of);
  return asio::async_initiate<Token, signature>(
      detail::initiate_with_deadline<std::decay_t<decltype(executor)>>{executor}, token,
      std::forward<Operation>(operation), duration);
}

}  // namespace duet::on_asio

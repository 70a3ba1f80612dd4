// SPDX-License-Identifier: MIT
// The sender of the Asio column: policy::send_queue decides what is taken and what is written next.
#pragma once

#include <array>
#include <asio/post.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "duet/on_asio/detail/ending.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/stream_io.hpp"
#include "duet/policy/send_queue.hpp"
#include "duet/sender_options.hpp"

namespace duet::on_asio::detail {

/// Whoever waits for a sender.
class sender_waiter {
 public:
  virtual ~sender_waiter() = default;
  /// The first call counts.
  virtual void complete(std::error_code ec) = 0;
  /// It was told already, by its cancellation slot.
  [[nodiscard]] virtual bool over() const noexcept = 0;
};

template <class Executor, class Handler>
class sender_handler final
    : public sender_waiter,
      public std::enable_shared_from_this<sender_handler<Executor, Handler>> {
 public:
  sender_handler(const Executor& executor, Handler handler) : end_(executor, std::move(handler)) {}

  void watch() { end_.watch(this->weak_from_this(), {}); }
  void complete(std::error_code ec) override { end_.reach(ec); }
  [[nodiscard]] bool over() const noexcept override { return end_.reached(); }
  void abort(std::error_code why) { end_.reach(why); }

 private:
  ending<Executor, Handler> end_;
};

/// What the sender and what is in flight share.
template <class Executor>
class sender_core : public std::enable_shared_from_this<sender_core<Executor>> {
 public:
  using completion = std::shared_ptr<sender_waiter>;

  sender_core(basic_stream<Executor>& over, const sender_options& options)
      : stream_(&over), executor_(over.get_executor()), queue_(options) {
    if (options.unsent_low_water_bytes)
      os::bound_unsent(over.native_handle(), *options.unsent_low_water_bytes);
  }

  [[nodiscard]] Executor get_executor() const noexcept { return executor_; }

  /// Takes the message if it says `queued`; else it is left alone.
  send_verdict offer(std::vector<std::byte>& message) {
    if (error_) return send_verdict::closed;
    // Those who wait for room came before.
    const send_verdict verdict =
        someone_waits() ? send_verdict::wait : queue_.push(std::move(message));
    if (verdict == send_verdict::queued) begin();
    if (verdict == send_verdict::closed) overrun();
    return verdict;
  }

  void send(std::vector<std::byte> message, completion handler) {
    switch (offer(message)) {
      case send_verdict::queued: return handler->complete({});
      case send_verdict::wait:
        return hold()->for_room.push_back({std::move(message), std::move(handler)});
      case send_verdict::refused: return handler->complete(policy::send_queue::no_room());
      case send_verdict::closed: return handler->complete(error_);
    }
  }

  void ready(completion handler) {
    if (error_ || !queue_.above_high_watermark()) return handler->complete(error_);
    hold()->for_ready.push_back(std::move(handler));
  }

  void drain(completion handler) {
    if (error_ || is_empty()) return handler->complete(error_);
    hold()->for_drain.push_back(std::move(handler));
  }

  /// Once: nothing can be sent any more.
  void fail(std::error_code why) {
    if (std::exchange(error_, why)) return;
    queue_.clear();
    if (const auto all = waiters_.lock()) {
      for (waiter& each : std::exchange(all->for_room, {})) each.handler->complete(why);
      tell(all->for_ready, why);
      tell(all->for_drain, why);
    }
    if (on_failure_)
      asio::post(executor_, [told = std::exchange(on_failure_, nullptr), why] { told(why); });
  }

  /// The sender goes, and the stream may go next.
  void leave() {
    on_failure_ = nullptr;
    // Not of a loop that has gone.
    const bool was_waiting = std::exchange(writing_, false) && !error_ && !waiters_.expired();
    fail(asio::error::operation_aborted);
    if (was_waiting) stream_->cancel(wait_type::write);
  }

  void on_failure(std::function<void(std::error_code)> handler) {
    on_failure_ = std::move(handler);
  }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  [[nodiscard]] const policy::send_queue& queue() const noexcept { return queue_; }

 private:
  struct waiter {
    std::vector<std::byte> message;
    completion handler;
  };
  struct waiters {
    std::deque<waiter> for_room;
    std::vector<completion> for_ready;
    std::vector<completion> for_drain;
  };

  /// Whoever waits, waits for the write that is under way, and its handler owns them: if the loop goes before it was called, they go with
  /// it, and with them the sender if one of them owns that.
  [[nodiscard]] std::shared_ptr<waiters> hold() {
    auto held = waiters_.lock();
    if (!held) waiters_ = held = std::make_shared<waiters>();
    return held;
  }
  [[nodiscard]] bool someone_waits() const {
    const auto all = waiters_.lock();
    return all && !all->for_room.empty();
  }
  [[nodiscard]] bool is_empty() const { return queue_.empty() && !someone_waits(); }

  void begin() {
    if (std::exchange(writing_, true)) return;
    if (!queue_.limits().gather_turn) return write();
    later();
  }

  void later() {
    asio::post(executor_, [self = this->shared_from_this(), held = hold()] {
      if (!self->error_) self->write();
    });
  }

  void write() {
    for (int most = policy::send_queue::calls_a_turn; most > 0; --most) {
      std::array<std::span<const std::byte>, os::max_pieces> pieces;
      const std::size_t count = queue_.gather(pieces);
      if (count == 0) return rest();
      std::error_code ec;
      const auto size = stream_->try_write_pieces(std::span(pieces).first(count), ec);
      if (ec) return fail(ec);
      if (!size) return wait();
      static_cast<void>(queue_.wrote(*size));
      let_in();
    }
    later();
  }

  void wait() {
    stream_->async_wait(wait_type::write,
                        [self = this->shared_from_this(), held = hold()](std::error_code ec) {
                          if (self->error_) return;
                          ec ? self->fail(ec) : self->write();
                        });
  }

  /// There is room, perhaps.
  void let_in() {
    const auto all = waiters_.lock();
    if (!all) return;
    while (!all->for_room.empty()) {
      waiter& first = all->for_room.front();
      if (!first.handler->over()) {
        if (queue_.push(std::move(first.message)) != send_verdict::queued) break;
        first.handler->complete({});
      }
      all->for_room.pop_front();
    }
    if (queue_.above_high_watermark()) return;
    tell(all->for_ready, {});
  }

  void rest() {
    writing_ = false;
    if (const auto all = waiters_.lock()) tell(all->for_drain, {});
  }

  static void tell(std::vector<completion>& those, std::error_code ec) {
    for (const completion& each : std::exchange(those, {})) each->complete(ec);
  }

  /// overflow_rule::close.
  void overrun() {
    fail(policy::send_queue::no_room());
    os::reset_on_close(stream_->native_handle());
    stream_->close();
  }

  basic_stream<Executor>* stream_;
  Executor executor_;
  policy::send_queue queue_;
  std::weak_ptr<waiters> waiters_;
  std::function<void(std::error_code)> on_failure_;
  std::error_code error_;
  bool writing_ = false;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// The sender of the POSIX column: policy::send_queue decides what is taken and what is written next.
#include "duet/on_posix/sender.hpp"

#include <array>
#include <deque>
#include <optional>
#include <span>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/stream_io.hpp"
#include "duet/policy/send_queue.hpp"

namespace duet::on_posix {

/// What the sender and what is in flight share.
class sender::core : public std::enable_shared_from_this<core> {
 public:
  core(stream& over, const sender_options& options)
      : stream_(&over), loop_(over.get_loop()), queue_(options) {
    if (options.unsent_low_water_bytes)
      os::bound_unsent(over.native_handle(), *options.unsent_low_water_bytes);
  }

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
      case send_verdict::queued: return complete(handler, {});
      case send_verdict::wait:
        return hold()->for_room.push_back({std::move(message), std::move(handler)});
      case send_verdict::refused: return complete(handler, policy::send_queue::no_room());
      case send_verdict::closed: return complete(handler, error_);
    }
  }

  void ready(completion handler) {
    if (error_ || !queue_.above_high_watermark()) return complete(handler, error_);
    hold()->for_ready.push_back(std::move(handler));
  }

  void drain(completion handler) {
    if (error_ || is_empty()) return complete(handler, error_);
    hold()->for_drain.push_back(std::move(handler));
  }

  /// Once: nothing can be sent any more.
  void fail(std::error_code why) {
    if (std::exchange(error_, why)) return;
    queue_.clear();
    if (const auto all = waiters_.lock()) {
      for (waiter& each : std::exchange(all->for_room, {})) complete(each.handler, why);
      tell(all->for_ready, why);
      tell(all->for_drain, why);
    }
    if (on_failure_) loop_.post([told = std::exchange(on_failure_, nullptr), why] { told(why); });
  }

  /// The sender goes, and the stream may go next.
  void leave() {
    on_failure_ = nullptr;
    // Not of a loop that has gone.
    const bool was_waiting = std::exchange(writing_, false) && !error_ && !waiters_.expired();
    fail(std::make_error_code(std::errc::operation_canceled));
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
    loop_.post([self = shared_from_this(), held = hold()] {
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
                        [self = shared_from_this(), held = hold()](std::error_code ec) {
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
      if (queue_.push(std::move(first.message)) != send_verdict::queued) break;
      complete(first.handler, {});
      all->for_room.pop_front();
    }
    if (queue_.above_high_watermark()) return;
    tell(all->for_ready, {});
  }

  void rest() {
    writing_ = false;
    if (const auto all = waiters_.lock()) tell(all->for_drain, {});
  }

  void tell(std::vector<completion>& those, std::error_code ec) {
    for (completion& each : std::exchange(those, {})) complete(each, ec);
  }

  /// overflow_rule::close.
  void overrun() {
    fail(policy::send_queue::no_room());
    os::reset_on_close(stream_->native_handle());
    stream_->close();
  }

  void complete(completion& handler, std::error_code ec) {
    loop_.post([handler = std::move(handler), ec]() mutable { handler(ec); });
  }

  stream* stream_;
  loop& loop_;
  policy::send_queue queue_;
  std::weak_ptr<waiters> waiters_;
  std::function<void(std::error_code)> on_failure_;
  std::error_code error_;
  bool writing_ = false;
};

sender::sender(stream& over, const sender_options& options)
    : core_(std::make_shared<core>(over, options)) {}

sender::~sender() {
  if (core_) core_->leave();
}

send_verdict sender::try_send(std::vector<std::byte>&& message) { return core_->offer(message); }

void sender::start_send(std::vector<std::byte> message, completion handler) {
  core_->send(std::move(message), std::move(handler));
}

void sender::start_ready(completion handler) { core_->ready(std::move(handler)); }

void sender::start_drain(completion handler) { core_->drain(std::move(handler)); }

void sender::cancel() { core_->leave(); }

void sender::on_failure(std::function<void(std::error_code)> handler) {
  core_->on_failure(std::move(handler));
}

std::error_code sender::error() const noexcept { return core_->error(); }

std::size_t sender::bytes() const noexcept { return core_->queue().bytes(); }

std::size_t sender::messages() const noexcept { return core_->queue().messages(); }

bool sender::above_high_watermark() const noexcept { return core_->queue().above_high_watermark(); }

const sender_counters& sender::counters() const noexcept { return core_->queue().counters(); }

}  // namespace duet::on_posix

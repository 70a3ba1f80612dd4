// SPDX-License-Identifier: MIT
// datagram_echo_client_core: the datagram echo client of the Asio column: policy::probe_run says what is to be done, and here it is done with
// a connected socket and one timer, which is left as it is while it is early enough.
#pragma once

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/datagram.hpp"
#include "duet/on_asio/detail/any_handler.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/policy/datagram_errors.hpp"
#include "duet/policy/probe_run.hpp"

namespace duet::on_asio::detail {

/// One run. Its handlers share its ownership. A result that was told may have ended it: finished_ is looked at behind each, of next() with action::again.
class datagram_echo_client_core : public std::enable_shared_from_this<datagram_echo_client_core> {
 public:
  using handler = any_handler<std::error_code, reply_counts>;

  datagram_echo_client_core(loop& owner, const datagram_echo_client_options& options,
                            const endpoint& to)
      : loop_(owner),
        options_(options),
        to_(to),
        socket_(owner),
        timer_(owner),
        run_(options, to),
        incoming_(options.bytes + 1) {}

  void start(handler done, asio::cancellation_slot slot) {
    started_ = true;
    handler_ = std::move(done);
    slot_ = slot;
    if (slot_.is_connected()) slot_.assign(canceller{weak_from_this()});
    loop_.post([self = shared_from_this()] {
      if (!self->finished_) self->open();
    });
  }

  [[nodiscard]] bool running() const noexcept { return started_ && !finished_; }

  void cancel() {
    if (running()) finish(std::make_error_code(std::errc::operation_canceled));
  }

  [[nodiscard]] const reply_counts& progress() const noexcept { return run_.counts(); }

 private:
  using clock = std::chrono::steady_clock;
  using action = policy::probe_run::action;

  struct canceller {
    void operator()(asio::cancellation_type) const {
      if (const auto core = of.lock()) core->cancel();
    }
    std::weak_ptr<datagram_echo_client_core> of;
  };

  /// Datagrams in a row before others on the loop have their turn.
  static constexpr int most_at_once = 64;

  void open() {
    std::error_code ec = policy::probe_run::refusal(options_, to_);
    if (ec) return finish(ec);
    socket_.set_observer(options_.watcher);
    if (to_.is_unix()) {
      socket_.bind(endpoint::local(to_.transport(), {}), options_.socket, ec);
    } else {
      socket_.open(to_, options_.socket, ec);
    }
    if (ec) return finish(ec);
    proceed();
    if (!finished_) await_reply();
  }

  void proceed() {
    for (int count = 0; !finished_;) {
      const auto now = clock::now();
      const auto step = run_.next(now);
      switch (step.what) {
        case action::again: break;
        case action::done: return finish({});
        case action::wait: return wake_at(step.until, now);
        case action::send:
          if (++count > most_at_once) return wake_at(now, now);
          send(now);
      }
    }
  }

  void send(clock::time_point now) {
    std::error_code ec;
    if (!connected_) {
      socket_.connect(to_, ec);
      connected_ = !ec;
    }
    if (!ec && !socket_.try_send(run_.probe(), ec)) {
      run_.no_room(now);
      return await_room();
    }
    if (!ec) return run_.sent(now);
    if (policy::is_fatal_for_datagrams(ec)) return finish(ec);
    // A UNIX peer that has gone may be back at its path, as another socket.
    if (to_.is_unix()) connected_ = false;
    run_.not_sent(ec, now);
  }

  /// What has come is looked at first: it is not lost because the loop was late.
  void look() {
    std::error_code ec;
    for (int count = 0; !finished_ && count < most_at_once; ++count) {
      const auto size = socket_.try_receive(incoming_, ec);
      if (!size) break;
      take(*size, ec);
      if (!finished_ && !run_.waits()) break;
    }
    proceed();
  }

  void take(std::size_t size, std::error_code ec) {
    const auto now = clock::now();
    if (!ec) return run_.received(std::span(incoming_).first(size), now);
    if (size > 0) return run_.received({}, now);  // it was longer
    if (policy::is_fatal_for_datagrams(ec)) return finish(ec);
    run_.refused(ec, now);
  }

  void await_reply() {
    socket_.async_wait(wait_type::read, [self = shared_from_this()](std::error_code ec) {
      if (self->finished_) return;
      if (ec) return self->finish(ec);
      self->look();
      if (!self->finished_) self->await_reply();
    });
  }

  void await_room() {
    if (std::exchange(awaiting_room_, true)) return;
    socket_.async_wait(wait_type::write, [self = shared_from_this()](std::error_code ec) {
      self->awaiting_room_ = false;
      if (self->finished_) return;
      if (ec) return self->finish(ec);
      self->run_.room();
      self->proceed();
    });
  }

  /// An earlier wake-up looks again by itself.
  void wake_at(clock::time_point until, clock::time_point now) {
    if (until == clock::time_point::max() || (wakes_at_ && *wakes_at_ <= until)) return;
    wakes_at_ = until;
    timer_.expires_after(until - now);
    timer_.async_wait([self = shared_from_this()](std::error_code ec) {
      if (ec || self->finished_) return;
      self->wakes_at_.reset();
      self->look();
    });
  }

  void finish(std::error_code ec) {
    if (std::exchange(finished_, true)) return;
    socket_.close();
    timer_.cancel();
    if (slot_.is_connected()) slot_.clear();
    handler_.complete(ec, run_.counts());
  }

  loop& loop_;
  datagram_echo_client_options options_;
  endpoint to_;
  datagram_socket socket_;
  timer timer_;
  policy::probe_run run_;
  std::vector<std::byte> incoming_;
  std::optional<clock::time_point> wakes_at_;
  bool connected_ = false;
  bool awaiting_room_ = false;
  bool started_ = false;
  bool finished_ = false;
  handler handler_;
  asio::cancellation_slot slot_;
};

}  // namespace duet::on_asio::detail

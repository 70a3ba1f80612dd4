// SPDX-License-Identifier: MIT
// loop: the user's io_context (or one of its own) under the names both columns share, with timers, signals and descriptors on it.
// Counterpart: on_posix/loop.hpp.
#pragma once

#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/basic_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/os/dispositions.hpp"
#include "duet/os/readiness.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio {

/// A view of an io_context, or its owner. @see contract::loop for each member.
/// Lifetime: the context outlives the loop and every object made on it.
/// Threads: one thread runs it; post() and stop() from any.
class loop {
 public:
  using executor_type = asio::io_context::executor_type;

  /// Owns a context made for one thread (concurrency hint 1: Asio then spares locks; post() from other threads stays safe).
  loop() : owned_(std::make_unique<asio::io_context>(1)), context_(owned_.get()) {}
  /// Adapts the user's.
  explicit loop(asio::io_context& context) noexcept : context_(&context) {}
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  [[nodiscard]] asio::io_context& context() const noexcept { return *context_; }
  [[nodiscard]] executor_type get_executor() const noexcept { return context_->get_executor(); }

  std::size_t run() { return context_->run(); }
  std::size_t run_for(std::chrono::nanoseconds duration) { return context_->run_for(duration); }
  std::size_t run_one() { return context_->run_one(); }
  std::size_t run_one_for(std::chrono::nanoseconds duration) {
    return context_->run_one_for(duration);
  }
  std::size_t poll() { return context_->poll(); }

  void stop() noexcept { context_->stop(); }
  [[nodiscard]] bool stopped() const noexcept { return context_->stopped(); }
  void restart() noexcept { context_->restart(); }

  template <class Function>
  void post(Function&& function) {
    asio::post(*context_, std::forward<Function>(function));
  }

 private:
  std::unique_ptr<asio::io_context> owned_;
  asio::io_context* context_;
};

/// asio::steady_timer on a loop, without type erasure. @see contract::timer
class timer : public asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>,
                                                loop::executor_type> {
 public:
  explicit timer(loop& owner) : basic_waitable_timer(owner.get_executor()) {}

  /// Sets the deadline from now and cancels a wait in flight; a deadline past the clock's range is its end.
  void expires_after(std::chrono::nanoseconds after) {
    const auto now = clock_type::now();
    const auto room = time_point::max() - now;
    expires_at(after > room ? time_point::max() : now + after);
  }
};

namespace detail {

/// A base class so that it goes after asio's set, which leaves the default disposition behind.
struct signal_dispositions {
  os::saved_dispositions former;
};

}  // namespace detail

/// asio::signal_set on a loop. @see contract::signal_set
class signal_set : private detail::signal_dispositions,
                   public asio::basic_signal_set<loop::executor_type> {
 public:
  signal_set(loop& owner, std::initializer_list<int> signals)
      : basic_signal_set(owner.get_executor()) {
    for (const int signal : signals) {
      std::error_code ec;
      former.save(signal, ec);
      if (ec) throw std::system_error(ec, "signal_set");
      add(signal);
    }
  }
};

/// Readiness of a descriptor that stays its owner's. Asio's own posix::descriptor would make it non-blocking for everybody who shares
/// it, so Asio waits for an epoll instance around it. @see contract::descriptor
class descriptor {
 public:
  descriptor(loop& owner, int borrowed_fd)
      : fd_(borrowed_fd), reader_(owner.get_executor()), writer_(owner.get_executor()) {}
  descriptor(descriptor&&) noexcept = default;
  descriptor& operator=(descriptor&&) = delete;

  template <class Handler>
  void async_wait(wait_type direction, Handler&& handler) {
    watch& side = direction == wait_type::read ? reader_ : writer_;
    std::error_code ec;
    if (!side.is_open()) {
      if (os::unique_fd ready = os::watch_readiness(fd_, direction, ec))
        side.assign(ready.release());
    }
    if (side.is_open()) return side.async_wait(watch::wait_read, std::forward<Handler>(handler));
    asio::post(side.get_executor(),
               [ec, handler = std::forward<Handler>(handler)]() mutable { handler(ec); });
  }

  void cancel() {
    std::error_code never_waited_for;
    reader_.cancel(never_waited_for);
    writer_.cancel(never_waited_for);
  }

 private:
  /// Asio's descriptor base class constructs for its derived classes only.
  struct watch : asio::posix::basic_descriptor<loop::executor_type> {
    explicit watch(const loop::executor_type& executor) : basic_descriptor(executor) {}
  };

  int fd_;
  watch reader_;
  watch writer_;
};

}  // namespace duet::on_asio

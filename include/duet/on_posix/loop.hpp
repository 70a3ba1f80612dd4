// SPDX-License-Identifier: MIT
// loop: one level-triggered epoll loop, with the things it can wait for besides sockets: timers, signals the application asked
// for, descriptors the application owns. Counterpart: on_asio/loop.hpp. Source: epoll(7).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/detail/io_source.hpp"
#include "duet/on_posix/detail/operation.hpp"
#include "duet/os/dispositions.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_posix {

/// Calls the handlers of whatever was started on it, on the thread that runs it. @see contract::loop for each member.
/// Lifetime: outlives every object made on it; handlers still due when it goes are destroyed uncalled.
/// Threads: post() and stop() from any thread, everything else from one.
class loop {
 public:
  using clock = std::chrono::steady_clock;

  /// Throws std::system_error if the kernel gives no epoll instance.
  loop();
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Runs handlers until no work is left or stop() is called; returns how many ran.
  std::size_t run();
  std::size_t run_for(std::chrono::nanoseconds duration);
  /// Parity: one round of ready handlers may be more than one.
  std::size_t run_one();
  std::size_t run_one_for(std::chrono::nanoseconds duration);
  std::size_t poll();

  void stop() noexcept;
  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }
  void restart() noexcept { stopped_.store(false, std::memory_order_release); }

  template <class Function>
  void post(Function&& function) {
    post_function(detail::handler<void()>(std::forward<Function>(function)));
  }

 private:
  friend class detail::source;
  friend class detail::io_source;
  friend class detail::slot;
  friend class detail::work;
  friend class timer;
  struct posted;
  struct batch;

  void post_function(detail::handler<void()> function);
  void enqueue(detail::operation& due) noexcept { ready_.push(due); }
  void work_started() noexcept { ++work_; }
  void work_finished() noexcept { --work_; }
  void retire(detail::source& last) noexcept;

  std::size_t run_until(clock::time_point until, bool once);
  std::size_t turn(clock::time_point until, bool once);
  std::size_t run_ready();
  std::size_t wait_for_events(clock::time_point until);
  std::size_t expire_timers();
  void take_posted();
  void wake() noexcept;
  [[nodiscard]] int timeout_ms(clock::time_point until) const;

  os::unique_fd epoll_;
  os::unique_fd wake_;
  detail::operation_list ready_;
  std::int64_t work_ = 0;
  std::int64_t ran_ = 0;
  bool in_batch_ = false;
  detail::source* sources_ = nullptr;
  detail::source* retired_ = nullptr;
  std::multimap<clock::time_point, detail::operation*> timers_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::thread::id> runner_{};
  std::mutex mutex_;
  detail::operation_list posted_;
  std::atomic<bool> has_posted_{false};
};

/// One deadline on a loop's steady clock, 64 bits of nanoseconds, never early; at most a millisecond late (epoll_wait's unit).
/// @see contract::timer. Parity: on_asio's fires with the precision of timerfd; a second wait while one is in flight is refused here with
/// operation_in_progress, Asio has both wait.
class timer {
 public:
  explicit timer(loop& owner);
  timer(timer&&) noexcept;
  timer& operator=(timer&& other) noexcept;
  ~timer();

  /// Sets the deadline from now and cancels a wait in flight; a deadline past the clock's range is its end.
  void expires_after(std::chrono::nanoseconds duration);

  /// Completes at the deadline: void(std::error_code). One wait at a time.
  template <class Handler>
  void async_wait(Handler&& handler) {
    start(detail::completion([handler = std::forward<Handler>(handler)](
                                 std::error_code ec, std::size_t) mutable { handler(ec); }));
  }

  void cancel();

 private:
  class state;
  void start(detail::completion handler);
  detail::source_ref<state> state_;
};

/// Readiness of a descriptor that stays its owner's: its flags are left as they are, nothing is read, and it is not closed.
/// A regular file, which epoll refuses, is always ready. Parity: one wait in each direction at a time. @see contract::descriptor
class descriptor {
 public:
  descriptor(loop& owner, int borrowed_fd);
  descriptor(descriptor&&) noexcept = default;
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor();

  template <class Handler>
  void async_wait(wait_type direction, Handler&& handler) {
    io_->start(direction, detail::io_kind::wait, {},
               [handler = std::forward<Handler>(handler)](std::error_code ec, std::size_t) mutable {
                 handler(ec);
               });
  }

  void cancel();

 private:
  detail::source_ref<detail::io_source> io_;
};

/// Signals that the application asked for, as completions. It installs handlers for just these on construction and puts the
/// former ones back on destruction. Throws std::system_error (device_or_resource_busy if another set has the signal).
/// Parity: a signal belongs to one set at a time; Asio's may share one. @see contract::signal_set, sigaction(2)
class signal_set {
 public:
  signal_set(loop& owner, std::initializer_list<int> signals);
  signal_set(signal_set&&) = delete;
  ~signal_set();

  /// Completes when one of the signals has come: void(std::error_code, int signal). Signals that come between two waits are kept.
  template <class Handler>
  void async_wait(Handler&& handler) {
    start(
        [handler = std::forward<Handler>(handler)](std::error_code ec, std::size_t signal) mutable {
          handler(ec, static_cast<int>(signal));
        });
  }

  void cancel();

 private:
  void add(int signal);
  void start(detail::completion handler);
  void release() noexcept;

  os::unique_fd read_end_;
  os::unique_fd write_end_;
  std::vector<int> signals_;
  os::saved_dispositions former_;
  detail::source_ref<detail::io_source> io_;
};

}  // namespace duet::on_posix

// SPDX-License-Identifier: MIT
// io_source: one descriptor on the loop with at most one operation in flight in each direction. Everything on_posix does with a
// descriptor is made of this: wait, read, write some, write all; and what a derived source makes of it (datagram_source).
// Source: epoll(7), recv(2), send(2).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "duet/observer.hpp"
#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/detail/operation.hpp"
#include "duet/os/stream_watch.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_posix::detail {

/// What every operation ends with: an error or none, and a number (bytes moved; nothing for a wait).
using completion = handler<void(std::error_code, std::size_t)>;

enum class io_kind : std::uint8_t { wait, read, write_some, write };

/// Memory of one operation. Reads write to it, writes only read from it.
struct io_memory {
  std::byte* data = nullptr;
  std::size_t size = 0;

  io_memory() = default;
  io_memory(std::span<std::byte> to) : data(to.data()), size(to.size()) {}
  io_memory(std::span<const std::byte> from)
      : data(const_cast<std::byte*>(from.data())), size(from.size()) {}
};

class io_source;

/// One direction's operation: idle, waiting for readiness, or due in the ready list. A source keeps it for the next one; when it is cancelled
/// it leaves the source and belongs to itself until its handler has been called, so that the next one need not wait for that.
class slot : public operation {
 public:
  enum class phase : std::uint8_t { idle, waiting, due };

  virtual ~slot() = default;

  void complete() override;
  void discard() noexcept override;

  explicit slot(io_source* of) noexcept : owner(of) {}

  io_source* owner;
  bool orphaned = false;
  io_kind kind = io_kind::wait;
  phase now = phase::idle;
  io_memory memory;
  std::size_t moved = 0;
  std::error_code error;
  completion handler;
};

/// What is told of each cancellation of a source: an operation of several steps may have none in flight on it that a cancellation meets.
/// It becomes due then.
class cancel_hook : public operation {
 public:
  /// From now on it is kept until it is completed or discarded. False: it is due already.
  [[nodiscard]] virtual bool hold() noexcept = 0;

 protected:
  ~cancel_hook() = default;
};

class io_source : public source {
 public:
  explicit io_source(loop& owner);

  /// Takes over a descriptor, or looks after one without owning it. Precondition: it has none.
  void assign(os::unique_fd owned) noexcept;
  void borrow(int fd) noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Starts an operation; the handler is called by the loop, never from here. A second operation in the same direction is refused
  /// with operation_in_progress.
  void start(wait_type direction, io_kind kind, io_memory memory, completion handler);

  /// Starts an operation that no readiness ends, only unpark() or a cancellation. Precondition: the direction is idle.
  void park(wait_type direction, completion handler);
  void unpark(wait_type direction) noexcept;

  /// Completes an operation with an outcome that is known already; unlike finish() it is the direction's own, and allocates nothing.
  void conclude(wait_type direction, std::error_code error, std::size_t moved, completion handler);
  /// Whether an operation could be started.
  [[nodiscard]] bool idle(wait_type direction) const noexcept;

  /// Calls a handler from the loop with an outcome that is already known.
  void finish(std::error_code error, completion handler);

  /// Never blocks; nullopt: it would.
  std::optional<std::size_t> try_read(std::span<std::byte> to, std::error_code& ec);
  std::optional<std::size_t> try_write(std::span<const std::byte> from, std::error_code& ec);
  std::optional<std::size_t> try_write(std::span<const std::span<const std::byte>> from,
                                       std::error_code& ec);

  void cancel(wait_type direction) noexcept;
  /// How often a direction was cancelled: an operation of several steps compares, for a cancellation of what is due already meets nothing.
  [[nodiscard]] std::uint32_t cancels(wait_type direction) const noexcept {
    return cancels_[static_cast<std::size_t>(direction)];
  }
  /// Cancels both directions, forgets the descriptor, and closes it unless borrowed. New operations may be started at once.
  void close() noexcept;
  /// As close(), but gives the descriptor away.
  os::unique_fd release() noexcept;

  /// Changes whenever the descriptor is closed or given away: an operation of several steps leaves one that is not its own alone.
  [[nodiscard]] std::uint32_t life() const noexcept { return life_; }

  void set_observer(observer* watcher) noexcept { observer_ = watcher; }
  [[nodiscard]] observer* get_observer() const noexcept { return observer_; }
  void set_watch(os::stream_watch* watch) noexcept { watch_bytes_ = watch; }
  /// Tells `hook` of cancellations until it is replaced; nullptr: nobody.
  void set_hook(cancel_hook* hook) noexcept { hook_ = hook; }
  [[nodiscard]] const cancel_hook* get_hook() const noexcept { return hook_; }
  /// For who moves bytes past this: what the watch is told.
  void has_read(std::size_t size) const noexcept {
    if (watch_bytes_ != nullptr && size > 0) watch_bytes_->has_read(size);
  }
  void has_written(std::size_t size) const noexcept {
    if (watch_bytes_ != nullptr && size > 0) watch_bytes_->has_written(size);
  }

 protected:
  ~io_source() override;

  /// The direction's slot, taken for an operation with this handler; nullptr: it is taken, and the handler refused.
  [[nodiscard]] slot* begin(wait_type direction, completion& handler);
  /// Performs it now, if `at_once` and it can be, else waits for readiness.
  void launch(slot& begun, wait_type direction, bool at_once);

  /// Memory for a direction's operations, made when it is first needed.
  [[nodiscard]] virtual std::unique_ptr<slot> make_slot();
  /// Makes the call of an operation whose descriptor is ready. False: it would have blocked.
  [[nodiscard]] virtual bool perform(slot& now);

 private:
  /// Tells the watch.
  std::optional<std::size_t> written(std::optional<std::size_t> size) noexcept;
  friend class slot;

  void on_ready(std::uint32_t events) override;
  void abandon() noexcept override;

  [[nodiscard]] std::unique_ptr<slot>& at(wait_type direction) noexcept {
    return direction == wait_type::read ? reader_ : writer_;
  }
  [[nodiscard]] static bool waiting(const std::unique_ptr<slot>& which) noexcept {
    return which && which->now == slot::phase::waiting;
  }
  void make_due(slot& now) noexcept;
  void cancel_waiting(wait_type direction) noexcept;
  void tell_hook() noexcept;
  std::error_code watch(std::uint32_t events) noexcept;
  void unwatch() noexcept;
  epoll_event event_for(std::uint32_t events) noexcept;
  void proceed(const std::unique_ptr<slot>& which);
  void drop_idle_interest(std::uint32_t events, std::uint32_t served) noexcept;

  // Thousands of idle connections pay for each byte. The counts are compared while an operation lasts, which meets few.
  int fd_ = -1;
  bool owned_ : 1 = false;
  bool always_ready_ : 1 = false;
  bool watched_ : 1 = false;
  std::uint8_t interest_ = 0;  ///< EPOLLIN and EPOLLOUT, which fit
  std::uint16_t life_ = 0;
  std::array<std::uint16_t, 2> cancels_{};
  observer* observer_ = nullptr;
  os::stream_watch* watch_bytes_ = nullptr;
  cancel_hook* hook_ = nullptr;
  std::unique_ptr<slot> reader_;
  std::unique_ptr<slot> writer_;
};

/// Keeps run() from returning while something outside the loop (a lookup thread) is about to post to it.
class work {
 public:
  explicit work(loop& owner) noexcept;
  ~work();
  work(work&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
  work& operator=(work&&) = delete;

 private:
  loop* owner_;
};

}  // namespace duet::on_posix::detail

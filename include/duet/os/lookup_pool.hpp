// SPDX-License-Identifier: MIT
// lookup_pool: threads that ask libc, because libc blocks for minutes and cannot be interrupted. What runs when is
// policy::lookup_schedule's; deadlines are the caller's, who cancels. Threads are detached and own what they touch: neither the end of a
// pool nor the end of the process waits for one. Source: getaddrinfo(3), pthreads(7).
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/os/lookup.hpp"
#include "duet/resolve_options.hpp"

namespace duet::os {

class lookup_pool {
 public:
  /// One caller's place: the lookup that serves it, and its number among those who wait. All zero: nothing is under way.
  struct ticket {
    std::uint64_t job = 0;
    std::uint64_t number = 0;
    auto operator<=>(const ticket&) const = default;
  };
  /// Called once, on a thread of the pool, or, when no thread is needed, by start() itself. Short, and throws nothing.
  using handler = std::function<void(const lookup_outcome&)>;

  explicit lookup_pool(const lookup_pool_options& options = {});
  /// Cancels everything; threads that are stuck end when libc lets them.
  ~lookup_pool();
  lookup_pool(const lookup_pool&) = delete;
  lookup_pool& operator=(const lookup_pool&) = delete;

  /// The pool of the process, made at first use and never destroyed (the pointer owns nothing); a forked child has one of its own.
  static std::shared_ptr<lookup_pool> shared();

  /// Looks up; equal questions under way are one lookup. Errors come through the handler: name_try_again when too many are stuck, the
  /// system's when no thread can be had.
  ticket start(const lookup_question& about, handler done);

  /// Once this returns the handler has been called or never will be, and is destroyed. Other askers of the same question are left alone.
  /// Threads: any, but not from the handler itself.
  void cancel(ticket which) noexcept;

  /// Asks and waits, for at most `deadline` (0: for ever): error::timed_out.
  lookup_outcome ask(const lookup_question& about, std::chrono::milliseconds deadline);

  struct counts {
    std::size_t queued = 0;     ///< wait for a thread
    std::size_t running = 0;    ///< are being asked, and waited for
    std::size_t idle = 0;       ///< threads with nothing to do
    std::size_t abandoned = 0;  ///< nobody waits for, libc still at it
  };
  [[nodiscard]] counts count() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

/// A lookup under way; its destructor cancels it, and keeps the pool until then.
class pending_lookup {
 public:
  pending_lookup(std::shared_ptr<lookup_pool> in, const lookup_question& about,
                 lookup_pool::handler done)
      : pool_(std::move(in)), ticket_(pool_->start(about, std::move(done))) {}
  pending_lookup(pending_lookup&&) noexcept = default;
  pending_lookup& operator=(pending_lookup&&) = delete;
  ~pending_lookup() {
    if (pool_) pool_->cancel(ticket_);
  }

 private:
  std::shared_ptr<lookup_pool> pool_;
  lookup_pool::ticket ticket_;
};

/// Looks up and waits: in a pool, the process's if `own` is nullptr; what can be answered at once is, without any. Tells the options'
/// observer.
resolve_result resolve(const std::shared_ptr<lookup_pool>& own, const lookup_question& about,
                       const resolve_options& options, std::error_code& ec);
/// Throws std::system_error: "resolve db.example: ...".
resolve_result resolve(const std::shared_ptr<lookup_pool>& own, const lookup_question& about,
                       const resolve_options& options);

}  // namespace duet::os

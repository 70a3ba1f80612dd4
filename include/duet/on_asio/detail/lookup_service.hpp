// SPDX-License-Identifier: MIT
// lookup_service: the lookups under way for one io_context. It ends them when the context goes, so that a thread that is still asking a
// silent name server has nothing left to call.
#pragma once

#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "duet/os/lookup.hpp"
#include "duet/os/lookup_pool.hpp"

namespace duet::on_asio::detail {

class lookup_service : public asio::execution_context::service {
 public:
  using key_type = lookup_service;
  inline static asio::execution_context::id id;
  using handler = std::function<void(const os::lookup_outcome&)>;

  explicit lookup_service(asio::execution_context& context) : service(context) {}

  /// Calls `done` on `executor`, unless cancelled before. Returns what cancel() takes, never 0.
  template <class Executor>
  std::uint64_t start(std::shared_ptr<os::lookup_pool> pool, const os::lookup_question& about,
                      const Executor& executor, handler done) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t ticket = ++last_;
    auto arrived = [this, ticket, executor](const os::lookup_outcome& outcome) {
      asio::post(executor, [this, ticket, outcome] { finish(ticket, outcome); });
    };
    entries_.emplace(ticket, entry{os::pending_lookup(std::move(pool), about, std::move(arrived)),
                                   std::move(done)});
    return ticket;
  }

  /// Destroys the handler uncalled, if it has not been called.
  void cancel(std::uint64_t ticket) { [[maybe_unused]] const auto gone = take(ticket); }

 private:
  struct entry {
    os::pending_lookup lookup;
    handler done;
  };
  using entry_map = std::map<std::uint64_t, entry>;

  void shutdown() override {
    entry_map gone;
    const std::lock_guard lock(mutex_);
    gone.swap(entries_);
  }

  entry_map::node_type take(std::uint64_t ticket) {
    const std::lock_guard lock(mutex_);
    return entries_.extract(ticket);
  }

  void finish(std::uint64_t ticket, const os::lookup_outcome& outcome) {
    if (const auto due = take(ticket)) due.mapped().done(outcome);
  }

  std::mutex mutex_;
  std::uint64_t last_ = 0;
  entry_map entries_;
};

}  // namespace duet::on_asio::detail

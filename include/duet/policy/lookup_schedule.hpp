// SPDX-License-Identifier: MIT
// lookup_schedule: which of the wanted lookups runs when, on how many threads, and what becomes of one that nobody waits for any more. It
// starts no thread, asks no name server and reads no clock. A lookup that runs cannot be interrupted (getaddrinfo(3)): it is abandoned, and
// its thread counts no longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace duet::policy {

/// `Key` says what is looked up: equal keys in flight are one lookup.
template <class Key>
class lookup_schedule {
 public:
  /// threads: lookups that run at a time, >= 1. abandoned: lookups left running that nobody waits for; beyond that a new one is refused,
  /// because something is wrong with the name servers and every further thread would hang too.
  struct limits {
    std::size_t threads = 8;
    std::size_t abandoned = 64;
  };
  using job = std::uint64_t;

  explicit lookup_schedule(limits most) : most_(most) {}

  /// Somebody waits for `key`: the job it is served by, new or joined. None: refused, try again later.
  [[nodiscard]] std::optional<job> want(const Key& key) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
      ++jobs_.at(known->second).waiters;
      return known->second;
    }
    if (abandoned_ >= most_.abandoned) return std::nullopt;
    const job fresh = ++last_;
    by_key_.emplace(key, fresh);
    jobs_.emplace(fresh, entry{key, 1, false});
    queue_.push_back(fresh);
    return fresh;
  }

  /// One who waited for a job gives up. With the last one the job goes: out of the queue, or abandoned if it runs.
  void leave(job from) {
    const auto found = jobs_.find(from);
    if (found == jobs_.end() || --found->second.waiters > 0) return;
    by_key_.erase(found->second.key);
    if (found->second.running) {
      // A later wish for the same key starts anew: this one may hang for minutes.
      --running_;
      ++abandoned_;
    } else {
      std::erase(queue_, from);
    }
    jobs_.erase(found);
  }

  /// A thread is to be started: a job is queued that no idle thread will take.
  [[nodiscard]] bool wants_thread() const noexcept {
    return queue_.size() > idle_ && running_ + idle_ < most_.threads;
  }
  /// It was started, and is idle.
  void thread_started() noexcept { ++idle_; }
  /// It could not be started. The jobs that nobody will ever take, for there is no other thread: forgotten here.
  [[nodiscard]] std::deque<job> no_thread() {
    std::deque<job> lost;
    if (running_ + idle_ > 0) return lost;
    lost.swap(queue_);
    for (const job each : lost) {
      by_key_.erase(jobs_.at(each).key);
      jobs_.erase(each);
    }
    return lost;
  }

  /// What an idle thread runs now; none: nothing is queued.
  [[nodiscard]] std::optional<std::pair<job, Key>> take() {
    if (queue_.empty()) return std::nullopt;
    const job first = queue_.front();
    queue_.pop_front();
    entry& now = jobs_.at(first);
    now.running = true;
    --idle_;
    ++running_;
    return std::pair(first, now.key);
  }

  /// A job that ran is over. True: its waiters are to be told, and its thread is idle again. False: it had been abandoned; the thread is
  /// idle again if it is needed, else it ends.
  enum class outcome { told, abandoned_and_idle, abandoned_and_over };
  [[nodiscard]] outcome finish(job what) {
    const auto found = jobs_.find(what);
    if (found != jobs_.end()) {
      by_key_.erase(found->second.key);
      jobs_.erase(found);
      --running_;
      ++idle_;
      return outcome::told;
    }
    --abandoned_;
    if (running_ + idle_ >= most_.threads) return outcome::abandoned_and_over;
    ++idle_;
    return outcome::abandoned_and_idle;
  }

  [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }
  [[nodiscard]] std::size_t abandoned() const noexcept { return abandoned_; }

 private:
  struct entry {
    Key key;
    std::size_t waiters;
    bool running;
  };

  limits most_;
  job last_ = 0;
  std::map<Key, job> by_key_;
  std::map<job, entry> jobs_;
  std::deque<job> queue_;
  std::size_t running_ = 0;
  std::size_t idle_ = 0;
  std::size_t abandoned_ = 0;
};

}  // namespace duet::policy

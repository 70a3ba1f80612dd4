// SPDX-License-Identifier: MIT
#include "duet/os/lookup_pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "duet/escape.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/answer_cache.hpp"
#include "duet/policy/lookup_schedule.hpp"

namespace duet::os {
namespace {

using shared_outcome = std::shared_ptr<const lookup_outcome>;
using schedule = policy::lookup_schedule<lookup_question>;

/// One caller's handler. Its mutex is held while the handler runs, so that cancelling waits for it.
class waiting_call {
 public:
  explicit waiting_call(lookup_pool::handler done) : done_(std::move(done)) {}

  void tell(const lookup_outcome& outcome) {
    const std::lock_guard lock(mutex_);
    if (const lookup_pool::handler due = std::exchange(done_, nullptr)) due(outcome);
  }

  void forget() noexcept {
    lookup_pool::handler gone;  // destroyed outside the lock: what it holds may cancel in its turn
    const std::lock_guard lock(mutex_);
    gone.swap(done_);
  }

 private:
  std::mutex mutex_;
  lookup_pool::handler done_;
};

/// Signals are the application's; blocking them keeps a handler from running on a thread it does not know of.
class no_signals {
 public:
  no_signals() {
    sigset_t all;
    sigfillset(&all);
    sys::pthread_sigmask(SIG_SETMASK, &all, &former_);
  }
  ~no_signals() { sys::pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
  no_signals(const no_signals&) = delete;
  no_signals& operator=(const no_signals&) = delete;

 private:
  sigset_t former_{};
};

shared_outcome ask_libc(const lookup_question& about) {
  try {
    return std::make_shared<const lookup_outcome>(look_up(about));
  } catch (const std::bad_alloc&) {
    static const auto no_memory = std::make_shared<const lookup_outcome>(
        lookup_outcome{std::make_error_code(std::errc::not_enough_memory), {}});
    return no_memory;
  }
}

/// Whether it is still true in a while: that servers fail is not.
bool lasts(std::error_code ec) {
  return !ec || ec == condition::name_not_found || ec == condition::name_no_data;
}

bool lasts(const lookup_outcome& outcome) {
  const auto& [by_addrinfo, by_hostent, endpoints] = outcome.result;
  return lasts(outcome.error) && (!by_addrinfo || lasts(by_addrinfo->error)) &&
         (!by_hostent || lasts(by_hostent->error));
}

}  // namespace

/// Owned by the pool and by each of its threads.
struct lookup_pool::state : std::enable_shared_from_this<state> {
  using call_map = std::map<ticket, std::shared_ptr<waiting_call>>;
  using call_list = std::vector<call_map::value_type>;

  explicit state(const lookup_pool_options& options)
      : jobs({options.threads, options.abandoned}),
        answers(options.cache_entries, options.cache_lifetime) {}

  void work();
  void deliver(const call_list& due, const lookup_outcome& outcome);
  [[nodiscard]] call_list waiting_for(schedule::job done) const;
  [[nodiscard]] call_list start_threads(std::error_code& ec);

  mutable std::mutex mutex;
  std::condition_variable wake;
  bool closed = false;
  std::uint64_t last = 0;
  schedule jobs;
  call_map calls;  ///< a job's callers stand together
  policy::answer_cache<lookup_question, shared_outcome> answers;
};

lookup_pool::state::call_list lookup_pool::state::waiting_for(schedule::job done) const {
  return {calls.lower_bound({done, 0}), calls.lower_bound({done + 1, 0})};
}

/// Calls stay known until their handler was called, so that a cancellation waits for that.
void lookup_pool::state::deliver(const call_list& due, const lookup_outcome& outcome) {
  for (const auto& [which, call] : due) call->tell(outcome);
  const std::lock_guard lock(mutex);
  for (const auto& each : due) calls.erase(each.first);
}

/// Starts as many as the schedule wants, under the lock. Returns the callers whom nobody will ever serve, because no thread can be had.
lookup_pool::state::call_list lookup_pool::state::start_threads(std::error_code& ec) {
  while (jobs.wants_thread()) {
    try {
      const no_signals inherited;
      std::thread([self = shared_from_this()] { self->work(); }).detach();
      jobs.thread_started();
      continue;
    } catch (const std::system_error& refused) {
      ec = refused.code();
    } catch (const std::bad_alloc&) {
      ec = std::make_error_code(std::errc::not_enough_memory);
    }
    call_list unserved;
    for (const schedule::job lost : jobs.no_thread())
      for (auto& each : waiting_for(lost)) unserved.push_back(std::move(each));
    return unserved;
  }
  return {};
}

void lookup_pool::state::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    wake.wait(lock, [this] { return closed || jobs.queued() > 0; });
    if (closed) return;
    const auto [job, about] = *jobs.take();
    lock.unlock();
    const shared_outcome outcome = ask_libc(about);
    lock.lock();
    const schedule::outcome end = jobs.finish(job);
    if (end == schedule::outcome::abandoned_and_over) return;
    if (end == schedule::outcome::abandoned_and_idle) continue;
    if (lasts(*outcome)) answers.store(about, outcome, std::chrono::steady_clock::now());
    const call_list due = waiting_for(job);
    lock.unlock();
    deliver(due, *outcome);
    lock.lock();
  }
}

lookup_pool::lookup_pool(const lookup_pool_options& options)
    : state_(std::make_shared<state>(options)) {}

lookup_pool::~lookup_pool() {
  state::call_map left;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    left.swap(state_->calls);
  }
  state_->wake.notify_all();
  for (const auto& each : left) each.second->forget();
}

std::shared_ptr<lookup_pool> lookup_pool::shared() {
  struct instance {
    pid_t of = sys::getpid();
    lookup_pool pool;
  };
  // Never destroyed, as its threads are never waited for. After a fork the threads are gone and the mutex may be locked: a child leaves
  // its parent's alone.
  static std::atomic<instance*> current{new instance};
  instance* now = current.load(std::memory_order_acquire);
  if (now->of != sys::getpid()) {
    auto fresh = std::make_unique<instance>();
    if (current.compare_exchange_strong(now, fresh.get())) now = fresh.release();
  }
  return {std::shared_ptr<void>(), &now->pool};
}

lookup_pool::ticket lookup_pool::start(const lookup_question& about, handler done) {
  if (const auto known = answer_at_once(about)) {
    done(*known);
    return {};
  }
  std::unique_lock lock(state_->mutex);
  if (const auto* const found = state_->answers.find(about, std::chrono::steady_clock::now())) {
    const shared_outcome remembered = *found;
    lock.unlock();
    done(*remembered);
    return {};
  }
  const auto job = state_->jobs.want(about);
  if (!job) {
    lock.unlock();
    done({error::name_try_again, {}});
    return {};
  }
  const ticket mine{*job, ++state_->last};
  state_->calls.emplace(mine, std::make_shared<waiting_call>(std::move(done)));
  std::error_code no_thread;
  const state::call_list unserved = state_->start_threads(no_thread);
  lock.unlock();
  state_->wake.notify_one();
  if (!unserved.empty()) state_->deliver(unserved, {no_thread, {}});
  return mine;
}

void lookup_pool::cancel(ticket which) noexcept {
  std::shared_ptr<waiting_call> gone;
  state::call_list unserved;
  std::error_code no_thread;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->calls.find(which);
    if (found == state_->calls.end()) return;
    gone = std::move(found->second);
    state_->calls.erase(found);
    state_->jobs.leave(which.job);
    // A thread that was stuck with it has to be replaced.
    unserved = state_->start_threads(no_thread);
  }
  gone->forget();
  if (!unserved.empty()) state_->deliver(unserved, {no_thread, {}});
}

lookup_outcome lookup_pool::ask(const lookup_question& about, std::chrono::milliseconds deadline) {
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<lookup_outcome> outcome;
  const ticket mine = start(about, [&](const lookup_outcome& known) {
    const std::lock_guard lock(mutex);
    outcome = known;
    arrived.notify_one();
  });
  std::unique_lock lock(mutex);
  const auto known = [&] { return outcome.has_value(); };
  if (deadline.count() <= 0) {
    arrived.wait(lock, known);
  } else if (!arrived.wait_for(lock, deadline, known)) {
    lock.unlock();
    cancel(mine);
    lock.lock();
    if (!outcome) return {error::timed_out, {}};
  }
  return *std::move(outcome);
}

lookup_pool::counts lookup_pool::count() const {
  const std::lock_guard lock(state_->mutex);
  const schedule& jobs = state_->jobs;
  return {jobs.queued(), jobs.running(), jobs.idle(), jobs.abandoned()};
}

resolve_result resolve(const std::shared_ptr<lookup_pool>& own, const lookup_question& about,
                       const resolve_options& options, std::error_code& ec) {
  std::optional<lookup_outcome> outcome = answer_at_once(about);
  if (!outcome) outcome = (own ? own : lookup_pool::shared())->ask(about, options.deadline);
  tell(options.watcher, about, *outcome);
  ec = outcome->error;
  return std::move(outcome->result);
}

resolve_result resolve(const std::shared_ptr<lookup_pool>& own, const lookup_question& about,
                       const resolve_options& options) {
  std::error_code ec;
  resolve_result result = resolve(own, about, options, ec);
  const bool reverse = about.way == lookup_question::direction::reverse;
  if (ec) throw_error(ec, "resolve " + escape(reverse ? about.where.to_string() : about.host));
  return result;
}

}  // namespace duet::os

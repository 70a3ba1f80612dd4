// SPDX-License-Identifier: MIT
#include "duet/on_posix/loop.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

#include "duet/os/sys.hpp"

namespace duet::on_posix {
namespace {

/// As many events as one epoll_wait may bring; more wait for the next.
constexpr int batch_size = 128;

std::error_code add_readable(int epoll, int fd) {
  epoll_event event{EPOLLIN, {nullptr}};
  return os::sys::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? std::error_code()
                                                                   : os::sys::last_error();
}

}  // namespace

/// A function handed to post().
struct loop::posted final : detail::operation {
  explicit posted(detail::handler<void()> what) noexcept : function(std::move(what)) {}

  void complete() override {
    const std::unique_ptr<posted> self(this);
    function();
  }
  void discard() noexcept override { delete this; }

  detail::handler<void()> function;
};

/// While events are handed out no source may be deleted: a later event of the batch may name it.
struct loop::batch {
  explicit batch(loop& of) : owner(of) { owner.in_batch_ = true; }
  ~batch() {
    owner.in_batch_ = false;
    while (owner.retired_ != nullptr) {
      detail::source* const gone = std::exchange(owner.retired_, owner.retired_->next_);
      delete gone;
    }
  }
  batch(const batch&) = delete;
  loop& owner;
};

loop::loop() : epoll_(os::sys::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(os::sys::last_error(), "epoll_create1");
  wake_.reset(os::sys::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) throw std::system_error(os::sys::last_error(), "eventfd");
  if (const std::error_code error = add_readable(epoll_.get(), wake_.get()))
    throw std::system_error(error, "epoll_ctl");
}

loop::~loop() {
  // Destroying a handler may destroy streams, which makes more operations due: go on until nothing is left.
  const batch keep(*this);
  take_posted();
  do {
    for (detail::source* each = sources_; each != nullptr; each = each->next_)
      each->add_reference();
    for (detail::source* each = sources_; each != nullptr; each = each->next_) each->abandon();
    while (!ready_.empty()) ready_.pop().discard();
    for (detail::source* each = sources_; each != nullptr;) {
      detail::source* const next = each->next_;
      each->drop_reference();
      each = next;
    }
    take_posted();
  } while (!ready_.empty());
}

std::size_t loop::run() { return run_until(clock::time_point::max(), false); }

std::size_t loop::run_for(std::chrono::nanoseconds duration) {
  return run_until(clock::now() + duration, false);
}

std::size_t loop::run_one() { return run_until(clock::time_point::max(), true); }

std::size_t loop::run_one_for(std::chrono::nanoseconds duration) {
  return run_until(clock::now() + duration, true);
}

std::size_t loop::poll() { return run_until(clock::time_point::min(), false); }

void loop::stop() noexcept {
  stopped_.store(true, std::memory_order_release);
  if (runner_.load(std::memory_order_relaxed) != std::this_thread::get_id()) wake();
}

std::size_t loop::run_until(clock::time_point until, bool once) {
  struct running {
    explicit running(std::atomic<std::thread::id>& to) : runner(to) {
      runner.store(std::this_thread::get_id(), std::memory_order_relaxed);
    }
    ~running() { runner.store({}, std::memory_order_relaxed); }
    std::atomic<std::thread::id>& runner;
  } const mark(runner_);

  std::size_t count = 0;
  while (!stopped()) {
    take_posted();
    if (work_ == 0 && ready_.empty()) {
      stop();
      break;
    }
    const std::size_t now = turn(until, once);
    count += now;
    if (once && count > 0) break;
    if (now == 0 && until != clock::time_point::max() && clock::now() >= until) break;
  }
  return count;
}

std::size_t loop::turn(clock::time_point until, bool once) {
  const std::size_t count = run_ready() + (timers_.empty() ? 0 : expire_timers());
  if (stopped() || (once && count > 0)) return count;
  return count + wait_for_events(count > 0 ? clock::time_point::min() : until);
}

std::size_t loop::run_ready() {
  // Only what is due now: what its handlers make due waits until events have been looked at, so that none starves the other.
  detail::operation_list due;
  due.splice(ready_);
  struct put_back {
    ~put_back() {
      rest.splice(ready);
      ready.splice(rest);
    }
    detail::operation_list& rest;
    detail::operation_list& ready;
  } const guard{due, ready_};

  std::size_t count = 0;
  while (!due.empty() && !stopped()) {
    ++count;
    due.pop().complete();
  }
  return count;
}

std::size_t loop::wait_for_events(clock::time_point until) {
  std::array<epoll_event, batch_size> events;
  const int count = os::sys::epoll_wait(epoll_.get(), events.data(), batch_size,
                                        ready_.empty() ? timeout_ms(until) : 0);
  if (count < 0) {
    if (errno == EINTR) return 0;
    throw std::system_error(os::sys::last_error(), "epoll_wait");
  }
  const std::int64_t before = ran_;
  const batch keep(*this);
  for (int each = 0; each < count && !stopped(); ++each) {
    const epoll_event& event = events[static_cast<std::size_t>(each)];
    if (event.data.ptr == nullptr) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const auto size = os::sys::read(wake_.get(), &wakes, sizeof(wakes));
    } else {
      static_cast<detail::source*>(event.data.ptr)->on_ready(event.events);
    }
  }
  return static_cast<std::size_t>(ran_ - before);
}

std::size_t loop::expire_timers() {
  const clock::time_point now = clock::now();
  std::size_t count = 0;
  while (!timers_.empty() && timers_.begin()->first <= now && !stopped()) {
    ++count;
    timers_.begin()->second->complete();
  }
  return count;
}

int loop::timeout_ms(clock::time_point until) const {
  if (!timers_.empty()) until = std::min(until, timers_.begin()->first);
  if (until == clock::time_point::max()) return -1;
  if (until == clock::time_point::min()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

void loop::post_function(detail::handler<void()> function) {
  auto due = std::make_unique<posted>(std::move(function));
  if (runner_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    enqueue(*due.release());
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    posted_.push(*due.release());
    has_posted_.store(true, std::memory_order_release);
  }
  wake();
}

void loop::take_posted() {
  if (!has_posted_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  ready_.splice(posted_);
  has_posted_.store(false, std::memory_order_relaxed);
}

void loop::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto size = os::sys::write(wake_.get(), &one, sizeof(one));
}

void loop::retire(detail::source& last) noexcept {
  if (!in_batch_) {
    delete &last;
    return;
  }
  (last.previous_ == nullptr ? sources_ : last.previous_->next_) = last.next_;
  if (last.next_ != nullptr) last.next_->previous_ = last.previous_;
  last.owner_ = nullptr;
  last.next_ = retired_;
  retired_ = &last;
}

namespace detail {

source::source(loop& owner) : owner_(&owner), next_(owner.sources_) {
  if (next_ != nullptr) next_->previous_ = this;
  owner.sources_ = this;
}

source::~source() {
  if (owner_ == nullptr) return;  // retired: out of the list already
  (previous_ == nullptr ? owner_->sources_ : previous_->next_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

void source::drop_reference() noexcept {
  if (--references_ == 0) owner_->retire(*this);
}

work::work(loop& owner) noexcept : owner_(&owner) { owner.work_started(); }

work::~work() {
  if (owner_ != nullptr) owner_->work_finished();
}

}  // namespace detail
}  // namespace duet::on_posix

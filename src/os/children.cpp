// SPDX-License-Identifier: MIT
#include "duet/os/children.hpp"

#include <array>
#include <utility>
#include <vector>

#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// Where no descriptor tells the end of a child, so often is looked.
constexpr std::chrono::milliseconds look_interval{50};

}  // namespace

children::children(observer* watcher)
    : watcher_(watcher), owner_(sys::getpid()), ended_(sys::epoll_create1(EPOLL_CLOEXEC)) {
  if (!ended_) throw std::system_error(sys::last_error(), "epoll_create1");
}

children::~children() {
  if (owner_ == sys::getpid()) kill_all([](const std::optional<endpoint>&, wait_status) {});
}

pid_t children::start(const child_setup& setup, std::optional<endpoint> client, flow& steps,
                      std::string_view asio) {
  const pid_t pid = start_process(setup, steps, asio);
  if (pid <= 0) return pid;
  child& fresh = alive_[pid];
  fresh.client = std::move(client);
  watch(pid, fresh);
  return pid;
}

void children::watch(pid_t pid, child& fresh) {
  fresh.watch.reset(sys::pidfd_open(pid, 0));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<std::uint64_t>(pid);
  if (fresh.watch && sys::epoll_ctl(ended_.get(), EPOLL_CTL_ADD, fresh.watch.get(), &event) == 0)
    return;
  fresh.watch.reset();
  ++unwatched_;
}

/// Taken out of the set by hand: a sibling that was just made has a copy of the descriptor, which would keep it in.
void children::forget(child_map::iterator which) {
  if (which->second.watch) {
    sys::epoll_ctl(ended_.get(), EPOLL_CTL_DEL, which->second.watch.get(), nullptr);
  } else {
    --unwatched_;
  }
  alive_.erase(which);
}

std::optional<std::chrono::milliseconds> children::look_again_in() const noexcept {
  if (unwatched_ == 0) return std::nullopt;
  return look_interval;
}

bool children::reap_one(child_map::iterator which, reap_mode mode, const ended_handler& told) {
  flow steps(watcher_);
  const auto ended = os::reap(which->first, mode, steps);
  if (!ended) return false;
  const std::optional<endpoint> client = std::move(which->second.client);
  forget(which);
  told(client, *ended);
  return true;
}

std::size_t children::reap(const ended_handler& told) {
  std::size_t reaped = 0;
  std::array<epoll_event, 64> events{};
  const int ready =
      sys::epoll_wait(ended_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int each = 0; each < ready; ++each) {
    const auto pid = static_cast<pid_t>(events[static_cast<std::size_t>(each)].data.u64);
    const auto which = alive_.find(pid);
    if (which != alive_.end() && reap_one(which, reap_mode::look, told)) ++reaped;
  }
  if (unwatched_ == 0) return reaped;
  for (auto each = alive_.begin(); each != alive_.end();) {
    const auto next = std::next(each);
    if (!each->second.watch && reap_one(each, reap_mode::look, told)) ++reaped;
    each = next;
  }
  return reaped;
}

/// By its descriptor where there is one: with SIGCHLD ignored the number may be somebody else's by now.
void children::send(pid_t pid, const child& to, int signal) {
  if (to.watch) {
    if (sys::pidfd_send_signal(to.watch.get(), signal) == 0) return;
    const bool missing = errno == ENOSYS || errno == EPERM;  // an old kernel, or a filter
    if (!missing) return;
  }
  sys::kill(pid, signal);
}

void children::signal_all(int signal) {
  for (const auto& [pid, about] : alive_) send(pid, about, signal);
}

std::size_t children::kill_all(const ended_handler& told) {
  signal_all(SIGKILL);
  const std::size_t killed = alive_.size();
  while (!alive_.empty()) reap_one(alive_.begin(), reap_mode::wait, told);
  return killed;
}

}  // namespace duet::os

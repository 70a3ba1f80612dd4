// SPDX-License-Identifier: MIT
#include "support/stop_switch.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

#include "support/quantity.hpp"
#include "support/signals.hpp"

namespace duet::apps {
namespace {

/// What the handlers share with the switch. Lock-free atomics are the only ones a handler may touch.
struct switch_state {
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  std::atomic<bool> expired{false};
  std::atomic<bool> once{false};
  std::atomic<int> connection{-1};
  std::atomic<int> write_end{-1};
  std::atomic<int> first_shutdown{SHUT_RD};
  std::atomic<unsigned> drain_seconds{0};
};
switch_state state;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

int shutdown_of(stop_switch::first_signal what) noexcept {
  return what == stop_switch::first_signal::ends_both ? SHUT_RDWR : SHUT_RD;
}

/// Shuts down what has to be. The bare calls here are on signal-safety(7)'s list; the seam's wrappers take a lock in test builds.
void obey() noexcept {
  const int fd = state.connection.load();
  if (fd < 0) return;
  if (state.second.load() != 0 || state.expired.load()) {
    ::shutdown(fd, SHUT_RDWR);
  } else if (state.first.load() != 0) {
    ::shutdown(fd, state.first_shutdown.load());
  }
}

void wake() noexcept { [[maybe_unused]] const auto size = ::write(state.write_end.load(), "", 1); }

void on_stop(int signal) {
  const int saved = errno;
  if (state.first.load() == 0) {
    state.first.store(signal);
    wake();
    if (state.drain_seconds.load() > 0) ::alarm(state.drain_seconds.load());
  } else if (state.once.load()) {
    // The same stop, told twice.
  } else if (state.second.load() == 0) {
    state.second.store(signal);
    wake();
  } else {
    ::_exit(128 + signal);
  }
  obey();
  errno = saved;
}

void on_alarm(int) {
  const int saved = errno;
  state.expired.store(true);
  obey();
  errno = saved;
}

}  // namespace

stop_switch::stop_switch(first_signal what, std::chrono::nanoseconds drain_time, repeats more) {
  int ends[2] = {-1, -1};
  if (os::sys::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(os::sys::last_error(), "pipe2");
  }
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  state.write_end.store(ends[1]);
  state.first.store(0);
  state.second.store(0);
  state.expired.store(false);
  state.once.store(more == repeats::ignored);
  state.connection.store(-1);
  state.first_shutdown.store(shutdown_of(what));
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(drain_time);
  state.drain_seconds.store(drain_time == never ? 0 : static_cast<unsigned>(seconds.count()));
  set_handler(SIGALRM, on_alarm);
  if (what == first_signal::kills) return;
  set_handler(SIGINT, on_stop);
  set_handler(SIGTERM, on_stop);
}

stop_switch::~stop_switch() {
  let_signals_kill();
  set_deadline(never);
  set_handler(SIGALRM, SIG_DFL);
}

int stop_switch::signal() const noexcept { return state.first.load(); }

int stop_switch::second_signal() const noexcept { return state.second.load(); }

void stop_switch::await_second() const noexcept {
  char seen = 0;
  [[maybe_unused]] const auto size = os::sys::read(read_end_.get(), &seen, 1);
}

void stop_switch::set_deadline(std::chrono::nanoseconds from_now) noexcept {
  itimerval timer{};  // all zero: no timer
  if (from_now != never) {
    state.expired.store(false);
    const auto whole = std::chrono::ceil<std::chrono::microseconds>(from_now);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(whole);
    timer.it_value = {seconds.count(), (whole - seconds).count()};
  }
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

bool stop_switch::expired() const noexcept { return state.expired.load(); }

bool stop_switch::pause(std::chrono::nanoseconds duration) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  const timespec timeout{seconds.count(), (duration - seconds).count()};
  pollfd stop{descriptor(), POLLIN, 0};
  ::ppoll(&stop, 1, &timeout, nullptr);
  return signal() == 0;
}

stop_switch::guard::guard(const stop_switch&, int fd) noexcept
    : switchs_own_(state.first_shutdown.load()) {
  state.connection.store(fd);
  obey();
}

stop_switch::guard::guard(const stop_switch&, int fd, first_signal with) noexcept
    : switchs_own_(state.first_shutdown.exchange(shutdown_of(with))) {
  state.connection.store(fd);
  obey();
}

stop_switch::guard::~guard() {
  state.connection.store(-1);
  state.first_shutdown.store(switchs_own_);
}

}  // namespace duet::apps

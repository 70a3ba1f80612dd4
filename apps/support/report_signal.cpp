// SPDX-License-Identifier: MIT
#include "support/report_signal.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

#include "duet/os/sys.hpp"
#include "support/signals.hpp"

namespace duet::apps {
namespace {

using namespace std::chrono_literals;

/// So often a report is asked for again. It bounds how late one is that came at the wrong moment, and nothing else.
constexpr std::chrono::nanoseconds again = 50ms;

/// What the handlers share with report_signal. Lock-free atomics are the only ones a handler may touch.
struct report_state {
  std::atomic<bool> asked{false};
  std::atomic<bool> ticked{false};
  timer_t reminder{};
  timer_t tick{};
};
report_state reports;
static_assert(std::atomic<bool>::is_always_lock_free);

void set_timer(timer_t timer, std::chrono::nanoseconds every) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(every);
  const timespec time{seconds.count(), (every - seconds).count()};
  const itimerspec how{time, time};
  ::timer_settime(timer, 0, &how, nullptr);  // on signal-safety(7)'s list
}

void on_signal(int, siginfo_t* about, void*) {
  const int saved = errno;
  if (about->si_code != SI_TIMER) {
    reports.asked.store(true);
    set_timer(reports.reminder, again);
  } else if (about->si_value.sival_ptr == &reports.tick) {
    reports.ticked.store(true);
  } else if (!reports.asked.load()) {
    set_timer(reports.reminder, 0s);
  }
  errno = saved;
}

void make_timer(timer_t* which) {
  sigevent how{};
  how.sigev_notify = SIGEV_SIGNAL;
  how.sigev_signo = SIGUSR1;
  how.sigev_value.sival_ptr = which;
  if (::timer_create(CLOCK_MONOTONIC, &how, which) != 0)
    throw std::system_error(os::sys::last_error(), "timer_create");
}

}  // namespace

report_signal::report_signal(std::chrono::nanoseconds tick) {
  make_timer(&reports.reminder);
  make_timer(&reports.tick);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO;
  sigfillset(&action.sa_mask);
  os::sys::sigaction(SIGUSR1, &action, nullptr);
  set_timer(reports.tick, tick);
}

report_signal::~report_signal() {
  set_handler(SIGUSR1, SIG_IGN);
  ::timer_delete(reports.tick);
  ::timer_delete(reports.reminder);
}

bool report_signal::asked() noexcept { return reports.asked.exchange(false); }

bool report_signal::ticked() noexcept { return reports.ticked.exchange(false); }

}  // namespace duet::apps

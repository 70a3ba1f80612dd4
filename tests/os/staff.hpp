// SPDX-License-Identifier: MIT
// staff: a supervisor as its tests have it: workers that wait to be told to go, and a book of all that happens.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "duet/os/supervisor.hpp"

namespace duet::test {

/// Serves until SIGTERM, or until its supervisor has gone, with a beat each 10 ms.
inline int wait_for_term(os::worker_context& context) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, nullptr);
  context.ready();
  const timespec pause{0, 10'000'000};
  for (;;) {
    context.beat();
    if (::sigtimedwait(&term, nullptr, &pause) == SIGTERM) return 0;
    pollfd gone{context.supervisor_descriptor(), POLLIN, 0};
    if (::poll(&gone, 1, 0) > 0) return 0;
  }
}

/// The setup's functions are the case's to set before run(). A case that hangs is ended by its alarm.
struct staff {
  explicit staff(std::size_t workers) {
    setup.options.workers = workers;
    setup.options.stable_after = std::chrono::milliseconds(0);
    setup.options.restart = {std::chrono::milliseconds(1), std::chrono::milliseconds(5)};
    setup.options.hang_timeout = std::chrono::milliseconds(0);
    setup.worker = wait_for_term;
    setup.told = [this](const supervisor_news& what) {
      news.push_back(what);
      if (on_news) on_news(what);
    };
  }
  staff(const staff&) = delete;
  staff& operator=(const staff&) = delete;
  ~staff() { ::alarm(0); }

  os::supervisor_result run() {
    ::alarm(45);
    os::supervisor made(setup);
    boss = &made;
    const os::supervisor_result result = made.run();
    total = made.total();
    CHECK(made.pids().empty());
    boss = nullptr;
    // No zombie, no child at all.
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
    return result;
  }

  [[nodiscard]] std::ptrdiff_t count(supervisor_event what) const {
    return std::ranges::count(news, what, &supervisor_news::event);
  }
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> all;
    for (const supervisor_news& each : news) all.emplace_back(to_string(each.event));
    return all;
  }

  os::supervisor_setup setup;
  os::supervisor* boss = nullptr;
  std::function<void(const supervisor_news&)> on_news;
  std::vector<supervisor_news> news;
  os::worker_numbers total{};
};

}  // namespace duet::test

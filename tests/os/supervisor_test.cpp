// SPDX-License-Identifier: MIT
// A supervisor and its workers, as processes: who is forked, replaced, reloaded, stopped, and what is left afterwards.
#include "duet/os/supervisor.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "descriptors.hpp"
#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "skip.hpp"
#include "staff.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;
using event = supervisor_event;

namespace {

/// Whom the supervisor has sent what.
struct step_log : observer {
  void on_step(const flow_step& step) override {
    if (step.call == "kill") lines.push_back("kill " + std::string(step.arguments));
  }
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("supervisor: each place has a worker and a stop ends them all") {
  const descriptor_map before = open_descriptors();
  staff of(3);
  std::set<int> pids;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::started) pids.insert(what.pid);
    if (what.event != event::all_ready) return;
    CHECK(of.boss->pids().size() == 3);
    of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(pids.size() == 3);
  CHECK_FALSE(pids.contains(::getpid()));
  CHECK(of.count(event::drained) == 3);
  CHECK(opened_since(before).empty());
}

TEST_CASE("supervisor: each worker killed twenty times is replaced each time") {
  staff of(2);
  std::vector<int> killed(2);
  of.on_news = [&](const supervisor_news& what) {
    if (what.event != event::ready) return;
    if (killed[what.place]++ < 20) {
      ::kill(what.pid, SIGKILL);
    } else if (killed[0] > 20 && killed[1] > 20) {
      of.boss->stop();
    }
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(event::started) == 42);
  CHECK(of.count(event::ended) == 40);
  for (const supervisor_news& each : of.news) {
    if (each.event == event::ended) CHECK(each.end == worker_end{true, SIGKILL});
  }
}

TEST_CASE("supervisor: five that die at once are five replacements") {
  staff of(5);
  std::ptrdiff_t ready = 0;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) {
      for (const int each : of.boss->pids()) ::kill(each, SIGKILL);
    } else if (what.event == event::ready && ++ready == 10) {
      of.boss->stop();
    }
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(event::ended) == 5);
  CHECK(of.count(event::started) == 10);
}

TEST_CASE("supervisor: a crash loop ends by itself with its own code") {
  staff of(2);
  of.setup.worker = [](os::worker_context&) { return 1; };
  CHECK(of.run().code == exit_crash_loop);
  CHECK(of.count(event::gave_up) == 1);
  CHECK(of.count(event::started) >= 7);  // two places, and five more
  CHECK(of.count(event::started) <= 8);
}

TEST_CASE("supervisor: an exception of a worker is its exit code 1") {
  staff of(1);
  of.setup.worker = [](os::worker_context&) -> int { throw std::runtime_error("no"); };
  of.run();
  for (const supervisor_news& each : of.news) {
    if (each.event == event::ended) CHECK(each.end == worker_end{false, 1});
  }
}

TEST_CASE("supervisor: workers that want no successor end the service with their code") {
  staff of(3);
  of.setup.worker = [](os::worker_context&) { return exit_do_not_respawn; };
  CHECK(of.run().code == exit_do_not_respawn);
  CHECK(of.count(event::started) == 3);
  CHECK(of.count(event::retired) == 3);
}

TEST_CASE("supervisor: a time to hang that no heartbeat could keep is refused") {
  staff of(1);
  for (const std::chrono::milliseconds each : {-1ms, 1ms, 99ms}) {
    of.setup.options.hang_timeout = each;
    CHECK_THROWS_AS(os::supervisor{of.setup}, std::system_error);
  }
  for (const std::chrono::milliseconds each : {0ms, shortest_hang_timeout}) {
    of.setup.options.hang_timeout = each;
    CHECK_NOTHROW(os::supervisor{of.setup});
  }
}

TEST_CASE("supervisor: a worker that is stopped is killed and replaced") {
  staff of(2);
  of.setup.options.hang_timeout = 1s;
  int stopped = 0;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) {
      stopped = of.boss->pids().front();
      ::kill(stopped, SIGSTOP);
    } else if (what.event == event::ready && stopped != 0) {
      of.boss->stop();
    }
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(event::hung) == 1);
  for (const supervisor_news& each : of.news) {
    if (each.event == event::hung) CHECK(each.pid == stopped);
    if (each.event == event::ended) CHECK(each.pid == stopped);
  }
  CHECK(of.count(event::started) == 3);
}

TEST_CASE("supervisor: a reload has the new one ready before the old one is told to go") {
  staff of(2);
  step_log log;
  of.setup.watcher = &log;
  std::vector<int> old;
  std::vector<int> fresh;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::drained) return;  // whenever it comes
    log.lines.push_back(std::string(to_string(what.event)) + ' ' + std::to_string(what.pid));
    if (what.event == event::all_ready) {
      old = of.boss->pids();
      log.lines.clear();
      of.boss->reload();
    } else if (what.event == event::started && !old.empty()) {
      fresh.push_back(what.pid);
    } else if (what.event == event::reloaded) {
      of.boss->stop();
    }
  };
  CHECK(of.run().code == 0);
  REQUIRE(fresh.size() == 2);
  std::vector<std::string> expected{"reloading 0"};
  for (const std::size_t each : {0U, 1U}) {
    const std::string pid = std::to_string(fresh[each]);
    expected.insert(expected.end(), {"started " + pid, "ready " + pid,
                                     "kill " + std::to_string(old[each]) + " SIGTERM"});
  }
  expected.emplace_back("reloaded 0");
  log.lines.resize(std::min(log.lines.size(), expected.size()));
  CHECK(log.lines == expected);
}

TEST_CASE("supervisor: reload after reload replaces everybody") {
  staff of(2);
  int rounds = 0;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->reload();
    if (what.event == event::reloaded) ++rounds < 10 ? of.boss->reload() : of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(event::reloading) == 10);
  CHECK(of.count(event::started) == 22);
  CHECK(of.count(event::drained) == 22);
  CHECK(of.count(event::ended) == 0);
  CHECK(of.count(event::drain_overdue) == 0);
}

TEST_CASE("supervisor: a reload whose workers fail leaves the old ones at work") {
  staff of(1);
  bool bad = false;
  of.setup.worker = [&bad](os::worker_context& context) {
    return bad ? exit_do_not_respawn : wait_for_term(context);
  };
  std::vector<int> left;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) {
      left = of.boss->pids();
      bad = true;
      of.boss->reload();
    } else if (what.event == event::reload_failed) {
      CHECK(of.boss->pids() == left);
      of.boss->stop();
    }
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(event::retired) == 1);
}

TEST_CASE("supervisor: a worker that is replaced knows that from a stop") {
  staff of(1);
  of.setup.worker = [](os::worker_context& context) {
    const int code = wait_for_term(context);
    context.count(context.stopping() ? 0 : 1, 1);
    return code;
  };
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->reload();
    if (what.event == event::drained && !of.boss->pids().empty()) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(event::drained) == 2);
  CHECK(of.total[0] == 1);
  CHECK(of.total[1] == 1);
}

TEST_CASE("supervisor: what the program throws ends its workers") {
  staff of(3);
  of.on_news = [](const supervisor_news& what) {
    if (what.event == event::all_ready) throw std::runtime_error("no more");
  };
  CHECK_THROWS_AS(of.run(), std::runtime_error);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("supervisor: who does not go when told to is killed and the code says so") {
  staff of(1);
  of.setup.options.drain_timeout = 50ms;
  of.setup.worker = [](os::worker_context& context) -> int {
    ::signal(SIGTERM, SIG_IGN);
    context.ready();
    for (;;) ::pause();
  };
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->stop();
  };
  CHECK(of.run().code == 1);
  CHECK(of.count(event::drain_overdue) == 1);
  CHECK(of.news.back().end == worker_end{true, SIGKILL});
}

TEST_CASE("supervisor: signals stop and kill and are put back as they were") {
  staff of(2);
  of.setup.stop_signals = {SIGTERM, SIGINT};
  of.setup.reload_signals = {SIGHUP};
  of.setup.other_signals = {SIGUSR1};
  of.setup.options.drain_timeout = 0ms;  // only the second signal ends them
  of.setup.worker = [](os::worker_context& context) -> int {
    ::signal(SIGTERM, SIG_IGN);
    context.ready();
    for (;;) ::pause();
  };
  std::vector<int> heard;
  of.setup.on_signal = [&](int signal) {
    heard.push_back(signal);
    ::raise(SIGTERM);
  };
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) ::raise(SIGHUP);
    if (what.event == event::reloaded) ::raise(SIGUSR1);
    if (what.event == event::stopping) ::raise(SIGINT);
  };
  struct sigaction before {};
  struct sigaction after {};
  ::sigaction(SIGCHLD, nullptr, &before);
  const os::supervisor_result result = of.run();
  CHECK(result.code == 1);
  CHECK(result.stop_signal == SIGTERM);
  CHECK(result.second_signal == SIGINT);
  CHECK(heard == std::vector<int>{SIGUSR1});
  ::sigaction(SIGCHLD, nullptr, &after);
  CHECK((after.sa_handler == before.sa_handler));
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD})
    CHECK(sigismember(&mask, each) == 0);
}

TEST_CASE("supervisor: SIGCHLD ignored by the parent does not hide how workers end") {
  ::signal(SIGCHLD, SIG_IGN);
  staff of(1);
  of.setup.worker = [](os::worker_context&) { return 7; };
  CHECK(of.run().code == exit_crash_loop);
  for (const supervisor_news& each : of.news) {
    if (each.event == event::ended) CHECK(each.end == worker_end{false, 7});
  }
  struct sigaction after {};
  ::sigaction(SIGCHLD, nullptr, &after);
  CHECK((after.sa_handler == SIG_IGN));
  ::signal(SIGCHLD, SIG_DFL);
}

TEST_CASE("supervisor: a child that is no worker stays its program's") {
  const pid_t other = ::fork();
  if (other == 0) ::_exit(5);
  staff of(1);
  ::alarm(45);
  os::supervisor made(of.setup);
  of.boss = &made;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->stop();
  };
  CHECK(made.run().code == 0);
  int status = 0;
  CHECK(::waitpid(other, &status, 0) == other);
  CHECK(WEXITSTATUS(status) == 5);
}

TEST_CASE("supervisor: counters of those who have gone stay in the sum") {
  staff of(2);
  of.setup.counters = {os::counter_rule::sum, os::counter_rule::present, os::counter_rule::largest};
  of.setup.worker = [](os::worker_context& context) {
    context.count(0, 10);
    context.count(1, 1);
    context.count(2, 5 + context.place());
    return wait_for_term(context);
  };
  std::vector<os::worker_numbers> seen;
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) {
      seen.push_back(of.boss->total());
      ::kill(of.boss->pids().back(), SIGKILL);
    } else if (what.event == event::ended) {
      seen.push_back(of.boss->total());
    } else if (what.event == event::ready && seen.size() == 2) {
      seen.push_back(of.boss->total());
      of.boss->stop();
    }
  };
  CHECK(of.run().code == 0);
  REQUIRE(seen.size() == 3);
  seen.push_back(of.total);
  const std::uint64_t sums[] = {20, 20, 30, 30};
  const std::uint64_t present[] = {2, 1, 2, 0};
  for (std::size_t each = 0; each < seen.size(); ++each) {
    CHECK(seen[each][0] == sums[each]);
    CHECK(seen[each][1] == present[each]);
    CHECK(seen[each][2] == 6);
  }
}

TEST_CASE("supervisor: a tick comes and may stop it") {
  staff of(1);
  int ticks = 0;
  of.setup.tick = 1ms;
  of.setup.on_tick = [&] {
    if (++ticks == 5) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(ticks >= 5);
}

TEST_CASE("supervisor: options out of range are refused") {
  for (const std::size_t workers : {std::size_t{0}, most_workers + 1}) {
    staff of(workers);
    CHECK_THROWS_AS(os::supervisor{of.setup}, std::system_error);
  }
  staff of(1);
  of.setup.worker = nullptr;
  CHECK_THROWS_AS(os::supervisor{of.setup}, std::system_error);
}

// SPDX-License-Identifier: MIT
// supervisor_staff: policy::supervisor with workers that are numbers and a clock that is an argument.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/policy/supervisor.hpp"

namespace duet::test {

using namespace std::chrono_literals;

using lines = std::vector<std::string>;

constexpr worker_end killed_by(int signal) { return {true, signal}; }
constexpr worker_end exited_with(int code) { return {false, code}; }

inline supervisor_options two_workers() {
  supervisor_options options;
  options.workers = 2;
  options.vain_starts = 3;
  options.hang_timeout = 0ms;
  return options;
}

/// A supervisor whose forks succeed, with pids from 101 on, and what it has asked for, in words.
struct staff {
  explicit staff(const supervisor_options& options) : it(options) {
    it.start(now);
    run();
  }

  void run() {
    using kind = policy::supervisor::action_kind;
    while (const auto due = it.next()) {
      const std::string pid = std::to_string(due->pid);
      switch (due->what) {
        case kind::fork: fork(*due); break;
        case kind::signal:
          said.push_back((due->signal == SIGKILL ? "KILL " : "TERM ") + pid);
          break;
        case kind::tell:
          said.push_back(std::string(to_string(due->news.event)) +
                         (due->news.pid != 0 ? " " + std::to_string(due->news.pid) : ""));
          pause = due->news.pause;
          break;
        case kind::finish: said.push_back("finish " + std::to_string(due->code)); break;
      }
    }
  }
  void fork(const policy::supervisor::action& due) {
    if (forks_fail) return it.fork_failed(due.worker, {EAGAIN, std::system_category()}, now, 0);
    ids.push_back(due.worker);
    it.forked(due.worker, 100 + static_cast<int>(ids.size()), now);
  }

  /// What was said since the last call.
  lines take() { return std::exchange(said, {}); }
  void ready(int pid) {
    it.ready(ids[static_cast<std::size_t>(pid - 101)], now);
    run();
  }
  void beat(int pid) { it.beat(ids[static_cast<std::size_t>(pid - 101)], now); }
  void ends(int pid, worker_end how) {
    it.exited(pid, how, now, 0);
    run();
  }
  void pass(std::chrono::nanoseconds time) {
    now += time;
    it.tick(now);
    run();
  }
  void reload() {
    it.reload(now);
    run();
  }
  void stop() {
    it.stop(now);
    run();
  }

  policy::supervisor it;
  policy::supervisor::time_point now{1h};
  lines said;
  std::vector<policy::supervisor::worker_id> ids;
  std::chrono::nanoseconds pause{};
  bool forks_fail = false;
};

/// Two that serve, and nothing said yet.
inline staff serving(const supervisor_options& options) {
  staff made(options);
  made.ready(101);
  made.ready(102);
  made.take();
  return made;
}

}  // namespace duet::test

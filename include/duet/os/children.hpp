// SPDX-License-Identifier: MIT
// children: the processes that serve connections: made, watched without a signal handler (a pidfd each in an epoll set), reaped each by its
// own pid, so that no other child of the program is touched, and none left over. Source: pidfd_open(2), waitpid(2), epoll(7).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/process.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::os {

class children {
 public:
  /// Whose client it served, and how it ended.
  using ended_handler = std::function<void(const std::optional<endpoint>& client, wait_status)>;

  /// Throws std::system_error when there is no epoll set to be had.
  explicit children(observer* watcher);
  /// Kills those that are left, and waits for their end; but not in a child, whose siblings they are.
  ~children();
  children(const children&) = delete;
  children& operator=(const children&) = delete;

  /// One more, which serves `client`. Returns its pid, 0 in the child, -1 with the flow failed.
  pid_t start(const child_setup& setup, std::optional<endpoint> client, flow& steps,
              std::string_view asio = {});

  [[nodiscard]] std::size_t size() const noexcept { return alive_.size(); }
  /// Readable once one has ended.
  [[nodiscard]] int descriptor() const noexcept { return ended_.get(); }
  /// How soon to reap() whatever the descriptor says. None: there is no need. A kernel or a descriptor limit may allow no pidfd.
  [[nodiscard]] std::optional<std::chrono::milliseconds> look_again_in() const noexcept;

  /// Takes in those that have ended, without waiting. Returns how many.
  std::size_t reap(const ended_handler& told);
  void signal_all(int signal);
  /// SIGKILL, and waits for their end. Returns how many.
  std::size_t kill_all(const ended_handler& told);

 private:
  struct child {
    std::optional<endpoint> client;
    unique_fd watch;
  };
  using child_map = std::map<pid_t, child>;

  void watch(pid_t pid, child& fresh);
  static void send(pid_t pid, const child& to, int signal);
  void forget(child_map::iterator which);
  bool reap_one(child_map::iterator which, reap_mode mode, const ended_handler& told);

  observer* watcher_;
  pid_t owner_;
  unique_fd ended_;
  child_map alive_;
  std::size_t unwatched_ = 0;
};

}  // namespace duet::os

// SPDX-License-Identifier: MIT
// fork_server: the classic server: socket, bind, listen, and for each connection accept and fork; the child serves it with blocking calls and
// leaves with _exit, the parent closes its copy and accepts the next one. No loop. Counterpart: on_asio/fork_server.hpp.
// Source: fork(2), accept(2), waitpid(2).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/fork_options.hpp"
#include "duet/on_posix/blocking.hpp"
#include "duet/os/fork_desk.hpp"

namespace duet::on_posix {

/// contract::fork_server.
class fork_server {
 public:
  using connection = blocking::connection;
  using handler = std::function<int(connection&)>;

  explicit fork_server(handler serve, const fork_options& options = {});

  endpoint listen(const endpoint& at);
  void run(int stop_descriptor = -1);
  bool run_one(int stop_descriptor = -1);
  std::size_t drain(std::chrono::milliseconds deadline, int stop_descriptor = -1);
  void stop();
  [[nodiscard]] const fork_counters& counters() const noexcept { return desk_.counters(); }

 private:
  bool accept_one(blocking::server& from);
  void close_listeners();
  [[noreturn]] void serve_and_leave(connection client) noexcept;

  handler serve_;
  os::fork_desk desk_;
  std::vector<blocking::server> servers_;
  std::vector<int> handles_;
};

}  // namespace duet::on_posix

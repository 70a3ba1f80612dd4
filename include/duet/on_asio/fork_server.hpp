// SPDX-License-Identifier: MIT
// fork_server: the classic server with Asio's synchronous calls: for each connection accept and fork; the child serves it and leaves with
// _exit, the parent closes its copy. It shows what fork asks of Asio: notify_fork before, and after in both processes; and that a connection
// which the child is to serve never enters the parent's reactor. Counterpart: on_posix/fork_server.hpp. Source: fork(2), io_context::notify_fork.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/fork_options.hpp"
#include "duet/on_asio/blocking.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/fork_desk.hpp"
#include "duet/os/process.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::on_asio {

/// contract::fork_server. Parity: each listener has an io_context of its own, and a child's connection another one, made in the child.
class fork_server {
 public:
  using connection = blocking::connection;
  using handler = std::function<int(connection&)>;

  explicit fork_server(handler serve, const fork_options& options = {})
      : serve_(std::move(serve)), desk_(options) {}

  endpoint listen(const endpoint& at) {
    blocking::server fresh(at, desk_.options().socket, desk_.options().watcher);
    os::fork_desk::prepare_listener(fresh.native_handle());
    endpoint bound = fresh.local_endpoint();
    handles_.push_back(fresh.native_handle());
    servers_.push_back(std::move(fresh));
    return bound;
  }
  void run(int stop_descriptor = -1) {
    while (run_one(stop_descriptor)) {
    }
  }
  bool run_one(int stop_descriptor = -1) {
    const os::fork_turn turn = desk_.wait(handles_, stop_descriptor);
    if (turn.what == os::fork_turn::kind::client) accept_one(servers_[turn.listener]);
    return turn.what != os::fork_turn::kind::stop;
  }
  std::size_t drain(std::chrono::milliseconds deadline, int stop_descriptor = -1) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    for (blocking::server& each : servers_) {
      int queued = desk_.options().socket.backlog;
      while (queued-- > 0 && desk_.somebody_waits(each.native_handle()) && accept_one(each)) {
      }
    }
    close_listeners();
    return desk_.end_all(until, stop_descriptor);
  }
  void stop() {
    close_listeners();
    desk_.kill_all();
  }
  [[nodiscard]] const fork_counters& counters() const noexcept { return desk_.counters(); }

 private:
  void notify(asio::io_context::fork_event what) {
    for (blocking::server& each : servers_) each.context().notify_fork(what);
  }

  /// Whether there was one.
  bool accept_one(blocking::server& from) {
    os::fork_desk::check_alone();
    std::error_code ec;
    os::unique_fd client = from.accept_descriptor(ec);
    if (ec) return desk_.accept_failed(ec), false;
    os::flow steps(desk_.options().watcher);
    notify(asio::io_context::fork_prepare);
    const pid_t pid = desk_.start(client.get(), steps, "io_context.notify_fork");
    if (pid == 0) serve_and_leave(std::move(client));
    notify(asio::io_context::fork_parent);
    steps.took("close", 0, {}, [&] { return std::to_string(client.get()); });
    return pid > 0;
  }

  /// Nothing may be thrown from here: the caller's code is the parent's.
  [[noreturn]] void serve_and_leave(os::unique_fd accepted) noexcept {
    observer* const watcher = desk_.options().watcher;
    const int code = os::status_of([&] { return serve(std::move(accepted), watcher); }, watcher);
    os::flow steps(watcher);
    os::leave(code, steps);
  }

  int serve(os::unique_fd accepted, observer* watcher) {
    notify(asio::io_context::fork_child);
    // With their contexts: these have been given descriptors of their own by notify_fork, which are closed in order here.
    for (blocking::server& each : servers_) each.abandon();
    servers_.clear();
    os::keep_only(accepted.get(), desk_.options());
    std::error_code ec;
    connection client =
        connection::adopt(std::make_shared<asio::io_context>(1), std::move(accepted), watcher, ec);
    if (ec) throw std::system_error(ec, "socket.assign");
    const int code = serve_(client);
    client.close();
    return code;
  }

  void close_listeners() {
    for (blocking::server& each : servers_) each.close();
    servers_.clear();
    handles_.clear();
  }

  handler serve_;
  os::fork_desk desk_;
  std::vector<blocking::server> servers_;
  std::vector<int> handles_;
};

}  // namespace duet::on_asio

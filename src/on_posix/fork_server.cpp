// SPDX-License-Identifier: MIT
#include "duet/on_posix/fork_server.hpp"

#include <system_error>
#include <utility>

#include "duet/os/flow.hpp"
#include "duet/os/process.hpp"

namespace duet::on_posix {

fork_server::fork_server(handler serve, const fork_options& options)
    : serve_(std::move(serve)), desk_(options) {}

endpoint fork_server::listen(const endpoint& at) {
  blocking::server fresh(at, desk_.options().socket, desk_.options().watcher);
  os::fork_desk::prepare_listener(fresh.native_handle());
  endpoint bound = fresh.local_endpoint();
  handles_.push_back(fresh.native_handle());
  servers_.push_back(std::move(fresh));
  return bound;
}

void fork_server::run(int stop_descriptor) {
  while (run_one(stop_descriptor)) {
  }
}

bool fork_server::run_one(int stop_descriptor) {
  const os::fork_turn turn = desk_.wait(handles_, stop_descriptor);
  if (turn.what == os::fork_turn::kind::client) accept_one(servers_[turn.listener]);
  return turn.what != os::fork_turn::kind::stop;
}

/// Whether there was one.
bool fork_server::accept_one(blocking::server& from) {
  os::fork_desk::check_alone();
  std::error_code ec;
  connection client = from.accept(ec);
  if (ec) return desk_.accept_failed(ec), false;
  os::flow steps(desk_.options().watcher);
  const pid_t pid = desk_.start(client.native_handle(), steps);
  if (pid == 0) serve_and_leave(std::move(client));
  client.close();  // the child's is another one
  return pid > 0;
}

/// Nothing may be thrown from here: the caller's code is the parent's.
void fork_server::serve_and_leave(connection client) noexcept {
  observer* const watcher = desk_.options().watcher;
  const int code = os::status_of(
      [&] {
        for (blocking::server& each : servers_) each.abandon();
        os::keep_only(client.native_handle(), desk_.options());
        const int result = serve_(client);
        client.close();
        return result;
      },
      watcher);
  os::flow steps(watcher);
  os::leave(code, steps);
}

void fork_server::close_listeners() {
  for (blocking::server& each : servers_) each.close();
  servers_.clear();
  handles_.clear();
}

std::size_t fork_server::drain(std::chrono::milliseconds deadline, int stop_descriptor) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  for (blocking::server& each : servers_) {
    int queued = desk_.options().socket.backlog;
    while (queued-- > 0 && desk_.somebody_waits(each.native_handle()) && accept_one(each)) {
    }
  }
  close_listeners();
  return desk_.end_all(until, stop_descriptor);
}

void fork_server::stop() {
  close_listeners();
  desk_.kill_all();
}

}  // namespace duet::on_posix

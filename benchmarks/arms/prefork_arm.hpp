// SPDX-License-Identifier: MIT
// The body of the arms `prefork` and `prefork-asio`: two workers under os/supervisor, each with a loop and an echo server of its column, on one
// listening socket. Written once, so that the two differ in their column only.
#pragma once

#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/supervisor.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::bench {

inline constexpr std::size_t prefork_workers = 2;

/// In a worker's process, until a signal ends it.
template <class Column>
int serve_as_worker(os::worker_context& context, const echo_server_options& options) {
  typename Column::loop loop;
  typename Column::echo_server server(loop, options);
  server.listen(os::unique_fd(context.descriptors().at(0)));
  server.start();
  context.ready();
  loop.run();
  return 0;
}

template <class Column>
void run_workers(const arm_options& chosen) {
  echo_server_options options;
  options.buffer_bytes = chosen.buffer_bytes;
  options.socket.nodelay = true;
  options.socket.congestion_control = chosen.congestion_control;
  const endpoint wanted = endpoint::parse(chosen.listen);
  os::flow steps(nullptr);
  const os::bound_socket door = os::open_listener(steps, wanted, options.socket);
  if (!door.fd) throw_error(steps.error(), steps.failed_step(), &wanted);
  std::error_code ec;
  const endpoint at = os::local_endpoint(door.fd.get(), SOCK_STREAM, ec);
  os::supervisor_setup setup;
  setup.options.workers = prefork_workers;
  setup.options.hang_timeout = std::chrono::milliseconds(0);  // heartbeats would be measured too
  setup.descriptors = [&door](std::size_t) { return std::vector<int>{door.fd.get()}; };
  setup.worker = [&options](os::worker_context& context) {
    return serve_as_worker<Column>(context, options);
  };
  setup.told = [&at](const supervisor_news& news) {
    if (news.event == supervisor_event::all_ready) announce(at.to_string());
  };
  os::supervisor(std::move(setup)).run();
}

/// Column: loop, echo_server.
template <class Column>
int run_prefork_arm(int argc, char** argv) try {
  run_workers<Column>(parse_arm_options(argc, argv));
  return 1;  // they have ended by themselves
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
  return 1;
}

}  // namespace duet::bench

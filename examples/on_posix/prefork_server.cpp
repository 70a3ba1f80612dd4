// SPDX-License-Identifier: MIT
// Workers: processes that are made before there is a client, each with a loop of its own, on one listening socket. On bare POSIX. The supervisor
// makes new ones for those that end; SIGHUP replaces them one after another, SIGTERM lets them drain. usage: prefork_server [ENDPOINT]
#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/workers.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/supervisor.hpp"

namespace {

/// In a worker's process. Its result is its exit status: 0 once it has drained.
int work(duet::os::worker_context& context) {
  duet::on_posix::loop loop;
  duet::on_posix::worker worker(loop, context);
  duet::on_posix::echo_server server(loop);
  server.listen(duet::os::unique_fd(context.descriptors().at(0)));
  server.start();
  const auto drain = [&] {
    server.drain(std::chrono::seconds(5), [&](std::size_t) { worker.stop(); });
  };
  worker.start([] {}, drain);  // the first would put down counters, which the supervisor adds up
  loop.run();
  return 0;
}

int serve(const duet::endpoint& at) {
  duet::os::flow steps(nullptr);
  const auto door = duet::os::open_listener(steps, at, {});
  if (!door.fd) duet::throw_error(steps.error(), steps.failed_step(), &at);
  std::error_code ec;
  // std::endl: what std::cout holds when a process is copied would be printed by each.
  std::cout << "listening " << duet::os::local_endpoint(door.fd.get(), SOCK_STREAM, ec)
            << std::endl;
  duet::os::supervisor_setup setup;
  setup.options.workers = 2;
  setup.worker = work;
  setup.descriptors = [&](std::size_t) { return std::vector{door.fd.get()}; };
  setup.stop_signals = {SIGINT, SIGTERM};
  setup.reload_signals = {SIGHUP};
  return duet::os::supervisor(std::move(setup)).run().code;
}

}  // namespace

int main(int argc, char** argv) try {
  return serve(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}

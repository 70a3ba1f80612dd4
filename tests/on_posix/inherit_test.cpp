// SPDX-License-Identifier: MIT
// Close-on-exec, proven: while everything that duet can open is open, another program is started and lists what it inherited.
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <string>

#include "duet/error.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

/// What the helper says, line by line.
std::string inherited() {
  raw_pipe output;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output.in.fd(), STDOUT_FILENO);
  std::string program = DUET_INHERITED_PROGRAM;
  char* arguments[] = {program.data(), nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  REQUIRE(error == 0);
  output.in.close();
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = ::read(output.out.fd(), buffer, sizeof(buffer))) > 0)
    text.append(buffer, static_cast<std::size_t>(size));
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  return text;
}

}  // namespace

TEST_CASE("inherit: the helper sees what is not close-on-exec") {
  const std::string before = inherited();
  const raw_socket leaky(::socket(AF_UNIX, SOCK_STREAM, 0));
  const std::string after = inherited();
  CHECK(after != before);
  CHECK(after.find(std::to_string(leaky.fd()) + " socket:") != std::string::npos);
}

TEST_CASE_TEMPLATE("inherit: a child gets none of duet's descriptors", Row, DUET_ROWS) {
  // What the test itself was started with is not duet's to close.
  const std::string before = inherited();
  // Before the fixture, whose end calls what was cancelled.
  result wait;
  result ready;
  result read;
  result connect;
  std::byte byte{};
  fixture_of<Row> f;
  using backend = typename Row::backend;
  const std::size_t open_before = open_descriptors().size();
  auto [accepted, connected] = f.connected_pair();
  typename backend::listener door(f.loop());
  door.listen(f.anywhere());
  door.async_accept(f.once("accept", [](std::error_code, typename backend::stream) {}));
  typename backend::timer timer(f.loop());
  timer.expires_after(1h);
  timer.async_wait(f.into(wait, "timer"));
  typename backend::signal_set signals(f.loop(), {SIGUSR1});
  signals.async_wait(f.once("signal", [](std::error_code, int) {}));
  const raw_pipe pipe;
  typename backend::descriptor readable(f.loop(), pipe.out.fd());
  readable.async_wait(wait_type::read, f.into(ready, "descriptor"));
  accepted.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  typename backend::echo_server server(f.loop());
  const endpoint echo = server.listen(f.anywhere());
  server.start();
  const raw_socket client = raw_socket::connected(echo);
  const full_listener full({transport::tcp, address::loopback_v4(), 0});
  typename backend::stream connecting(f.loop());
  backend::async_connect(connecting, full.where(), {}, f.into(connect, "connect"));
  typename backend::blocking_server flow(f.anywhere());
  auto blocking_client = backend::connect(flow.local_endpoint());
  auto blocking_accepted = flow.accept();
  f.run_until([&] { return server.counters().active == 1; });

  CHECK(open_descriptors().size() >= open_before + 10);
  CHECK(inherited() == before);
  door.cancel();
  timer.cancel();
  signals.cancel();
  readable.cancel();
  accepted.cancel();
  connecting.cancel();
  server.stop();
}

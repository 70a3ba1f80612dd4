// SPDX-License-Identifier: MIT
// A server that forks, on a kernel that has no process, no pidfd, no close_range for it.
#include <sys/wait.h>

#include <string>
#include <vector>

#include "../conformance/forked.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"

using namespace duet;
using namespace duet::test;

TEST_CASE_TEMPLATE("fork_server: without a process a client is reset and the others are served",
                   Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  error_log log;
  fork_options options;
  options.watcher = &log;
  typename Row::backend::fork_server server(echo_to_end, options);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket first = served_client(server, at);
  const raw_socket unlucky = raw_socket::connected(at);
  {
    const planned none(os::call::fork, nth(1, EAGAIN));
    while (server.counters().refused == 0) server.run_one();
    CHECK(none.calls() == 1);
  }
  std::byte nothing{};
  CHECK(::recv(unlucky.fd(), &nothing, 1, 0) <= 0);
  CHECK(server.counters().accept_pauses == 1);
  CHECK(log.count("accept paused") == 1);
  CHECK(log.count("refused: shortage") == 1);
  first.send_all(as_bytes("y"));
  CHECK(as_text(first.receive(1)) == "y");
  const raw_socket next = served_client(server, at);  // after the pause
  CHECK(server.counters().accepted == 2);
  first.shut_down(SHUT_WR);
  next.shut_down(SHUT_WR);
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: a child's end ends the pause for want of processes", Backend,
                   DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  fixture<Backend> f;
  typename Backend::fork_server server(echo_to_end);
  const endpoint at = server.listen(f.anywhere());
  raw_socket first = served_client(server, at);
  const raw_socket unlucky = raw_socket::connected(at);
  const planned none(os::call::fork, nth(1, EAGAIN));
  while (server.counters().refused == 0) server.run_one();
  const raw_socket next = raw_socket::connected(at);
  first.close();
  while (server.counters().active > 0) server.run_one();
  CHECK(server.run_one());  // no longer a pause: the very next turn is the client's
  CHECK(server.counters().accepted == 2);
  next.shut_down(SHUT_WR);
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: ends of children are seen without a pidfd too", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  const planned old_kernel(os::call::pidfd_open, first(1000, ENOSYS));
  fork_options options;
  options.max_children = 1;
  typename Row::backend::fork_server server(echo_to_end, options);
  const endpoint at = server.listen(f.anywhere());
  for (int each = 0; each < 3; ++each) served_client(server, at).close();
  see_them_off(server);
  CHECK(old_kernel.calls() == 3);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  const raw_socket left = served_client(server, at);
  server.stop();
  CHECK(left.receive(1).empty());
}

TEST_CASE_TEMPLATE("fork_server: descriptors are closed without close_range too", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  const planned old_kernel(os::call::close_range, first(1000, ENOSYS));
  const raw_pipe others;
  using server_type = typename Row::backend::fork_server;
  server_type server([](auto& client) {
    int sockets_and_pipes = 0;
    for (const auto& [fd, target] : open_descriptors())
      if (fd > 2 && !target.starts_with("anon_inode")) ++sockets_and_pipes;
    say(client, std::to_string(sockets_and_pipes));
    return 0;
  });
  const endpoint at = server.listen(f.anywhere());
  const raw_socket client = raw_socket::connected(at);
  take_one(server);
  CHECK(all_of(client) == "1");
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: accept without descriptors pauses and goes on", Backend,
                   DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  fixture<Backend> f;
  error_log log;
  fork_options options;
  options.watcher = &log;
  typename Backend::fork_server server(echo_to_end, options);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("x"));
  const planned none_left(os::call::accept4, first(2, EMFILE));
  take_one(server);
  CHECK(as_text(client.receive(1)) == "x");
  CHECK(server.counters().accept_pauses == 2);
  CHECK(log.count("accept paused") == 1);
  client.shut_down(SHUT_WR);
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: a broken listener is an error", Backend, DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  fixture<Backend> f;
  typename Backend::fork_server server(echo_to_end);
  const raw_socket client = raw_socket::connected(server.listen(f.anywhere()));
  const planned broken(os::call::accept4, nth(1, EBADF));
  CHECK_THROWS_AS(server.run_one(), std::system_error);
}

// SPDX-License-Identifier: MIT
// fork_server: a process for each connection, and what becomes of it. Clients connect, and send, before they are accepted: kernel queues make
// the parent's part run on one thread, and there may be no other.
#include <sys/wait.h>

#include <csignal>
#include <set>
#include <string>
#include <vector>

#include "errors.hpp"
#include "fixture.hpp"
#include "forked.hpp"

using namespace duet;
using namespace duet::test;

TEST_CASE_TEMPLATE("fork_server: each client has a process of its own", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using server_type = typename Row::backend::fork_server;
  server_type server([](auto& client) {
    say(client, std::to_string(::getpid()));
    return 0;
  });
  const endpoint at = server.listen(f.anywhere());
  std::set<std::string> pids{std::to_string(::getpid())};
  for (int each = 0; each < 5; ++each) {
    const raw_socket client = raw_socket::connected(at);
    take_one(server);
    pids.insert(all_of(client));
  }
  CHECK(pids.size() == 6);
  see_them_off(server);
  CHECK(server.counters().accepted == 5);
  CHECK(server.counters().failed == 0);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // ECHILD: not even a zombie
}

TEST_CASE_TEMPLATE("fork_server: clients are served at the same time and byte for byte", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::fork_server server(echo_to_end);
  const endpoint at = server.listen(f.anywhere());
  std::vector<raw_socket> clients;
  for (int each = 0; each < 8; ++each) clients.push_back(served_client(server, at));
  CHECK(server.counters().active == 8);
  const byte_vector bytes = some_bytes(64 * 1024);
  for (const raw_socket& each : clients) {
    each.send_all(bytes);
    each.shut_down(SHUT_WR);
  }
  for (const raw_socket& each : clients) CHECK(each.receive(bytes.size() + 1) == bytes);
  see_them_off(server);
  CHECK(server.counters().accepted == 8);
}

TEST_CASE_TEMPLATE("fork_server: two listeners take turns", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using server_type = typename Row::backend::fork_server;
  server_type server([](auto& client) {
    say(client, client.local_endpoint().to_string());
    return 0;
  });
  const endpoint first = server.listen(f.anywhere());
  const endpoint second = server.listen(f.anywhere());
  std::vector<raw_socket> clients;
  for (const endpoint& at : {first, first, second}) clients.push_back(raw_socket::connected(at));
  take_one(server);
  take_one(server);
  // The second listener's only client did not wait for both of the first one's.
  CHECK(all_of(clients[0]) == first.to_string());
  CHECK(all_of(clients[2]) == second.to_string());
  take_one(server);
  CHECK(all_of(clients[1]) == first.to_string());
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: at the cap clients wait in the backlog", Row, DUET_ROWS) {
  fixture_of<Row> f;
  fork_options options;
  options.max_children = 2;
  typename Row::backend::fork_server server(echo_to_end, options);
  const endpoint at = server.listen(f.anywhere());
  raw_socket first = served_client(server, at);
  const raw_socket second = served_client(server, at);
  const raw_socket third = raw_socket::connected(at);
  third.send_all(as_bytes("waiting"));
  first.close();
  CHECK(server.run_one());  // the first one's end, although there is a client
  CHECK(server.counters().active == 1);
  CHECK(server.counters().accepted == 2);
  take_one(server);
  CHECK(as_text(third.receive(7)) == "waiting");
  second.shut_down(SHUT_WR);
  third.shut_down(SHUT_WR);
  see_them_off(server);
  CHECK(server.counters().accepted == 3);
}

TEST_CASE_TEMPLATE("fork_server: a child that is killed is its client's loss alone", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  using server_type = typename Row::backend::fork_server;
  server_type server([](auto& client) {
    say(client, std::to_string(::getpid()) + '\n');
    return echo_to_end(client);
  });
  const endpoint at = server.listen(f.anywhere());
  const auto pid_of = [](const raw_socket& client) {
    std::string text;
    while (!text.ends_with('\n')) text += as_text(client.receive(1));
    return std::stoi(text);
  };
  const raw_socket victim = raw_socket::connected(at);
  const raw_socket other = raw_socket::connected(at);
  take_one(server);
  const pid_t pid = pid_of(victim);
  take_one(server);
  pid_of(other);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  CHECK(victim.receive(1).empty());
  CHECK(server.run_one());
  CHECK(server.counters().killed == 1);
  CHECK(server.counters().active == 1);
  other.send_all(as_bytes("still here"));
  CHECK(as_text(other.receive(10)) == "still here");
  other.shut_down(SHUT_WR);
  see_them_off(server);
  CHECK(server.counters().failed == 0);
}

TEST_CASE_TEMPLATE("fork_server: a handler that throws or fails is counted", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using server_type = typename Row::backend::fork_server;
  server_type server([](auto& client) -> int {
    std::array<std::byte, 1> what{};
    client.read(what);
    if (what[0] == std::byte{'t'}) throw std::runtime_error("thrown");
    return what[0] == std::byte{'f'} ? 3 : 0;
  });
  const endpoint at = server.listen(f.anywhere());
  for (const char* what : {"t", "f", "w"}) {
    const raw_socket client = raw_socket::connected(at);
    client.send_all(as_bytes(what));
    take_one(server);
    CHECK(all_of(client).empty());
  }
  see_them_off(server);
  CHECK(server.counters().accepted == 3);
  CHECK(server.counters().failed == 2);
  CHECK(server.counters().killed == 0);
}

TEST_CASE_TEMPLATE("fork_server: other children of the program are left alone", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const pid_t own = ::fork();
  if (own == 0) ::_exit(7);
  typename Backend::fork_server server(echo_to_end);
  const endpoint at = server.listen(f.anywhere());
  served_client(server, at).close();
  see_them_off(server);
  int status = 0;
  CHECK(::waitpid(own, &status, 0) == own);
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE_TEMPLATE("fork_server: whoever started it may have SIGCHLD ignored", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  std::signal(SIGCHLD, SIG_IGN);
  typename Backend::fork_server server(echo_to_end);
  const endpoint at = server.listen(f.anywhere());
  for (int each = 0; each < 3; ++each) served_client(server, at).close();
  see_them_off(server);
  CHECK(server.counters().accepted == 3);
  CHECK(server.counters().failed == 0);
  const raw_socket left = served_client(server, at);
  server.stop();
  CHECK(left.receive(1).empty());
  std::signal(SIGCHLD, SIG_DFL);
}

TEST_CASE_TEMPLATE("fork_server: run ends when its descriptor is readable", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::fork_server server(echo_to_end);
  server.listen(f.anywhere());
  const raw_pipe stop;
  REQUIRE(::write(stop.in.fd(), "", 1) == 1);
  server.run(stop.out.fd());
  CHECK_FALSE(server.run_one(stop.out.fd()));
}

TEST_CASE_TEMPLATE("fork_server: a name is resolved in a child", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  using server_type = typename Backend::fork_server;
  server_type server([](auto& client) {
    typename Backend::loop loop;
    typename Backend::resolver names(loop);
    std::string answer = "no handler called";
    names.async_resolve("localhost", "80", resolve_options(),
                        [&](std::error_code ec, const resolve_result& found) {
                          answer = ec ? ec.message() : std::to_string(found.endpoints.empty());
                        });
    loop.run();
    say(client, answer);
    return 0;
  });
  const endpoint at = server.listen(f.anywhere());
  for (int each = 0; each < 2; ++each) {
    const raw_socket client = raw_socket::connected(at);
    take_one(server);
    CHECK(all_of(client) == "0");
  }
  see_them_off(server);
}

// SPDX-License-Identifier: MIT
// fork_server: what a child of it inherits and what not, how it ends with its parent, and draining.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "forked.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

/// Names of the calls; from a child they come through a pipe.
struct pipe_of_steps : observer {
  explicit pipe_of_steps(int to) : fd(to) {}
  void on_step(const flow_step& step) override {
    const std::string line = std::string(step.call) + '\n';
    static_cast<void>(::write(fd, line.data(), line.size()));
  }
  int fd;
};

/// What a descriptor of a child is, but for a reactor's own.
std::string descriptors_of_child() {
  std::string text;
  for (const auto& [fd, target] : open_descriptors()) {
    const bool reactors = target == "anon_inode:[eventpoll]" || target == "anon_inode:[timerfd]" ||
                          target == "anon_inode:[eventfd]";
    if (fd > 2 && !reactors) text += target.substr(0, target.find(':')) + ' ';
  }
  return text;
}

volatile std::sig_atomic_t handled = 0;
void count_signal(int) { handled = handled + 1; }

}  // namespace

TEST_CASE_TEMPLATE("fork_server: the steps of the parent and of the child", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_pipe steps;
  pipe_of_steps watcher(steps.in.fd());
  fork_options options;
  options.watcher = &watcher;
  options.kept_descriptors = {steps.in.fd()};
  typename Row::backend::fork_server server(echo_to_end, options);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("hello"));
  client.shut_down(SHUT_WR);
  take_one(server);
  CHECK(all_of(client) == "hello");
  see_them_off(server);
  server.stop();
  std::array<char, 4096> text{};
  const ssize_t size = ::read(steps.out.fd(), text.data(), text.size());
  std::vector<std::string> ours;
  // Parent and child go on at the same time: of each the order is certain.
  for (std::size_t at_text = 0; at_text < static_cast<std::size_t>(size);) {
    const std::string_view rest(text.data() + at_text, static_cast<std::size_t>(size) - at_text);
    ours.emplace_back(rest.substr(0, rest.find('\n')));
    at_text += ours.back().size() + 1;
  }
  std::erase_if(ours, [](const std::string& call) { return call.starts_with("setsockopt"); });
  const auto count = [&](const char* call) { return std::ranges::count(ours, call); };
  CHECK(std::vector(ours.begin(), ours.begin() + 4) ==
        std::vector<std::string>{"socket", "bind", "listen", "accept4"});
  CHECK(count("fork") == 2);   // it returns twice
  CHECK(count("close") == 4);  // the parent: connection, listener; the child: listener, connection
  CHECK(count("_exit") == 1);
  CHECK(std::vector(ours.end() - 2, ours.end()) == std::vector<std::string>{"waitpid", "close"});
}

TEST_CASE_TEMPLATE("fork_server: a child has its connection and what is kept and no more", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  // Of the program: a pipe end that is kept, and others that are not, close-on-exec or not.
  const raw_pipe kept;
  const raw_pipe other;
  const raw_socket inheritable(static_cast<int>(checked(::dup(other.in.fd()), "dup")));
  fork_options options;
  options.kept_descriptors = {kept.in.fd()};
  using server_type = typename Row::backend::fork_server;
  server_type server(
      [](auto& client) {
        say(client, descriptors_of_child());
        return echo_to_end(client);
      },
      options);
  const endpoint at = server.listen(f.anywhere());
  server.listen(f.anywhere());
  std::vector<raw_socket> clients;
  for (int each = 0; each < 2; ++each) {
    clients.push_back(raw_socket::connected(at));
    take_one(server);  // the second time there is a sibling, and what the parent watches it with
  }
  for (const raw_socket& each : clients) {
    each.shut_down(SHUT_WR);
    const std::string found = all_of(each);
    CHECK((found == "pipe socket " || found == "socket pipe "));
  }
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: handlers of signals stay the parent's and no signal is blocked",
                   Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  handled = 0;
  std::signal(SIGUSR1, count_signal);
  std::signal(SIGHUP, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
  fork_options options;
  options.blocked_signals = {SIGALRM};
  using server_type = typename Backend::fork_server;
  server_type server(
      [](auto& client) {
        sigset_t now;
        ::sigprocmask(SIG_SETMASK, nullptr, &now);
        std::string found;
        for (int signal = 1; signal < 32; ++signal)
          if (sigismember(&now, signal) == 1) found += std::to_string(signal) + ' ';
        ::raise(SIGHUP);
        say(client, found);
        ::raise(SIGUSR1);
        return 0;
      },
      options);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket client = raw_socket::connected(at);
  take_one(server);
  CHECK(all_of(client) == std::to_string(SIGALRM) + ' ');
  see_them_off(server);
  CHECK(server.counters().killed == 1);
  CHECK(handled == 0);
  ::raise(SIGUSR1);
  CHECK(handled == 1);
  sigset_t still;
  ::sigprocmask(SIG_SETMASK, nullptr, &still);
  CHECK(sigismember(&still, SIGUSR2) == 1);
}

TEST_CASE_TEMPLATE("fork_server: it refuses to fork while another thread runs" *
                       doctest::test_suite("own-process"),
                   Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::fork_server server(echo_to_end);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket client = raw_socket::connected(at);
  const raw_pipe hold;
  std::thread other([&] {
    char byte = 0;
    static_cast<void>(::read(hold.out.fd(), &byte, 1));
  });
  try {
    server.run_one();
    FAIL_CHECK("it has forked");
  } catch (const std::system_error& refused) {
    CHECK(errc_of(refused.code()) == std::errc::operation_not_permitted);
    CHECK(std::string(refused.what()).starts_with("fork while other threads run: "));
  }
  CHECK(server.counters().accepted == 0);
  CHECK(::write(hold.in.fd(), "", 1) == 1);
  other.join();
  // The client has waited in the backlog.
  client.send_all(as_bytes("x"));
  take_one(server);
  CHECK(as_text(client.receive(1)) == "x");
  client.shut_down(SHUT_WR);
  see_them_off(server);
}

TEST_CASE_TEMPLATE("fork_server: drain takes in who waits and asks children to end", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  fork_options options;
  options.blocked_signals = {SIGTERM};
  using server_type = typename Row::backend::fork_server;
  server_type server(
      [](auto& client) {
        say(client, "hello");
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);  // SIGTERM has come, or comes while it reads
        return echo_to_end(client);
      },
      options);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket first = raw_socket::connected(at);
  take_one(server);
  std::vector<raw_socket> waiting;
  for (int each = 0; each < 3; ++each) waiting.push_back(raw_socket::connected(at));
  CHECK(server.drain(cap) == 0);
  CHECK(server.counters().accepted == 4);
  CHECK(server.counters().active == 0);
  CHECK(server.counters().killed == 4);  // by the SIGTERM that they had been asked with
  CHECK(all_of(first) == "hello");
  for (const raw_socket& each : waiting) CHECK(all_of(each) == "hello");
  CHECK(f.folder.files().empty());
}

TEST_CASE_TEMPLATE("fork_server: drain kills who does not end", Row, DUET_ROWS) {
  fixture_of<Row> f;
  fork_options options;
  options.blocked_signals = {SIGTERM};  // and never lets it through
  typename Row::backend::fork_server server(echo_to_end, options);
  const endpoint at = server.listen(f.anywhere());
  const raw_socket first = served_client(server, at);
  const raw_socket second = served_client(server, at);
  SUBCASE("at the deadline") { CHECK(server.drain(0ms) == 2); }
  SUBCASE("when it is told to") {
    const raw_pipe stop;
    REQUIRE(::write(stop.in.fd(), "", 1) == 1);
    CHECK(server.drain(1h, stop.out.fd()) == 2);
  }
  CHECK(first.receive(1).empty());
  CHECK(second.receive(1).empty());
  CHECK(server.counters().active == 0);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE_TEMPLATE("fork_server: drain kills nobody who has ended already", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::fork_server server([](auto&) { return 0; });
  const endpoint at = server.listen(f.anywhere());
  const raw_socket client = raw_socket::connected(at);
  take_one(server);
  siginfo_t about{};
  REQUIRE(::waitid(P_ALL, 0, &about, WEXITED | WNOWAIT) == 0);
  CHECK(server.drain(0ms) == 0);
  CHECK(server.counters().killed == 0);
  CHECK(server.counters().active == 0);
}

TEST_CASE_TEMPLATE("fork_server: its end is its children's end", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  raw_socket client;
  {
    typename Backend::fork_server server(echo_to_end);
    client = served_client(server, server.listen(f.anywhere()));
  }
  CHECK(client.receive(1).empty());
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE_TEMPLATE("fork_server: a parent that is killed takes its children along", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_pipe told;
  const pid_t parent = ::fork();
  if (parent == 0) {
    typename Backend::fork_server server(echo_to_end);
    const endpoint at = server.listen(endpoint::parse("tcp://127.0.0.1:0"));
    const std::uint16_t port = at.port();
    static_cast<void>(::write(told.in.fd(), &port, sizeof(port)));
    server.run();
  }
  std::uint16_t port = 0;
  REQUIRE(::read(told.out.fd(), &port, sizeof(port)) == sizeof(port));
  const raw_socket client =
      raw_socket::connected(endpoint(transport::tcp, address::loopback_v4(), port));
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  REQUIRE(::kill(parent, SIGKILL) == 0);
  CHECK(client.receive(1).empty());
  CHECK(::waitpid(parent, nullptr, 0) == parent);
}

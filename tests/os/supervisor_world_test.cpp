// SPDX-License-Identifier: MIT
// A supervisor in a world that is against it: no forks, no descriptors, its own death; and what a worker inherits.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <string>
#include <system_error>
#include <vector>

#include "descriptors.hpp"
#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/os/supervisor.hpp"
#include "skip.hpp"
#include "staff.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;
using event = supervisor_event;

namespace {

struct plain_pipe {
  plain_pipe() { REQUIRE(::pipe(ends.data()) == 0); }
  plain_pipe(const plain_pipe&) = delete;
  plain_pipe& operator=(const plain_pipe&) = delete;
  ~plain_pipe() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void close_write() { ::close(std::exchange(ends[1], -1)); }
  /// What comes until nobody has the writing end.
  [[nodiscard]] std::string read_to_end() const {
    std::string all;
    char byte = 0;
    while (::read(ends[0], &byte, 1) == 1) all += byte;
    return all;
  }
  std::array<int, 2> ends{};
};

/// How many of its descriptors a worker should not have.
std::uint64_t strangers(const os::worker_context& context) {
  std::uint64_t count = 0;
  for (const auto& [fd, target] : open_descriptors()) {
    const bool status = target.starts_with("pipe:") && fd != context.supervisor_descriptor();
    const bool kept = std::ranges::find(context.descriptors(), fd) != context.descriptors().end();
    if (fd > 2 && !kept && !status && fd != context.supervisor_descriptor()) ++count;
  }
  return count;
}

/// Where a worker tells that nobody has ended it, and it has had enough.
int forgotten_fd = -1;
void forgotten(int) {
  static_cast<void>(::write(forgotten_fd, "f", 1));
  ::_exit(1);
}

/// A supervisor in a process of its own, whose workers each write a byte when they serve and one when they leave; the byte's pipe is at its
/// end when all have gone.
pid_t start_apart(plain_pipe& told, int death_signal) {
  const pid_t pid = ::fork();
  if (pid != 0) {
    told.close_write();
    return pid;
  }
  ::close(told.ends[0]);
  staff of(3);
  of.setup.death_signal = death_signal;
  of.setup.descriptors = [&](std::size_t) { return std::vector{told.ends[1]}; };
  of.setup.worker = [&](os::worker_context& context) {
    const bool killed = of.setup.death_signal != 0;
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &term, nullptr);
    if (killed) context.ready();
    [[maybe_unused]] const auto size = ::write(context.descriptors().front(), "x", 1);
    ::signal(SIGPIPE, SIG_IGN);  // nobody may be left to hear that it is ready
    forgotten_fd = context.descriptors().front();
    ::signal(SIGALRM, forgotten);
    ::alarm(20);
    while (killed) ::pause();
    const int code = wait_for_term(context);
    [[maybe_unused]] const auto told_so = ::write(forgotten_fd, "d", 1);
    return code;
  };
  of.run();
  ::_exit(0);
}

}  // namespace

TEST_CASE("supervisor: its death is its workers' death") {
  for (const int signal : {SIGKILL, 0}) {
    CAPTURE(signal);
    plain_pipe told;
    const pid_t boss = start_apart(told, signal);
    char byte = 0;
    for (int each = 0; each < 3; ++each) REQUIRE(::read(told.ends[0], &byte, 1) == 1);
    ::kill(boss, SIGKILL);
    ::waitpid(boss, nullptr, 0);
    CHECK(told.read_to_end() == std::string(signal == 0 ? "ddd" : ""));
  }
}

TEST_CASE("supervisor: a worker has no descriptor that is not its own") {
  const int missing_calls = ENOSYS;
  for (const int error : {0, missing_calls}) {
    CAPTURE(error);
    plain_pipe kept;
    const int stranger = ::open("/dev/null", O_RDONLY);  // not close-on-exec
    const int high = ::fcntl(stranger, F_DUPFD, 200);
    staff of(2);
    of.setup.descriptors = [&](std::size_t) { return std::vector{kept.ends[1]}; };
    of.setup.worker = [](os::worker_context& context) {
      context.count(0, strangers(context));
      context.count(1, ::fcntl(context.descriptors().front(), F_GETFD) >= 0 ? 1 : 0);
      return wait_for_term(context);
    };
    of.on_news = [&](const supervisor_news& what) {
      if (what.event == event::all_ready) of.boss->stop();
    };
    if (error != 0) {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
      os::faults::plan(os::call::close_range, {1, 1000, error, 0});
#else
      continue;
#endif
    }
    CHECK(of.run().code == 0);
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
    os::faults::clear();
#endif
    CHECK(of.total[0] == 0);
    CHECK(of.total[1] == 2);
    ::close(stranger);
    ::close(high);
  }
}

TEST_CASE("supervisor: a worker has no handler and no mask of its parent's") {
  ::signal(SIGUSR2, [](int) {});
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGWINCH);
  ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
  staff of(1);
  of.setup.stop_signals = {SIGINT};
  of.setup.worker = [](os::worker_context& context) {
    struct sigaction now {};
    ::sigaction(SIGUSR2, nullptr, &now);
    context.count(0, now.sa_handler == SIG_DFL ? 0 : 1);
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal < 32; ++signal)
      if (sigismember(&mask, signal) == 1) context.count(1, static_cast<std::uint64_t>(signal));
    return wait_for_term(context);
  };
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(of.total[0] == 0);
  CHECK(of.total[1] == 0);
}

TEST_CASE("supervisor: a worker can look up names" * doctest::test_suite("no-tsan")) {
  staff of(2);
  of.setup.worker = [](os::worker_context& context) {
    std::error_code ec;
    os::lookup_question localhost;
    localhost.host = "localhost";
    const auto found = os::resolve(nullptr, localhost, {}, ec);
    context.count(0, ec ? 0 : 1);
    return wait_for_term(context);
  };
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(of.total[0] == 2);
}

TEST_CASE("supervisor: no more processes allowed and those that live serve on") {
  if (::geteuid() != 0) DUET_SKIP("needs root, to be a user without other processes");
  if (under_tsan) DUET_SKIP("each process has a thread of the sanitizer's, which counts, too");
  const pid_t apart = ::fork();
  if (apart == 0) {
    // A user whose processes are ours alone: two are allowed.
    const rlimit two{2, 2};
    const uid_t nobody = 700'000 + static_cast<uid_t>(::getpid());
    const bool able =
        ::setresuid(nobody, nobody, nobody) == 0 && ::setrlimit(RLIMIT_NPROC, &two) == 0;
    staff of(2);
    of.setup.options.restart = {50ms, 50ms};
    std::ptrdiff_t failed = 0;
    of.on_news = [&](const supervisor_news& what) {
      const bool refused = what.event == event::fork_failed &&
                           what.error == std::errc::resource_unavailable_try_again;
      if (refused && ++failed == 10) of.boss->stop();
    };
    const int code = able ? of.run().code : 100;
    // Which of it was wrong, for the report below.
    ::_exit(code * 10 + static_cast<int>(of.count(event::ready)));
  }
  int status = 0;
  REQUIRE(::waitpid(apart, &status, 0) == apart);
  CHECK(WEXITSTATUS(status) == 1);  // code 0, and one that was ready
}

#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM

TEST_CASE("supervisor: forks that fail are tried again") {
  staff of(2);
  os::faults::plan(os::call::fork, {2, 30, EAGAIN, 0});
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == event::all_ready) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  os::faults::clear();
  CHECK(of.count(event::fork_failed) == 30);
  CHECK(of.count(event::started) == 2);
}

TEST_CASE("supervisor: when no fork ever works it gives up") {
  staff of(2);
  os::faults::plan(os::call::fork, {1, 1000, EAGAIN, 0});
  CHECK(of.run().code == exit_crash_loop);
  CHECK(os::faults::count(os::call::fork) == 7);
  os::faults::clear();
}

TEST_CASE("supervisor: what it cannot be made of is told and nothing is left") {
  for (const os::call each : {os::call::mmap, os::call::pipe2, os::call::signalfd}) {
    const descriptor_map before = open_descriptors();
    staff of(1);
    os::faults::plan(each, {1, 1, EMFILE, 0});
    bool thrown = false;
    try {
      os::supervisor made(of.setup);
      made.run();
    } catch (const std::system_error& failed) {
      thrown = failed.code() == std::errc::too_many_files_open;
    }
    os::faults::clear();
    CHECK(thrown);
    CHECK(opened_since(before).empty());
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGCHLD) == 0);
  }
}

#endif

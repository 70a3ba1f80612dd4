// SPDX-License-Identifier: MIT
// process: what a child starts with, how its end reads, which descriptors it closes, and how many threads there are.
#include "duet/os/process.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "descriptors.hpp"
#include "duet/os/fault.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using test::raw_pipe;

namespace {

struct step_texts : observer {
  void on_step(const flow_step& step) override {
    texts.push_back(std::string(step.call) + ' ' + std::string(step.arguments) + "> " +
                    std::string(step.outcome));
  }
  std::vector<std::string> texts;
};

/// A child that does this and leaves with what it returns.
template <class What>
pid_t child_doing(What what, const os::child_setup& setup = {}) {
  os::flow steps(nullptr);
  const pid_t pid = os::start_process(setup, steps);
  if (pid != 0) return pid;
  os::leave(what(), steps);
}

os::wait_status end_of(pid_t pid) {
  os::flow steps(nullptr);
  return os::reap(pid, os::reap_mode::wait, steps).value();
}

}  // namespace

TEST_CASE("process: how a child has ended") {
  CHECK(os::describe(end_of(child_doing([] { return 0; }))) == "exited 0");
  CHECK(os::describe(end_of(child_doing([] { return 300; }))) == "exited 44");
  CHECK(os::describe(end_of(child_doing([] { return ::raise(SIGKILL); }))) == "killed by SIGKILL");
  CHECK(os::describe(end_of(child_doing([] { return ::raise(SIGRTMIN + 1); }))) ==
        "killed by signal " + std::to_string(SIGRTMIN + 1));
  CHECK(end_of(child_doing([] { return 0; })).well());
  CHECK_FALSE(end_of(child_doing([] { return 1; })).well());
  os::flow steps(nullptr);
  const auto nobodys = os::reap(1, os::reap_mode::look, steps);  // never a child of ours
  REQUIRE(nobodys);
  CHECK(nobodys->unknown);
  CHECK(os::describe(*nobodys) == "gone");
}

TEST_CASE("process: a child leaves without what its parent has put off for its own end") {
  const raw_pipe written;
  std::FILE* const text = ::fdopen(::dup(written.in.fd()), "w");
  REQUIRE(text != nullptr);
  std::fputs("once", text);  // in the buffer, of which the child has a copy
  CHECK(end_of(child_doing([] { return 0; })).well());
  std::fclose(text);
  std::array<char, 16> found{};
  const ssize_t size = ::read(written.out.fd(), found.data(), found.size());
  CHECK(std::string(found.data(), static_cast<std::size_t>(size)) == "once");
}

TEST_CASE("process: a child that runs is not waited for by a look and its end is told once") {
  const raw_pipe hold;
  step_texts texts;
  os::flow steps(&texts);
  const pid_t pid = os::start_process({}, steps);
  if (pid == 0) {
    char byte = 0;
    os::flow silent(nullptr);
    os::leave(static_cast<int>(::read(hold.out.fd(), &byte, 1)), silent);
  }
  CHECK_FALSE(os::reap(pid, os::reap_mode::look, steps));
  REQUIRE(::write(hold.in.fd(), "x", 1) == 1);
  CHECK(os::reap(pid, os::reap_mode::wait, steps)->code == 1);
  const std::vector<std::string> expected{"fork > ",
                                          "waitpid " + std::to_string(pid) + "> exited 1"};
  CHECK(texts.texts == expected);
}

TEST_CASE("process: ignored signals are reset where that is wanted") {
  std::signal(SIGHUP, SIG_IGN);
  const auto survives = [] {
    ::raise(SIGHUP);
    return 0;
  };
  CHECK(end_of(child_doing(survives)).well());
  os::child_setup setup;
  setup.keep_ignored = false;
  CHECK(end_of(child_doing(survives, setup)).signal == SIGHUP);
  std::signal(SIGHUP, SIG_DFL);
}

TEST_CASE("process: the signal that a child gets at its parent's end") {
  const auto its_own = [] {
    int signal = -1;
    ::prctl(PR_GET_PDEATHSIG, &signal);
    return signal;
  };
  CHECK(end_of(child_doing(its_own)).code == SIGTERM);
  os::child_setup none;
  none.death_signal = 0;
  CHECK(end_of(child_doing(its_own, none)).code == 0);
}

TEST_CASE("process: all descriptors but those kept are closed in any order of theirs") {
  const raw_pipe first;
  const raw_pipe second;
  const std::vector<int> kept{second.in.fd(), first.out.fd(), 1, first.out.fd()};
  for (const bool has_close_range : {true, false}) {
    const pid_t pid = child_doing([&] {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
      if (!has_close_range) os::faults::plan(os::call::close_range, {1, 1000, ENOSYS, {}});
#endif
      os::close_all_but(kept);
      const auto left = test::open_descriptors();
      int code = left.size() == 5 ? 0 : 1;
      for (const int each : {0, 1, 2, first.out.fd(), second.in.fd()})
        if (!left.contains(each)) code = 2;
      return code;
    });
    CAPTURE(has_close_range);
    CHECK(end_of(pid).code == 0);
  }
}

TEST_CASE("process: threads are counted and one that was joined is not" *
          doctest::test_suite("own-process")) {
  CHECK(os::thread_count() == 1);
  for (int each = 0; each < 20; ++each) {
    const raw_pipe hold;
    std::thread other([&] {
      char byte = 0;
      static_cast<void>(::read(hold.out.fd(), &byte, 1));
    });
    CHECK(os::thread_count() == 2);
    CHECK(::write(hold.in.fd(), "x", 1) == 1);
    other.join();
    CHECK(os::thread_count() == 1);
  }
}

TEST_CASE("process: what a handler throws is a status") {
  CHECK(os::status_of([] { return 5; }, nullptr) == 5);
  CHECK(os::status_of([]() -> int { throw 5; }, nullptr) == 1);
}

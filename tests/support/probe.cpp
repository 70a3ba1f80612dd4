// SPDX-License-Identifier: MIT
// Subject of check_main.py: one case of each end that the main tells apart. Not a suite of ctest.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "skip.hpp"

TEST_CASE("probe: passes") { CHECK(true); }
TEST_CASE("probe: fails") { CHECK(false); }
TEST_CASE("probe: skips") {
  DUET_SKIP("asked to");
  CHECK(false);
}
TEST_CASE("probe: fails then skips") {
  CHECK(false);
  DUET_SKIP("too late");
}

TEST_CASE("stuck: dies") { ::raise(SIGKILL); }
TEST_CASE("stuck: hangs") { ::pause(); }
TEST_CASE("stuck: not with others" * doctest::test_suite("own-process")) { ::pause(); }

TEST_CASE("threads: one more") {
  std::thread([] {}).join();
  CHECK(true);
}
TEST_CASE("threads: one more in a child") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::thread([] {}).join();
    ::_exit(0);
  }
  CHECK(::waitpid(pid, nullptr, 0) == pid);
}

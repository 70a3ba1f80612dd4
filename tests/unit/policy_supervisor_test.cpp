// SPDX-License-Identifier: MIT
// What decides about worker processes, without one: every fork is a number, every moment an argument.
#include <doctest/doctest.h>

#include "supervisor_staff.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE("supervisor: every place gets a worker and is told when all are ready") {
  staff of(two_workers());
  CHECK(of.take() == lines{"started 101", "started 102"});
  of.ready(102);
  CHECK(of.take() == lines{"ready 102"});
  of.ready(101);
  CHECK(of.take() == lines{"ready 101", "all ready"});
}

TEST_CASE("supervisor: who has served a while is replaced at once") {
  staff of = serving(two_workers());
  of.pass(1s);
  of.ends(101, killed_by(SIGKILL));
  CHECK(of.pause == 0s);
  CHECK(of.take() == lines{"ended 101"});
  CHECK(of.it.wake() == of.now);
  of.pass(0s);
  CHECK(of.take() == lines{"started 103"});
  of.ready(103);
  CHECK(of.take() == lines{"ready 103"});
}

TEST_CASE("supervisor: five that die at once are five replacements") {
  supervisor_options options = two_workers();
  options.workers = 5;
  staff of(options);
  for (int pid = 101; pid <= 105; ++pid) of.ready(pid);
  of.pass(1s);
  of.take();
  for (int pid = 101; pid <= 105; ++pid) of.ends(pid, killed_by(SIGSEGV));
  of.pass(0s);
  CHECK(of.take() == lines{"ended 101", "ended 102", "ended 103", "ended 104", "ended 105",
                           "started 106", "started 107", "started 108", "started 109",
                           "started 110"});
}

TEST_CASE("supervisor: who dies young waits and longer each time") {
  staff of = serving(two_workers());
  of.ends(101, exited_with(1));
  CHECK(of.pause == 100ms);
  of.pass(99ms);
  CHECK(of.take() == lines{"ended 101"});
  of.pass(1ms);
  CHECK(of.take() == lines{"started 103"});
  of.ready(103);
  of.it.exited(103, exited_with(1), of.now, 0.5);
  of.run();
  CHECK(of.pause == 200ms);  // between 100 and 300
  of.pass(200ms);
  of.ready(104);
  of.pass(1s);
  of.ends(104, exited_with(0));
  CHECK(of.pause == 0s);
}

TEST_CASE("supervisor: a crash loop has a bounded number of forks and an end of its own") {
  staff of(two_workers());
  of.take();
  int pid = 101;
  for (; of.it.alive() > 0; ++pid) {
    of.ends(pid, killed_by(SIGABRT));
    of.pass(5s);
    if (pid > 120) break;
  }
  // Two first ones and three more died in vain; the other place has one by then. The window is 60 s.
  CHECK(of.ids.size() == 6);
  CHECK(of.said.back() == "finish 9");
}

TEST_CASE("supervisor: starts in vain that are long ago do not count") {
  supervisor_options options = two_workers();
  options.workers = 1;
  options.restart = {100s, 100s};
  staff of(options);
  for (int pid = 101; pid < 120; ++pid) {
    of.ends(pid, killed_by(SIGABRT));
    of.pass(100s);
  }
  CHECK(of.ids.size() == 20);
}

TEST_CASE("supervisor: who became ready ends the count of starts in vain") {
  staff of(two_workers());
  for (int pid = 101; pid <= 104; ++pid) {
    of.ends(pid, exited_with(1));
    of.pass(1s);
  }
  of.ready(105);
  of.ends(105, exited_with(1));
  of.ends(106, exited_with(1));
  of.take();
  of.pass(1s);
  CHECK(of.take() == lines{"started 107", "started 108"});
}

TEST_CASE("supervisor: as long as somebody serves nobody gives up") {
  staff of(two_workers());
  of.ready(101);
  for (int pid = 102; pid < 130; ++pid) {
    of.ends(pid, exited_with(1));
    of.pass(1s);
  }
  CHECK(of.ids.size() == 30);
  of.take();
  of.ready(130);
  CHECK(of.take() == lines{"ready 130", "all ready"});
}

TEST_CASE("supervisor: what was in vain while somebody served does not count when nobody does") {
  staff of(two_workers());
  of.ready(101);
  for (int pid = 102; pid < 130; ++pid) {
    of.ends(pid, exited_with(1));
    of.pass(1s);
  }
  of.ends(101, exited_with(1));
  of.take();
  of.ends(130, exited_with(1));
  of.pass(1s);
  CHECK(of.take() == lines{"ended 130", "started 131", "started 132"});
  int pid = 131;
  while (!std::ranges::count(of.take(), "gave up")) {
    REQUIRE(pid < 140);
    of.ends(pid++, exited_with(1));
    of.pass(1s);
  }
  CHECK(pid == 135);  // two places and three more, of which 130 was the first
}

TEST_CASE("supervisor: who is starting is waited for while forks fail") {
  staff of(two_workers());
  of.forks_fail = true;
  of.ends(101, exited_with(1));
  for (int each = 0; each < 20; ++each) of.pass(1s);
  const lines said = of.take();
  CHECK(std::ranges::count(said, "fork failed") >= 5);
  CHECK(std::ranges::count(said, "gave up") == 0);
  SUBCASE("and serves") {
    of.ready(102);
    CHECK(of.take() == lines{"ready 102"});
  }
  SUBCASE("and its death is the end") {
    of.ends(102, exited_with(1));
    CHECK(std::ranges::count(of.take(), "gave up") == 1);
  }
}

TEST_CASE("supervisor: exit code 2 leaves the place empty") {
  staff of = serving(two_workers());
  of.ends(101, exited_with(exit_do_not_respawn));
  of.pass(1h);
  CHECK(of.take() == lines{"retired 101"});
  of.ends(102, exited_with(exit_do_not_respawn));
  CHECK(of.take() == lines{"retired 102", "finish 2"});
}

TEST_CASE("supervisor: all are ready once the last that is waited for is retired") {
  staff of(two_workers());
  of.ready(101);
  of.take();
  of.ends(102, exited_with(exit_do_not_respawn));
  CHECK(of.take() == lines{"retired 102", "all ready"});
  staff none(two_workers());
  none.take();
  none.ends(101, exited_with(exit_do_not_respawn));
  none.ends(102, exited_with(exit_do_not_respawn));
  CHECK(none.take() == lines{"retired 101", "retired 102", "finish 2"});
}

TEST_CASE("supervisor: a place that was left empty is filled by a reload") {
  staff of = serving(two_workers());
  of.ends(101, exited_with(exit_do_not_respawn));
  of.take();
  of.reload();
  CHECK(of.take() == lines{"reloading", "started 103"});
  of.ready(103);
  CHECK(of.take() == lines{"ready 103", "started 104"});
  of.ready(104);
  CHECK(of.take() == lines{"ready 104", "TERM 102", "reloaded"});
}

TEST_CASE("supervisor: who does not beat is killed and replaced") {
  supervisor_options options = two_workers();
  options.hang_timeout = 8s;
  staff of = serving(options);
  for (int each = 0; each < 3; ++each) {
    of.now += 2s;
    of.beat(102);
    of.pass(0s);
  }
  CHECK(of.take().empty());
  of.pass(2s);
  CHECK(of.take() == lines{"hung 101", "KILL 101"});
  of.pass(1s);
  CHECK(of.take().empty());  // once
  of.ends(101, killed_by(SIGKILL));
  of.pass(0s);
  CHECK(of.take() == lines{"ended 101", "started 103"});
}

TEST_CASE("supervisor: that everything stood still is nobody's hang") {
  supervisor_options options = two_workers();
  options.hang_timeout = 8s;
  staff of = serving(options);
  CHECK(of.it.wake() == of.now + 2s);
  of.pass(1h);
  CHECK(of.take().empty());
  of.pass(4s);
  of.pass(3s);
  CHECK(of.take().empty());
  of.pass(1s);
  CHECK(of.take() == lines{"hung 101", "KILL 101", "hung 102", "KILL 102"});
}

TEST_CASE("supervisor: who is not ready in time is killed and counts as a start in vain") {
  staff of(two_workers());
  of.take();
  of.pass(30s);
  CHECK(of.take() == lines{"hung 101", "KILL 101", "hung 102", "KILL 102"});
  of.ends(101, killed_by(SIGKILL));
  CHECK(of.pause == 100ms);
}

TEST_CASE("supervisor: a fork that fails is tried again and the others serve on") {
  staff of = serving(two_workers());
  of.pass(1s);
  of.forks_fail = true;
  of.ends(101, killed_by(SIGKILL));
  of.pass(0s);
  CHECK(of.take() == lines{"ended 101", "fork failed"});
  CHECK(of.pause == 100ms);
  for (int each = 0; each < 20; ++each) of.pass(30s);
  CHECK(of.take() == lines(20, "fork failed"));
  of.forks_fail = false;
  of.pass(30s);
  CHECK(of.take() == lines{"started 103"});
}

TEST_CASE("supervisor: when no fork ever succeeds it gives up") {
  supervisor_options options = two_workers();
  staff of(options);
  of.forks_fail = true;
  of.ends(101, killed_by(SIGKILL));
  of.ends(102, killed_by(SIGKILL));
  of.take();
  of.pass(1s);
  of.pass(1s);
  CHECK(of.take() ==
        lines{"fork failed", "fork failed", "fork failed", "gave up", "stopping", "finish 9"});
}

// SPDX-License-Identifier: MIT
// Workers that are replaced by new ones without a gap, and those that are to go: decided without a process.
#include <doctest/doctest.h>

#include "supervisor_staff.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE("supervisor: a reload replaces one after another and drains who was replaced") {
  staff of = serving(two_workers());
  of.reload();
  CHECK(of.take() == lines{"reloading", "started 103"});
  of.ready(103);
  CHECK(of.take() == lines{"ready 103", "TERM 101", "started 104"});
  of.ends(101, exited_with(0));
  CHECK(of.take() == lines{"drained 101"});
  of.ready(104);
  CHECK(of.take() == lines{"ready 104", "TERM 102", "reloaded"});
  of.ends(102, exited_with(1));
  CHECK(of.take() == lines{"drained 102"});
  of.pass(1h);
  CHECK(of.take().empty());
}

TEST_CASE("supervisor: reloads during a reload are one more") {
  staff of = serving(two_workers());
  for (int each = 0; each < 3; ++each) of.reload();
  of.ready(103);
  of.ready(104);
  of.take();
  of.ready(105);
  of.ready(106);
  CHECK(of.take() ==
        lines{"ready 105", "TERM 103", "started 106", "ready 106", "TERM 104", "reloaded"});
  CHECK(of.ids.size() == 6);
}

TEST_CASE("supervisor: a reload waits while too many still drain") {
  supervisor_options options = two_workers();
  options.workers = 1;
  options.drain_timeout = 0ms;
  staff of(options);
  of.ready(101);
  for (int each = 0; each < 5; ++each) of.reload();
  of.ready(102);
  of.ready(103);
  of.reload();
  of.ready(104);
  CHECK(of.it.alive() == policy::supervisor::most_alive(1));
  of.take();
  of.reload();
  CHECK(of.take() == lines{"reloading"});
  of.ends(101, exited_with(0));
  CHECK(of.take() == lines{"drained 101", "started 105"});
}

TEST_CASE("supervisor: a reload whose workers do not come up leaves the old ones") {
  staff of = serving(two_workers());
  of.reload();
  for (int pid = 103; pid <= 106; ++pid) {
    of.ends(pid, exited_with(1));
    of.pass(30s);
  }
  CHECK(of.take() == lines{"reloading", "started 103", "ended 103", "started 104", "ended 104",
                           "started 105", "ended 105", "started 106", "ended 106",
                           "reload failed"});
  CHECK(of.it.alive() == 2);

  of.reload();
  of.ends(107, exited_with(exit_do_not_respawn));
  CHECK(of.take() == lines{"reloading", "started 107", "retired 107", "reload failed"});
}

TEST_CASE("supervisor: one that dies while its successor comes needs no other") {
  staff of = serving(two_workers());
  of.reload();
  of.ends(101, killed_by(SIGKILL));
  of.pass(1h);
  of.take();
  of.ready(103);
  CHECK(of.take() == lines{"ready 103", "started 104"});
}

TEST_CASE("supervisor: a failed reload fills the place that became empty meanwhile") {
  staff of = serving(two_workers());
  of.reload();
  of.ends(101, killed_by(SIGKILL));
  of.ends(103, exited_with(exit_do_not_respawn));
  of.take();
  of.pass(0s);
  CHECK(of.take() == lines{"started 104"});
}

TEST_CASE("supervisor: a stop drains all and waits for them") {
  staff of = serving(two_workers());
  of.stop();
  CHECK(of.take() == lines{"stopping", "TERM 101", "TERM 102"});
  of.ends(102, exited_with(0));
  CHECK(of.take() == lines{"drained 102"});
  of.stop();
  of.reload();
  CHECK(of.take().empty());
  of.ends(101, exited_with(0));
  CHECK(of.take() == lines{"drained 101", "finish 0"});
}

TEST_CASE("supervisor: a stop tells by its code that somebody was cut") {
  for (const auto& [how, code] :
       {std::pair(exited_with(0), 0), std::pair(exited_with(1), 1),
        std::pair(killed_by(SIGTERM), 0), std::pair(killed_by(SIGKILL), 1)}) {
    staff of = serving(two_workers());
    of.stop();
    of.ends(101, how);
    of.ends(102, exited_with(0));
    CHECK(of.said.back() == "finish " + std::to_string(code));
  }
}

TEST_CASE("supervisor: who drains too long is killed") {
  staff of = serving(two_workers());
  of.stop();
  of.ends(101, exited_with(0));
  of.take();
  of.pass(12s);
  CHECK(of.take() == lines{"drain overdue 102", "KILL 102"});
  of.ends(102, killed_by(SIGKILL));
  CHECK(of.take() == lines{"drained 102", "finish 1"});
}

TEST_CASE("supervisor: the second stop kills at once") {
  staff of = serving(two_workers());
  of.stop();
  of.take();
  of.it.kill_all();
  of.run();
  CHECK(of.take() == lines{"KILL 101", "KILL 102"});
}

TEST_CASE("supervisor: a stop between two attempts is over at once") {
  staff of(two_workers());
  of.ends(101, exited_with(1));
  of.ends(102, exited_with(1));
  of.take();
  of.stop();
  CHECK(of.take() == lines{"stopping", "finish 0"});
  of.pass(1h);
  CHECK(of.take().empty());
}

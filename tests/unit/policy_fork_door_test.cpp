// SPDX-License-Identifier: MIT
// fork_door: the cap on children and the pauses, with a clock of the case's own.
#include <doctest/doctest.h>

#include <cerrno>

#include "duet/policy/fork_door.hpp"

namespace duet::policy {
namespace {

using namespace std::chrono_literals;

std::error_code fork_door_error(int value) { return {value, std::system_category()}; }

TEST_CASE("fork_door: it is open below the cap and opens when a child leaves") {
  const fork_door::time_point now{};
  fork_door door(2);
  CHECK(door.open(now));
  door.entered();
  CHECK(door.open(now));
  door.entered();
  CHECK_FALSE(door.open(now));
  CHECK_FALSE(door.opens_in(now));  // no time opens it
  CHECK(door.active() == 2);
  door.left();
  CHECK(door.open(now));
}

TEST_CASE("fork_door: a cap of none is one") {
  fork_door door(0);
  CHECK(door.open({}));
  door.entered();
  CHECK_FALSE(door.open({}));
}

TEST_CASE("fork_door: without processes it closes for longer and longer and once is told") {
  fork_door::time_point now{};
  fork_door door(9);
  CHECK(door.fork_failed(now));
  CHECK_FALSE(door.open(now));
  CHECK(door.opens_in(now) == 50ms);
  CHECK(door.opens_in(now + 20ms) == 30ms);
  now += 50ms;
  CHECK(door.open(now));
  CHECK_FALSE(door.opens_in(now));
  CHECK_FALSE(door.fork_failed(now));
  CHECK(door.opens_in(now) == 100ms);
  for (int each = 0; each < 9; ++each) door.fork_failed(now);
  CHECK(door.opens_in(now) == 1000ms);
  now += 1000ms;
  door.entered();
  CHECK(door.fork_failed(now));  // a new episode
  CHECK(door.opens_in(now) == 50ms);
}

TEST_CASE("fork_door: a child's end is the end of a pause") {
  const fork_door::time_point now{};
  fork_door door(9);
  door.entered();
  door.fork_failed(now);
  CHECK_FALSE(door.open(now));
  door.left();
  CHECK(door.open(now));
}

TEST_CASE("fork_door: errors of accept are judged as everywhere") {
  const fork_door::time_point now{};
  fork_door door(9);
  CHECK(door.accept_failed(fork_door_error(EAGAIN), now).action == accept_action::wait);
  CHECK(door.accept_failed(fork_door_error(ECONNABORTED), now).action == accept_action::retry);
  CHECK(door.open(now));
  CHECK(door.accept_failed(fork_door_error(EBADF), now).action == accept_action::fatal);
  CHECK(door.open(now));
  const auto verdict = door.accept_failed(fork_door_error(EMFILE), now);
  CHECK(verdict.action == accept_action::pause);
  CHECK(verdict.first);
  CHECK(door.opens_in(now) == 50ms);
}

}  // namespace
}  // namespace duet::policy

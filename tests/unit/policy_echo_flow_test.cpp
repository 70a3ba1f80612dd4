// SPDX-License-Identifier: MIT
// echo_flow: every step of an echoing connection, without one.
#include <doctest/doctest.h>

#include <optional>
#include <ostream>
#include <system_error>

#include "duet/error.hpp"
#include "duet/policy/echo_flow.hpp"

namespace duet::policy {
namespace {

using action = echo_flow::action;
constexpr auto would_block = std::nullopt;
const std::error_code ok;
const std::error_code reset = std::make_error_code(std::errc::connection_reset);
const std::error_code end = error::end_of_stream;

/// A flow that has read `size` bytes and is about to write them.
echo_flow with_bytes(std::size_t size) {
  echo_flow flow;
  flow.ready(ok);
  flow.read(size, ok);
  return flow;
}

TEST_CASE("echo_flow: waits then reads then writes then waits again") {
  echo_flow flow;
  CHECK(flow.next() == action::wait_readable);
  flow.ready(ok);
  CHECK(flow.next() == action::read);
  flow.read(10, ok);
  CHECK(flow.next() == action::write);
  CHECK(flow.unsent() == 10);
  flow.wrote(10, ok);
  CHECK(flow.next() == action::wait_readable);
}

TEST_CASE("echo_flow: a wait in vain waits again") {
  echo_flow flow;
  flow.ready(ok);
  flow.read(would_block, ok);
  CHECK(flow.next() == action::wait_readable);
}

TEST_CASE("echo_flow: a short write waits for room and goes on where it stopped") {
  echo_flow flow = with_bytes(10);
  flow.wrote(4, ok);
  CHECK(flow.next() == action::wait_writable);
  CHECK(flow.sent() == 4);
  CHECK(flow.unsent() == 6);
  flow.ready(ok);
  CHECK(flow.next() == action::write);
  flow.wrote(would_block, ok);
  CHECK(flow.next() == action::wait_writable);
  flow.ready(ok);
  flow.wrote(6, ok);
  CHECK(flow.next() == action::wait_readable);
}

TEST_CASE("echo_flow: the peer's end is answered with an end and a close") {
  echo_flow flow;
  flow.ready(ok);
  flow.read(0, end);
  CHECK(flow.next() == action::end);
  flow.ended(ok);
  CHECK(flow.next() == action::close);
  CHECK_FALSE(flow.failure());
}

TEST_CASE("echo_flow: an error of any step closes and is kept") {
  SUBCASE("reading") {
    echo_flow flow;
    flow.ready(ok);
    flow.read(0, reset);
    CHECK(flow.next() == action::close);
    CHECK(flow.failure() == reset);
  }
  SUBCASE("writing") {
    echo_flow flow = with_bytes(10);
    flow.wrote(0, reset);
    CHECK(flow.next() == action::close);
    CHECK(flow.failure() == reset);
  }
  SUBCASE("waiting") {
    echo_flow flow;
    flow.ready(reset);
    CHECK(flow.next() == action::close);
    CHECK(flow.failure() == reset);
  }
  SUBCASE("ending") {
    echo_flow flow;
    flow.ready(ok);
    flow.read(0, end);
    flow.ended(reset);
    CHECK(flow.next() == action::close);
    CHECK(flow.failure() == reset);
  }
}

TEST_CASE("echo_flow: draining echoes what has arrived then ends and reads away the rest") {
  echo_flow flow;
  REQUIRE(flow.drain());
  CHECK(flow.next() == action::read);
  flow.read(10, ok);
  flow.wrote(10, ok);
  CHECK(flow.next() == action::yield);
  flow.ready(ok);
  flow.read(would_block, ok);
  CHECK(flow.next() == action::end);
  flow.ended(ok);
  CHECK(flow.next() == action::discard);
  flow.read(500, ok);
  CHECK(flow.next() == action::discard);
  flow.read(would_block, ok);
  CHECK(flow.next() == action::wait_end);
  flow.ready(ok);
  CHECK(flow.next() == action::discard);
  flow.read(0, end);
  CHECK(flow.next() == action::close);
  CHECK_FALSE(flow.failure());
}

TEST_CASE("echo_flow: draining leaves a write in progress its course") {
  echo_flow flow = with_bytes(10);
  flow.wrote(3, ok);
  CHECK_FALSE(flow.drain());
  CHECK(flow.next() == action::wait_writable);
  flow.ready(ok);
  flow.wrote(7, ok);
  CHECK(flow.next() == action::yield);
}

TEST_CASE("echo_flow: a reset after everything owed was handed over is no failure") {
  echo_flow flow;
  REQUIRE(flow.drain());
  flow.read(would_block, ok);
  flow.ended(ok);
  flow.read(0, reset);
  CHECK(flow.next() == action::close);
  CHECK_FALSE(flow.failure());
}

}  // namespace
}  // namespace duet::policy

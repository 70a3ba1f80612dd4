// SPDX-License-Identifier: MIT
// relay_flow: what each way of a relay does next, and which ends end it all.
#include <doctest/doctest.h>

#include <ostream>  // doctest prints error codes
#include <system_error>

#include "duet/error.hpp"
#include "duet/policy/relay_flow.hpp"

using duet::error;
using duet::policy::relay_flow;
using action = relay_flow::action;
using way = relay_flow::way;

namespace {

const std::error_code fine;
const std::error_code reset = std::make_error_code(std::errc::connection_reset);
const std::error_code broken = std::make_error_code(std::errc::broken_pipe);

/// Its source has ended and the end was passed on.
void end_of_way(relay_flow& flow, way of) {
  flow.ready(of, fine);
  flow.read(of, 0, error::end_of_stream);
  CHECK(flow.next(of) == action::end);
  flow.ended(of, fine);
  CHECK(flow.next(of) == action::done);
}

}  // namespace

TEST_CASE("relay: it is over when both ways have ended") {
  relay_flow flow;
  CHECK(flow.next(way::forth) == action::wait_source);
  end_of_way(flow, way::forth);
  CHECK_FALSE(flow.over());
  CHECK_FALSE(flow.is_in_vain(way::forth));
  CHECK(flow.next(way::back) == action::wait_source);
  flow.ready(way::back, fine);
  CHECK(flow.next(way::back) == action::read);
  flow.read(way::back, 10, fine);
  CHECK(flow.next(way::back) == action::write);
  flow.wrote(way::back, 4, fine);
  CHECK(flow.next(way::back) == action::wait_sink);
  flow.ready(way::back, fine);
  flow.wrote(way::back, 6, fine);
  end_of_way(flow, way::back);
  CHECK(flow.over());
  CHECK_FALSE(flow.failure());
}

TEST_CASE("relay: a stream that cannot be read ends both ways") {
  relay_flow flow;
  flow.ready(way::back, fine);
  flow.read(way::back, 0, reset);
  CHECK(flow.over());
  CHECK(flow.failure() == reset);
  CHECK(flow.next(way::forth) == action::done);
}

TEST_CASE("relay: a sink that takes no more ends its way and not the other one") {
  relay_flow flow;
  flow.ready(way::forth, fine);
  flow.read(way::forth, 10, fine);
  flow.wrote(way::forth, 0, broken);
  CHECK(flow.next(way::forth) == action::done);
  CHECK(flow.is_in_vain(way::forth));
  CHECK_FALSE(flow.over());
  end_of_way(flow, way::back);
  CHECK(flow.over());
  CHECK(flow.failure() == broken);
}

TEST_CASE("relay: the first error is the one that is told") {
  relay_flow flow;
  flow.ready(way::forth, fine);
  flow.read(way::forth, 10, fine);
  flow.wrote(way::forth, 0, broken);
  flow.ready(way::back, fine);
  flow.read(way::back, 0, reset);
  CHECK(flow.over());
  CHECK(flow.failure() == broken);
  flow.stop(reset);
  CHECK(flow.failure() == broken);
}

TEST_CASE("relay: a sink without a connection has its reason told if there is one") {
  relay_flow flow;
  const auto gone = std::make_error_code(std::errc::not_connected);
  flow.ready(way::forth, fine);
  flow.read(way::forth, 0, error::end_of_stream);
  flow.ended(way::forth, gone);
  CHECK_FALSE(flow.over());
  CHECK(flow.failure() == gone);
  SUBCASE("a reset") {
    flow.ready(way::back, fine);
    flow.read(way::back, 0, reset);
    CHECK(flow.failure() == reset);
  }
  SUBCASE("none") {
    end_of_way(flow, way::back);
    CHECK(flow.failure() == gone);
  }
  SUBCASE("of another failure it is not") {
    relay_flow other;
    other.ready(way::back, fine);
    other.read(way::back, 4, fine);
    other.wrote(way::back, 0, broken);
    other.ready(way::forth, fine);
    other.read(way::forth, 0, error::end_of_stream);
    other.ended(way::forth, gone);
    CHECK(other.failure() == broken);
  }
}

TEST_CASE("relay: a wait that was cancelled ends it") {
  relay_flow flow;
  const auto canceled = std::make_error_code(std::errc::operation_canceled);
  flow.ready(way::back, canceled);
  CHECK(flow.over());
  CHECK(flow.failure() == canceled);
}

// SPDX-License-Identifier: MIT
// A relay whose splice(2) is refused, cut short or interrupted, and one without descriptors for pipes: the bytes arrive all the same.
#include <cerrno>

#include "duet/error.hpp"
#include "duet/relay_options.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// Sends `total` bytes through a relay and compares what comes out. How many of them were spliced.
template <class Row>
std::uint64_t relay_much(fixture_of<Row>& f, os::call which, const os::fault& what) {
  constexpr std::size_t relayed_bytes = 1 << 20;
  auto one = f.connected_pair();
  auto other = f.connected_pair();
  const byte_vector bytes = some_bytes(relayed_bytes);
  const planned fault(which, what);
  relay_result moved;
  bool done = false;
  Row::backend::async_relay(one.first, other.first, {},
                            f.once("relay", [&](std::error_code ec, relay_result result) {
                              CHECK_FALSE(ec);
                              moved = result;
                              done = true;
                            }));
  one.second.async_write(bytes, f.once("write", [&](std::error_code ec, std::size_t) {
    CHECK_FALSE(ec);
    one.second.shutdown(shutdown_type::send);
  }));
  byte_vector got(relayed_bytes + 1);
  std::size_t have = 0;
  std::error_code end;
  while (!end) {
    result read;
    other.second.async_read_some(std::span(got).subspan(have), f.into(read, "read"));
    f.run_until([&] { return read.done; });
    have += read.size;
    end = read.ec;
  }
  CHECK(end == condition::end_of_stream);
  got.resize(have);
  CHECK(got == bytes);
  other.second.shutdown(shutdown_type::send);
  f.run_until([&] { return done; });
  CHECK(moved.first_to_second == relayed_bytes);
  CHECK(fault.calls() > 0);
  return moved.spliced;
}

}  // namespace

TEST_CASE_TEMPLATE("relay faults: what splice refuses goes through memory", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  for (const int error : {EINVAL, ENOSYS, EPERM}) {
    CAPTURE(error);
    // The first fills the pipe, the second empties it; the third and the fourth do so again.
    CHECK(relay_much<Row>(f, os::call::splice, nth(1, error)) == 0);
    CHECK(relay_much<Row>(f, os::call::splice, nth(2, error)) == 0);
    CHECK(relay_much<Row>(f, os::call::splice, nth(4, error)) > 0);
  }
}

TEST_CASE_TEMPLATE("relay faults: without descriptors for a pipe memory does", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  CHECK(relay_much<Row>(f, os::call::pipe2, first(2, EMFILE)) == 0);
}

TEST_CASE_TEMPLATE("relay faults: a splice that is short or interrupted", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  CHECK(relay_much<Row>(f, os::call::splice, {1, 100, 0, 1000}) > 0);
  CHECK(relay_much<Row>(f, os::call::splice, first(3, EINTR)) > 0);
  CHECK(relay_much<Row>(f, os::call::pthread_sigmask, first(1, EINVAL)) > 0);
}

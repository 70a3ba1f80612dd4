// SPDX-License-Identifier: MIT
// The small policies: pump, echo_check, buffer_pool, read_ahead.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <system_error>
#include <vector>

#include "duet/error.hpp"
#include "duet/policy/buffer_pool.hpp"
#include "duet/policy/echo_check.hpp"
#include "duet/policy/pump.hpp"
#include "duet/policy/read_ahead.hpp"

namespace duet::policy {
namespace {

const std::error_code ok;
const std::error_code reset = std::make_error_code(std::errc::connection_reset);

std::vector<std::byte> counting(std::size_t size, std::size_t from = 0) {
  std::vector<std::byte> bytes(size);
  for (std::size_t each = 0; each < size; ++each)
    bytes[each] = static_cast<std::byte>((from + each) % 251);
  return bytes;
}

TEST_CASE("pump: goes from source to sink until the source ends") {
  pump flow;
  CHECK(flow.next() == pump::action::wait_source);
  flow.ready(ok);
  CHECK(flow.next() == pump::action::read);
  flow.read(5, ok);
  CHECK(flow.next() == pump::action::write);
  flow.wrote(2, ok);
  CHECK(flow.next() == pump::action::wait_sink);
  CHECK(flow.sent() == 2);
  CHECK(flow.unsent() == 3);
  flow.ready(ok);
  flow.wrote(3, ok);
  CHECK(flow.next() == pump::action::wait_source);
  flow.ready(ok);
  flow.read(std::nullopt, ok);
  CHECK(flow.next() == pump::action::wait_source);
  flow.ready(ok);
  flow.read(0, error::end_of_stream);
  CHECK(flow.next() == pump::action::end);
  flow.ended(ok);
  CHECK(flow.next() == pump::action::done);
  CHECK_FALSE(flow.failure());
}

TEST_CASE("pump: an error of either side is the end and kept") {
  pump reading;
  reading.ready(ok);
  reading.read(0, reset);
  CHECK(reading.next() == pump::action::done);
  CHECK(reading.failure() == reset);
  pump writing;
  writing.ready(ok);
  writing.read(1, ok);
  writing.wrote(0, reset);
  CHECK(writing.next() == pump::action::done);
  CHECK(writing.failure() == reset);
}

TEST_CASE("common_prefix: up to the first difference or the end of the shorter one") {
  const auto whole = counting(20);
  CHECK(policy::common_prefix({}, {}) == 0);
  CHECK(policy::common_prefix(whole, {}) == 0);
  CHECK(policy::common_prefix({}, whole) == 0);
  CHECK(policy::common_prefix(whole, whole) == 20);
  CHECK(policy::common_prefix(whole, counting(9)) == 9);
  CHECK(policy::common_prefix(counting(9), whole) == 9);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto other = whole;
    other[at] ^= std::byte{1};
    CHECK(policy::common_prefix(whole, other) == at);
    CHECK(policy::common_prefix(std::span(whole).first(at), other) == at);
  }
}

TEST_CASE("echo_check: what comes back in any pieces is compared across the ring's end") {
  echo_check check(16);
  std::size_t sent = 0;
  std::size_t back = 0;
  for (const std::size_t size : {7U, 9U, 3U, 16U, 1U, 12U}) {
    while (check.room() < size) {
      const auto piece = counting(1, back++);
      REQUIRE(check.returned(piece));
    }
    check.sent(counting(size, sent));
    sent += size;
  }
  REQUIRE(check.returned(counting(sent - back, back)));
  CHECK(check.room() == 16);
  CHECK_FALSE(check.mismatch());
}

TEST_CASE("echo_check: the first wrong byte is named and the window goes on") {
  echo_check check(100);
  check.sent(counting(50));
  auto echo = counting(50);
  echo[37] = static_cast<std::byte>(255);
  CHECK(check.returned(std::span(echo).first(30)));
  CHECK_FALSE(check.returned(std::span(echo).subspan(30)));
  CHECK(check.mismatch() == 37);
  CHECK(check.room() == 100);
}

TEST_CASE("echo_check: bytes that were never sent are a mismatch where they begin") {
  echo_check check(100);
  check.sent(counting(10));
  CHECK_FALSE(check.returned(counting(11)));
  CHECK(check.mismatch() == 10);
}

TEST_CASE("echo_check: without a window nothing is compared and nothing is bounded") {
  echo_check check(0);
  CHECK(check.room() > 1'000'000'000);
  CHECK(check.returned(counting(5)));
}

TEST_CASE("buffer_pool: what comes back is lent again") {
  buffer_pool pool(100);
  auto first = pool.lend();
  const std::byte* const place = first.get();
  CHECK(pool.lent() == 1);
  pool.give_back(first);
  CHECK(first == nullptr);
  CHECK(pool.lent() == 0);
  pool.give_back(first);  // none: nothing happens
  CHECK(pool.lent() == 0);
  // Were it freed, this would most likely take its place.
  const auto other = std::make_unique_for_overwrite<std::byte[]>(100);
  auto again = pool.lend();
  CHECK(again.get() == place);
  pool.give_back(again);
}

TEST_CASE("buffer_pool: a burst is lent in full and not kept for ever") {
  buffer_pool pool(1);
  std::vector<buffer_pool::buffer> burst;
  for (std::size_t each = 0; each < 3 * buffer_pool::kept; ++each) burst.push_back(pool.lend());
  CHECK(pool.lent() == 3 * buffer_pool::kept);
  for (auto& each : burst) pool.give_back(each);
  CHECK(pool.lent() == 0);
}

TEST_CASE("read_ahead: looks as long as it finds") {
  read_ahead ahead;
  for (int each = 0; each < 100; ++each) {
    CHECK(ahead.look());
    ahead.found(true);
  }
}

TEST_CASE("read_ahead: rests longer after each look in vain to a bound") {
  read_ahead ahead;
  for (const int rest : {1, 2, 4, 8, 16, 16}) {
    CAPTURE(rest);
    REQUIRE(ahead.look());
    ahead.found(false);
    for (int each = 0; each < rest; ++each) CHECK_FALSE(ahead.look());
  }
}

TEST_CASE("read_ahead: one look that finds ends the rests") {
  read_ahead ahead;
  REQUIRE(ahead.look());
  ahead.found(false);
  CHECK_FALSE(ahead.look());
  ahead.found(true);  // of a wait, not of a look: it says nothing
  REQUIRE(ahead.look());
  ahead.found(true);
  CHECK(ahead.look());
}

}  // namespace
}  // namespace duet::policy

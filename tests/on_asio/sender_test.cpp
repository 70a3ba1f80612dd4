// SPDX-License-Identifier: MIT
// sender on Asio: who waits for room and is cancelled by a slot of its own is passed over, and what it had to send is not sent.
#include "duet/on_asio/sender.hpp"

#include <doctest/doctest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <optional>
#include <vector>

#include "duet/error.hpp"
#include "world.hpp"

using namespace duet;
using namespace duet::test;

TEST_CASE("sender: a message whose sender gave up waiting is not sent") {
  world w;
  auto [near, far] = w.pair();
  sender_options options;
  options.max_messages = 1;
  on_asio::sender out(near, options);
  const std::size_t much = 4 << 20;
  REQUIRE(out.try_send(byte_vector(much, std::byte{'f'})) == send_verdict::queued);
  asio::cancellation_signal give_up;
  std::optional<std::error_code> first, second;
  out.async_send(
      byte_vector(1, std::byte{'a'}),
      asio::bind_cancellation_slot(give_up.slot(), [&](std::error_code ec) { first = ec; }));
  out.async_send(byte_vector(1, std::byte{'b'}), [&](std::error_code ec) { second = ec; });
  give_up.emit(asio::cancellation_type::terminal);
  w.until([&] { return first.has_value(); });
  CHECK(*first == condition::operation_canceled);
  CHECK_FALSE(second);
  byte_vector all(much + 2);
  std::size_t have = 0;
  w.until([&] {
    std::error_code ec;
    have += far.try_read_some(std::span(all).subspan(have), ec).value_or(0);
    return have == much + 1;
  });
  CHECK(all[much] == std::byte{'b'});
  w.until([&] { return second.has_value(); });
  CHECK_FALSE(*second);
  CHECK(out.counters().queued == 2);
}

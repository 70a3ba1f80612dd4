// SPDX-License-Identifier: MIT
// send_queue: its rules one by one, and random operations against the plainest model of it.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "duet/policy/send_queue.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::policy;
using verdict = send_verdict;

namespace {

send_queue::message bytes(std::size_t size, unsigned value) {
  return send_queue::message(size, static_cast<std::byte>(value));
}

/// As a socket that takes at most so many bytes: what it took.
std::vector<std::byte> write(send_queue& from, std::size_t most, bool* came_down = nullptr) {
  std::array<std::span<const std::byte>, 8> pieces;
  const std::size_t count = from.gather(pieces);
  std::vector<std::byte> taken;
  for (std::size_t each = 0; each < count; ++each) {
    for (const std::byte value : pieces[each])
      if (taken.size() < most) taken.push_back(value);
  }
  const bool down = from.wrote(taken.size());
  if (came_down != nullptr) *came_down = down;
  return taken;
}

}  // namespace

TEST_CASE("send_queue: neighbours go in one call and in order") {
  send_queue queue;
  for (unsigned each = 1; each <= 3; ++each) CHECK(queue.push(bytes(2, each)) == verdict::queued);
  std::array<std::span<const std::byte>, 8> pieces;
  CHECK(queue.gather(pieces) == 3);
  CHECK(queue.bytes() == 6);
  queue.wrote(3);
  CHECK(queue.messages() == 2);
  CHECK(queue.gather(pieces) == 2);
  CHECK(pieces[0].size() == 1);
  CHECK(pieces[0][0] == std::byte{2});
  CHECK(queue.gather(std::span(pieces).first(1)) == 1);
  queue.wrote(3);
  CHECK(queue.empty());
  CHECK(queue.gather(pieces) == 0);
  CHECK(queue.counters() == sender_counters{3, 3, 0, 0, 6});
}

TEST_CASE("send_queue: what is full leaves the message alone") {
  for (const auto& [rule, told, refused] :
       {std::tuple(overflow_rule::wait, verdict::wait, 0U),
        std::tuple(overflow_rule::refuse, verdict::refused, 1U),
        std::tuple(overflow_rule::close, verdict::closed, 1U)}) {
    send_queue queue({.max_bytes = 10,
                      .max_messages = 4,
                      .high_watermark = 8,
                      .low_watermark = 2,
                      .overflow = rule});
    CHECK(queue.push(bytes(6, 1)) == verdict::queued);
    auto second = bytes(5, 2);
    CHECK_FALSE(queue.fits(5));
    CHECK(queue.push(std::move(second)) == told);
    CHECK(second.size() == 5);
    CHECK(queue.counters().refused == refused);
    CHECK(queue.push(bytes(4, 3)) == verdict::queued);
  }
}

TEST_CASE("send_queue: messages are bounded in number too") {
  send_queue queue({.max_bytes = 100,
                    .max_messages = 2,
                    .high_watermark = 100,
                    .low_watermark = 0,
                    .overflow = overflow_rule::refuse});
  CHECK(queue.push(bytes(1, 1)) == verdict::queued);
  CHECK(queue.push(bytes(1, 2)) == verdict::queued);
  CHECK(queue.push(bytes(1, 3)) == verdict::refused);
}

TEST_CASE("send_queue: one that is longer than the limit goes alone") {
  send_queue queue({.max_bytes = 10,
                    .max_messages = 4,
                    .high_watermark = 8,
                    .low_watermark = 2,
                    .overflow = overflow_rule::refuse});
  CHECK(queue.push(bytes(1, 1)) == verdict::queued);
  CHECK(queue.push(bytes(50, 2)) == verdict::refused);
  write(queue, 1);
  CHECK(queue.push(bytes(50, 2)) == verdict::queued);
  CHECK(queue.push(bytes(1, 3)) == verdict::refused);
}

TEST_CASE("send_queue: an empty message is sent when it is taken") {
  send_queue queue;
  CHECK(queue.push({}) == verdict::queued);
  CHECK(queue.empty());
  CHECK(queue.counters().sent == 1);
}

TEST_CASE("send_queue: dropping spares what was begun and drops nothing in vain") {
  send_queue queue({.max_bytes = 10,
                    .max_messages = 4,
                    .high_watermark = 10,
                    .low_watermark = 0,
                    .overflow = overflow_rule::drop_oldest});
  for (unsigned each = 1; each <= 3; ++each) CHECK(queue.push(bytes(3, each)) == verdict::queued);
  write(queue, 1);
  CHECK(queue.push(bytes(5, 4)) ==
        verdict::queued);  // 2 of the first, and it: the second goes, the third too
  CHECK(queue.counters().dropped == 1);
  CHECK(write(queue, 100) == std::vector<std::byte>{std::byte{1}, std::byte{1}, std::byte{3},
                                                    std::byte{3}, std::byte{3}, std::byte{4},
                                                    std::byte{4}, std::byte{4}, std::byte{4},
                                                    std::byte{4}});
  CHECK(queue.push(bytes(6, 5)) == verdict::queued);
  write(queue, 1);
  CHECK(queue.push(bytes(4, 6)) == verdict::queued);
  CHECK(queue.push(bytes(6, 7)) == verdict::refused);
  CHECK(queue.messages() == 2);
}

TEST_CASE("send_queue: the watermarks have a gap between them") {
  send_queue queue({.max_bytes = 100,
                    .max_messages = 100,
                    .high_watermark = 10,
                    .low_watermark = 4,
                    .overflow = overflow_rule::wait});
  CHECK(queue.push(bytes(10, 1)) == verdict::queued);
  CHECK_FALSE(queue.above_high_watermark());
  CHECK(queue.push(bytes(1, 2)) == verdict::queued);
  CHECK(queue.above_high_watermark());
  bool down = false;
  write(queue, 6, &down);
  CHECK_FALSE(down);
  CHECK(queue.above_high_watermark());
  write(queue, 1, &down);
  CHECK(down);
  CHECK_FALSE(queue.above_high_watermark());
  write(queue, 1, &down);
  CHECK_FALSE(down);
}

TEST_CASE("send_queue: clearing counts what is lost") {
  send_queue queue;
  for (unsigned each = 1; each <= 3; ++each) CHECK(queue.push(bytes(3, each)) == verdict::queued);
  write(queue, 4);
  CHECK(queue.clear() == 2);
  CHECK(queue.empty());
  CHECK(queue.bytes() == 0);
  CHECK(queue.counters().dropped == 2);
}

TEST_CASE("send_queue: random operations against a model") {
  for (const overflow_rule rule : {overflow_rule::wait, overflow_rule::refuse,
                                   overflow_rule::drop_oldest, overflow_rule::close}) {
    std::mt19937_64 random(static_cast<std::uint64_t>(rule) + 7);
    const sender_options limits{.max_bytes = 64,
                                .max_messages = 6,
                                .high_watermark = 40,
                                .low_watermark = 10,
                                .overflow = rule};
    send_queue queue(limits);
    std::deque<std::vector<std::byte>> model;  // the first may be cut in front
    bool begun = false;
    std::uint64_t taken = 0;
    std::uint64_t dropped = 0;
    std::uint64_t bytes_written = 0;
    const auto size_of_all = [&] {
      std::size_t sum = 0;
      for (const auto& each : model) sum += each.size();
      return sum;
    };
    const auto fits = [&](std::size_t size) {
      return model.empty() ||
             (model.size() < limits.max_messages && size_of_all() + size <= limits.max_bytes);
    };
    for (int step = 0; step < 50'000 / duet::test::one_round_in; ++step) {
      if (random() % 2 == 0) {
        const std::size_t size = random() % 40;
        auto message = bytes(size, static_cast<unsigned>(step % 251));
        const auto copy = message;
        if (rule == overflow_rule::drop_oldest && !fits(size)) {
          auto left = model;
          std::uint64_t gone = 0;
          std::swap(left, model);
          model = left;
          while (!fits(size) && model.size() > (begun ? 1U : 0U)) {
            model.erase(model.begin() + (begun ? 1 : 0));
            ++gone;
          }
          if (fits(size)) dropped += gone;
          if (!fits(size)) model = left;
        }
        const bool room = fits(size);
        const bool was_taken = queue.push(std::move(message)) == verdict::queued;
        REQUIRE(was_taken == room);
        if (room) ++taken;
        if (room && size > 0) model.push_back(copy);
      } else {
        const auto written = write(queue, random() % 50);
        bytes_written += written.size();
        for (const std::byte value : written) {
          REQUIRE(model.front().front() == value);
          model.front().erase(model.front().begin());
          begun = !model.front().empty();
          if (!begun) model.pop_front();
        }
      }
      REQUIRE(queue.messages() == model.size());
      REQUIRE(queue.bytes() == size_of_all());
    }
    CHECK(queue.counters().queued == taken);
    CHECK(queue.counters().dropped == dropped);
    CHECK(queue.counters().bytes_sent == bytes_written);
    if (rule == overflow_rule::drop_oldest) CHECK(dropped > 100);
  }
}

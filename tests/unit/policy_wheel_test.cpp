// SPDX-License-Identifier: MIT
// deadline_wheel, backoff and reconnect, on a clock that the tests turn by hand.
#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <system_error>
#include <vector>

#include "duet/policy/backoff.hpp"
#include "duet/policy/deadline_wheel.hpp"
#include "duet/policy/reconnect.hpp"

using namespace duet::policy;
using namespace std::chrono_literals;

namespace {

using time_point = deadline_wheel::time_point;
constexpr auto tick = 16ms;
const time_point begin{1h + 5ms};

struct timed : deadline_wheel::entry {
  std::optional<time_point> told;
};

/// As a column does: sleeps until next(), then advances. Stops at `end`.
struct driver {
  deadline_wheel wheel{begin, tick};
  time_point now = begin;
  std::size_t wakeups = 0;

  void run_until(time_point end) {
    while (const auto at = wheel.next()) {
      if (*at > end) break;
      now = std::max(now, *at);
      ++wakeups;
      wheel.advance(now, [&](deadline_wheel::entry& due) { static_cast<timed&>(due).told = now; });
    }
    now = end;
  }
};

}  // namespace

TEST_CASE("deadline_wheel: never early and at most one tick late") {
  for (const auto after :
       {1ns, 1'000'000ns, 15'999'999ns, 16'000'000ns, 16'000'001ns, 50'000'000ns, 8'175'999'999ns,
        8'176'000'000ns, 8'192'000'000ns, 8'200'000'000ns, 3'600'000'000'000ns}) {
    CAPTURE(after.count());
    driver d;
    timed one;
    CHECK(d.wheel.set(one, begin + after));
    d.run_until(begin + 2h);
    REQUIRE(one.told);
    CHECK(*one.told >= begin + after);
    CHECK(*one.told <= begin + after + tick);
    CHECK_FALSE(one.waits());
    CHECK_FALSE(d.wheel.next());
  }
}

TEST_CASE("deadline_wheel: what has passed is told at the next tick") {
  driver d;
  timed past;
  d.wheel.set(past, begin - 1s);
  CHECK(*d.wheel.next() == begin + tick);
  d.run_until(begin + tick);
  CHECK(past.told == begin + tick);
}

TEST_CASE("deadline_wheel: putting off asks for no timer and wakes once a turn at most") {
  driver d;
  timed one;
  CHECK(d.wheel.set(one, begin + 1s));
  for (int message = 1; message <= 10'000; ++message)
    CHECK_FALSE(d.wheel.set(one, begin + 1s + message * 1ms));
  d.run_until(begin + 30s);
  REQUIRE(one.told);
  CHECK(*one.told >= begin + 11s);
  CHECK(*one.told <= begin + 11s + tick);
  // At 1 s it is put on by a turn of 8.2 s, then to its place, and told there.
  CHECK(d.wakeups == 3);
}

TEST_CASE("deadline_wheel: an earlier deadline asks for an earlier timer") {
  driver d;
  timed late;
  timed early;
  CHECK(d.wheel.set(late, begin + 5s));
  CHECK(d.wheel.set(early, begin + 2s));
  CHECK(d.wheel.set(late, begin + 1s));
  CHECK_FALSE(d.wheel.set(early, begin + 1500ms));
  d.run_until(begin + 3s);
  CHECK(late.told < early.told);
}

TEST_CASE("deadline_wheel: cleared and destroyed entries are not told") {
  driver d;
  timed cleared;
  auto destroyed = std::make_unique<timed>();
  d.wheel.set(cleared, begin + 1s);
  d.wheel.set(*destroyed, begin + 1s);
  d.wheel.clear(cleared);
  destroyed.reset();
  d.run_until(begin + 10s);
  CHECK_FALSE(cleared.told);
}

TEST_CASE("deadline_wheel: what is told may set and clear and destroy any") {
  deadline_wheel wheel(begin, tick);
  std::list<timed> all(10);
  for (timed& each : all) wheel.set(each, begin + 1s);
  std::size_t told = 0;
  wheel.advance(begin + 2s, [&](deadline_wheel::entry& due) {
    ++told;
    if (told == 1) wheel.clear(all.back());
    if (told == 2) wheel.set(due, begin + 3s);
    if (told == 3) {
      const timed* const another = &*std::next(all.begin(), 5);
      all.remove_if([&](const timed& each) { return &each == &due || &each == another; });
    }
  });
  CHECK(told == 8);
  wheel.advance(begin + 4s, [&](deadline_wheel::entry&) { ++told; });
  CHECK(told == 9);
}

TEST_CASE("deadline_wheel: a jump of many turns tells all") {
  driver d;
  std::vector<std::unique_ptr<timed>> all;
  for (int each = 0; each < 2000; ++each) {
    all.push_back(std::make_unique<timed>());
    d.wheel.set(*all.back(), begin + each * 10ms);
  }
  std::size_t told = 0;
  d.wheel.advance(begin + 48h, [&](deadline_wheel::entry&) { ++told; });
  CHECK(told == all.size());
  CHECK_FALSE(d.wheel.next());
}

TEST_CASE("deadline_wheel: random renewals against a plain list") {
  std::mt19937_64 random(20);
  driver d;
  std::vector<std::unique_ptr<timed>> all;
  for (int each = 0; each < 50; ++each) all.push_back(std::make_unique<timed>());
  for (int step = 0; step < 20'000; ++step) {
    timed& one = *all[random() % all.size()];
    if (random() % 8 == 0) {
      d.wheel.clear(one);
    } else {
      one.told.reset();
      d.wheel.set(one, d.now + std::chrono::microseconds(random() % 20'000'000));
    }
    if (step % 4 != 0) continue;
    const time_point until = d.now + std::chrono::microseconds(random() % 400'000);
    d.run_until(until);
    for (const auto& each : all) {
      if (each->waits()) {
        REQUIRE(each->deadline() + tick > until);
      } else if (each->told) {
        REQUIRE(*each->told >= each->deadline());
        REQUIRE(*each->told <= each->deadline() + tick);
      }
    }
  }
}

TEST_CASE("backoff: grows within its limits and starts again") {
  backoff pauses({100ms, 5000ms});
  CHECK(pauses.next(0.0) == 100ms);
  CHECK(pauses.next(0.5) == 200ms);   // between 100 and 300
  CHECK(pauses.next(0.999) > 599ms);  // between 100 and 600
  std::chrono::nanoseconds longest{};
  for (int each = 0; each < 20; ++each) longest = pauses.next(0.999);
  CHECK(longest == 5000ms);
  CHECK(pauses.next(0.0) == 100ms);
  CHECK(pauses.next(0.9) > 100ms);
  pauses.reset();
  CHECK(pauses.next(0.999) == 100ms);
}

TEST_CASE("deadline_wheel: its owner's timer is set when it is not set early enough") {
  deadline_wheel wheel(begin, 10ms);
  CHECK_FALSE(wheel.arm());
  deadline_wheel::entry late;
  wheel.set(late, begin + 500ms);
  CHECK(wheel.arm() == begin + 500ms);
  CHECK_FALSE(wheel.arm());
  deadline_wheel::entry early;
  wheel.set(early, begin + 100ms);
  CHECK(wheel.arm() == begin + 100ms);
  CHECK(wheel.rang(begin + 103ms) == 3ms);
  CHECK(wheel.rang(begin + 200ms) == 0ms);
  CHECK(wheel.arm() == begin + 100ms);
  wheel.disarm();
  CHECK(wheel.arm() == begin + 100ms);
}

TEST_CASE("deadline_wheel: what throws while it is told leaves the others in the wheel") {
  deadline_wheel wheel(begin, 10ms);
  std::vector<deadline_wheel::entry> all(3);
  for (auto& each : all) wheel.set(each, begin + 50ms);
  int told = 0;
  const auto due = [&told](deadline_wheel::entry&) {
    if (++told == 1) throw std::bad_alloc();
  };
  CHECK_THROWS_AS(wheel.advance(begin + 60ms, due), std::bad_alloc);
  CHECK(told == 1);
  REQUIRE(wheel.next());
  wheel.advance(*wheel.next(), due);
  CHECK(told == 3);
}

TEST_CASE("reconnect: pauses grow until a connection has lasted") {
  duet::reconnect_options options;
  options.pauses = {100ms, 1000ms};
  options.stable_after = 5s;
  reconnect policy(options);
  const std::error_code refused = std::make_error_code(std::errc::connection_refused);
  using state = duet::reconnect_state;
  CHECK(policy.attempt().state == state::connecting);
  auto change = policy.lost(refused, begin, 0.999);
  CHECK(change.state == state::waiting);
  CHECK(change.error == refused);
  CHECK(change.pause == 100ms);
  CHECK(policy.attempt().attempt == 2);
  CHECK(policy.lost(refused, begin, 0.999).pause > 290ms);
  // A connection that is lost at once was none.
  policy.attempt();
  policy.connected(begin);
  change = policy.lost(refused, begin + 4s, 0.999);
  CHECK(change.attempt == 3);
  CHECK(change.pause > 800ms);
  policy.attempt();
  policy.connected(begin);
  change = policy.lost(refused, begin + 5s, 0.999);
  CHECK(change.attempt == 0);
  CHECK(change.pause == 100ms);
  CHECK(policy.attempt().attempt == 1);
  CHECK(policy.stop().state == state::stopped);
}

TEST_CASE("reconnect: it gives up after so many attempts in a row") {
  duet::reconnect_options options;
  options.max_attempts = 2;
  options.stable_after = 1s;
  reconnect policy(options);
  using state = duet::reconnect_state;
  policy.attempt();
  CHECK(policy.lost({}, begin, 0).state == state::waiting);
  policy.attempt();
  policy.connected(begin);
  CHECK(policy.lost({}, begin + 2s, 0).state == state::waiting);
  policy.attempt();
  CHECK(policy.lost({}, begin, 0).state == state::waiting);
  policy.attempt();
  CHECK(policy.lost({}, begin, 0).state == state::given_up);
  CHECK(policy.state() == state::given_up);
}

// SPDX-License-Identifier: MIT
// connect_race: the order and the times of RFC 8305, on a clock that the tests turn by hand.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include "duet/error.hpp"
#include "duet/policy/connect_race.hpp"

using namespace duet;
using namespace duet::policy;
using namespace std::chrono_literals;
using action = connect_race::action;
using family = connect_race::family;

namespace {

const connect_race::time_point begin{1h};

std::vector<endpoint> v6(int count) {
  std::vector<endpoint> all;
  for (int each = 1; each <= count; ++each)
    all.push_back(endpoint::parse("tcp://[2001:db8::" + std::to_string(each) + "]:80"));
  return all;
}
std::vector<endpoint> v4(int count) {
  std::vector<endpoint> all;
  for (int each = 1; each <= count; ++each)
    all.push_back(endpoint::parse("tcp://192.0.2." + std::to_string(each) + ":80"));
  return all;
}
std::error_code code(std::errc of) { return std::make_error_code(of); }

/// The addresses in the order of their attempts, with the time of each, if all are silent: "6@0 4@250 ...".
std::string silent_run(connect_race& race, connect_race::time_point now, int steps) {
  std::string told;
  for (int each = 0; each < steps; ++each) {
    const auto step = race.next(now);
    if (step.what == action::start) {
      const endpoint& to = race.attempts()[step.which].to;
      const bool six = to.to_string().find('[') != std::string::npos;
      if (!told.empty()) told += ' ';
      told += (six ? "6@" : "4@") +
              std::to_string(
                  std::chrono::duration_cast<std::chrono::milliseconds>(now - begin).count());
    } else if (step.what == action::wait && step.at) {
      now = *step.at;
    } else {
      break;
    }
  }
  return told;
}

}  // namespace

TEST_CASE("connect_race: families take turns with IPv6 first and 250 ms between attempts") {
  connect_race race;
  race.resolved(family::ipv6, v6(2), {}, begin);
  race.resolved(family::ipv4, v4(3), {}, begin);
  CHECK(silent_run(race, begin, 20) == "6@0 4@250 6@500 4@750 4@1000");
}

TEST_CASE("connect_race: IPv6 alone starts at once and IPv4 joins later") {
  connect_race race;
  race.resolved(family::ipv6, v6(1), {}, begin);
  CHECK(race.next(begin).what == action::start);
  const auto waiting = race.next(begin);
  CHECK(waiting.what == action::wait);
  CHECK_FALSE(waiting.at);  // nobody to try
  race.resolved(family::ipv4, v4(1), {}, begin + 30ms);
  CHECK(race.next(begin + 30ms).at == begin + 250ms);
  CHECK(race.next(begin + 250ms).what == action::start);
}

TEST_CASE("connect_race: IPv4 waits 50 ms for an answer about IPv6") {
  SUBCASE("which never comes") {
    connect_race race;
    race.resolved(family::ipv4, v4(1), {}, begin);
    CHECK(silent_run(race, begin, 4) == "4@50");
  }
  SUBCASE("which comes in time") {
    connect_race race;
    race.resolved(family::ipv4, v4(1), {}, begin);
    CHECK(race.next(begin).what == action::wait);
    race.resolved(family::ipv6, v6(1), {}, begin + 20ms);
    CHECK(silent_run(race, begin + 20ms, 6) == "6@20 4@270");
  }
  SUBCASE("which is an error") {
    connect_race race;
    race.resolved(family::ipv4, v4(1), {}, begin);
    race.resolved(family::ipv6, {}, error::name_no_data, begin + 10ms);
    CHECK(silent_run(race, begin + 10ms, 3) == "4@10");
  }
  SUBCASE("which comes after the first attempt and then has its turn") {
    connect_race race;
    race.resolved(family::ipv4, v4(2), {}, begin);
    CHECK(silent_run(race, begin, 2) == "4@50");
    race.resolved(family::ipv6, v6(1), {}, begin + 100ms);
    CHECK(silent_run(race, begin + 100ms, 10) == "6@300 4@550");
  }
}

TEST_CASE("connect_race: a failure brings the next attempt at once") {
  connect_race race;
  race.resolved(family::ipv6, v6(1), {}, begin);
  race.resolved(family::ipv4, v4(1), {}, begin);
  CHECK(race.next(begin).which == 0);
  race.lost(0, code(std::errc::network_unreachable), begin + 1ms);
  const auto next = race.next(begin + 1ms);
  CHECK(next.what == action::start);
  CHECK(next.which == 1);
  race.connected(1, begin + 2ms);
  CHECK(race.next(begin + 2ms).what == action::won);
  CHECK(race.next(begin + 2ms).which == 1);
  CHECK(race.attempts()[0].error == std::errc::network_unreachable);
  CHECK_FALSE(race.attempts()[1].error);
}

TEST_CASE("connect_race: the winner ends the others") {
  connect_race race;
  race.resolved(family::ipv6, v6(1), {}, begin);
  race.resolved(family::ipv4, v4(2), {}, begin);
  CHECK(race.next(begin).what == action::start);
  CHECK(race.next(begin + 250ms).what == action::start);
  race.connected(1, begin + 260ms);
  CHECK(race.attempts()[0].error == std::errc::operation_canceled);
  CHECK(race.attempts()[0].ended == begin + 260ms);
  CHECK(race.attempts().size() == 2);
}

TEST_CASE("connect_race: all refused tells the last one's error") {
  connect_race race;
  race.resolved(family::ipv6, v6(1), {}, begin);
  race.resolved(family::ipv4, v4(1), {}, begin);
  CHECK(race.next(begin).what == action::start);
  race.lost(0, code(std::errc::network_unreachable), begin);
  CHECK(race.next(begin).what == action::start);
  CHECK(race.next(begin).what == action::wait);
  race.lost(1, code(std::errc::connection_refused), begin);
  CHECK(race.next(begin).what == action::failed);
  CHECK(race.error() == std::errc::connection_refused);
}

TEST_CASE("connect_race: no hope while a lookup is out") {
  connect_race race;
  race.resolved(family::ipv6, v6(1), {}, begin);
  CHECK(race.next(begin).what == action::start);
  race.lost(0, code(std::errc::connection_refused), begin);
  CHECK(race.next(begin).what == action::wait);
  race.resolved(family::ipv4, {}, error::name_try_again, begin + 1s);
  CHECK(race.next(begin + 1s).what == action::failed);
  CHECK(race.error() == std::errc::connection_refused);
}

TEST_CASE("connect_race: no address tells why and first what may help another time") {
  for (const auto& [six, four, told] :
       {std::tuple(error::name_no_data, error::name_try_again, error::name_try_again),
        std::tuple(error::name_not_found, error::name_not_found, error::name_not_found),
        std::tuple(error::name_no_data, error::name_not_found, error::name_no_data)}) {
    connect_race race;
    race.resolved(family::ipv6, {}, six, begin);
    race.resolved(family::ipv4, {}, four, begin);
    CHECK(race.next(begin).what == action::failed);
    CHECK(race.error() == std::error_code(told));
  }
  connect_race nothing;
  nothing.resolved(family::ipv6, {}, {}, begin);
  nothing.resolved(family::ipv4, {}, {}, begin);
  CHECK(nothing.next(begin).what == action::failed);
  CHECK(nothing.error() == condition::name_no_data);
}

TEST_CASE("connect_race: an attempt has its own deadline") {
  connect_race race({50ms, 250ms, 1000ms});
  race.resolved(family::ipv6, v6(1), {}, begin);
  race.resolved(family::ipv4, {}, {}, begin);
  CHECK(race.next(begin).what == action::start);
  CHECK(race.next(begin).at == begin + 1s);
  const auto over = race.next(begin + 1s);
  CHECK(over.what == action::give_up);
  CHECK(over.which == 0);
  race.lost(0, error::timed_out, begin + 1s);
  CHECK(race.next(begin + 1s).what == action::failed);
  CHECK(race.error() == condition::timed_out);
}

TEST_CASE("connect_race: resolving has its own deadline for each family") {
  connect_race race({.resolve_deadline = 100ms}, begin);
  race.resolved(family::ipv4, v4(1), {}, begin + 80ms);
  CHECK(race.next(begin + 80ms).at == begin + 100ms);  // sooner than IPv4's patience
  const auto over = race.next(begin + 100ms);
  CHECK(over.what == action::forget);
  CHECK(over.of == family::ipv6);
  race.resolved(family::ipv6, {}, error::resolve_timed_out, begin + 100ms);
  CHECK(race.next(begin + 100ms).what == action::start);
  CHECK_FALSE(race.next(begin + 100ms).at);

  connect_race silent({.resolve_deadline = 100ms}, begin);
  for (const family each : {family::ipv6, family::ipv4}) {
    CHECK(silent.next(begin + 100ms).of == each);
    silent.resolved(each, {}, error::resolve_timed_out, begin + 100ms);
  }
  CHECK(silent.next(begin + 100ms).what == action::failed);
  CHECK(silent.error() == condition::resolve_timed_out);
}

TEST_CASE("connect_race: the report tells each lookup and each attempt") {
  connect_race race({}, begin);
  race.resolved(family::ipv4, v4(2), {}, begin + 10ms);
  CHECK(race.next(begin + 60ms).what == action::start);
  race.lost(0, code(std::errc::connection_refused), begin + 65ms);
  CHECK(race.next(begin + 65ms).what == action::start);
  race.connected(1, begin + 70ms);
  const connect_report told = race.report(begin + 70ms);
  CHECK(told.duration == 70ms);
  REQUIRE(told.lookups.size() == 2);
  CHECK(told.lookups[0].family == address::family::v6);
  CHECK(told.lookups[0].error == std::errc::operation_canceled);
  CHECK(told.lookups[0].duration == 70ms);
  CHECK(told.lookups[1].addresses == 2);
  CHECK(told.lookups[1].duration == 10ms);
  CHECK_FALSE(told.lookups[1].error);
  REQUIRE(told.attempts.size() == 2);
  CHECK(told.attempts[0].to == v4(2)[0]);
  CHECK(told.attempts[0].started == 60ms);
  CHECK(told.attempts[0].duration == 5ms);
  CHECK(told.attempts[0].error == std::errc::connection_refused);
  CHECK(told.attempts[1].started == 65ms);
  CHECK(told.attempts[1].duration == 5ms);
  CHECK_FALSE(told.attempts[1].error);

  connect_race one({}, begin);
  one.resolved(family::ipv6, {}, {}, begin);  // not asked for
  one.resolved(family::ipv4, v4(1), {}, begin);
  CHECK(one.next(begin).what == action::start);
  one.stop(error::timed_out, begin + 1s);
  CHECK(one.report(begin + 1s).lookups.size() == 1);
  CHECK(one.report(begin + 1s).attempts[0].error == condition::timed_out);
}

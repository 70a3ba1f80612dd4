// SPDX-License-Identifier: MIT
// When an echo client's datagrams go out and what becomes of them, without a socket: the clock is a variable.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "duet/policy/probe_run.hpp"
#include "duet/policy/probe_schedule.hpp"

using namespace duet;
using namespace duet::policy;
using namespace std::chrono_literals;

namespace {

const probe_schedule::time_point start = probe_schedule::time_point() + 1h;
constexpr auto forever = probe_schedule::time_point::max();

/// A run whose peer is the case.
struct conversation {
  explicit conversation(datagram_echo_client_options how = {})
      : run(remember(how), endpoint::parse("udp://127.0.0.1:9")) {}

  datagram_echo_client_options& remember(datagram_echo_client_options& how) {
    how.told = [this](const datagram_reply& about) {
      told.push_back(std::string(to_string(about.kind)) + ' ' + std::to_string(about.number) +
                     (about.error ? ' ' + about.error.message() : ""));
    };
    return how;
  }
  /// Sends all that may be sent now.
  std::vector<std::vector<std::byte>> send_all() {
    std::vector<std::vector<std::byte>> sent;
    for (;;) {
      const auto step = run.next(now);
      if (step.what == probe_run::action::again) continue;
      if (step.what != probe_run::action::send) return sent;
      const auto bytes = run.probe();
      sent.emplace_back(bytes.begin(), bytes.end());
      run.sent(now);
    }
  }

  probe_run::time_point now = start;
  std::vector<std::string> told;
  probe_run run;
};

datagram_echo_client_options at_once(std::size_t window) {
  datagram_echo_client_options how;
  how.interval = 0s;
  how.window = window;
  how.reply_deadline = 1s;
  return how;
}

std::error_code system(std::errc value) {
  return {static_cast<int>(value), std::system_category()};
}

}  // namespace

TEST_CASE("probe_schedule: one each interval whatever came back") {
  probe_schedule schedule({.count = 3, .interval = 10ms, .window = 1});
  using action = probe_schedule::action;
  CHECK(schedule.next(start, 0).what == action::send);
  schedule.began(start);
  CHECK(schedule.next(start, 1).until == start + 10ms);
  CHECK(schedule.next(start + 9ms, 1).what == action::wait);
  CHECK(schedule.next(start + 10ms, 1).what == action::send);
  // Late by less than an interval: the beat stays.
  schedule.began(start + 14ms);
  CHECK(schedule.next(start + 14ms, 2).until == start + 20ms);
  schedule.began(start + 20ms);
  CHECK(schedule.next(start + 20ms, 3).what == action::wait);
  CHECK(schedule.next(start + 20ms, 3).until == forever);
  CHECK(schedule.next(start + 20ms, 0).what == action::done);
}

TEST_CASE("probe_schedule: a late loop is not made up for") {
  probe_schedule schedule({.interval = 10ms});
  schedule.began(start);
  schedule.began(start + 95ms);
  CHECK(schedule.next(start + 95ms, 0).what == probe_schedule::action::send);
  schedule.began(start + 95ms);
  CHECK(schedule.next(start + 95ms, 0).until == start + 105ms);
}

TEST_CASE("probe_schedule: with interval 0 the window decides") {
  probe_schedule schedule({.interval = 0ms, .window = 2});
  using action = probe_schedule::action;
  schedule.began(start);
  CHECK(schedule.next(start, 1).what == action::send);
  schedule.began(start);
  CHECK(schedule.next(start, 2).what == action::wait);
  CHECK(schedule.next(start, 2).until == forever);
  CHECK(schedule.next(start, 1).what == action::send);
}

TEST_CASE("probe_schedule: a peer that refuses is asked with growing pauses") {
  probe_schedule schedule({.interval = 0ms});
  auto now = start;
  for (const auto pause : {50ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    CAPTURE(pause.count());
    schedule.began(now);
    schedule.failed(now);
    CHECK(schedule.next(now, 0).until == now + pause);
    now += pause;
  }
  schedule.answered();
  schedule.began(now);
  schedule.failed(now);
  CHECK(schedule.next(now, 0).until == now + 50ms);
  // With an interval there is a pause anyway.
  probe_schedule paced({.interval = 5ms});
  paced.began(start);
  paced.failed(start);
  CHECK(paced.next(start, 0).until == start + 5ms);
}

TEST_CASE("probe_schedule: durations without end") {
  constexpr auto endless = std::chrono::nanoseconds::max();
  probe_schedule schedule({.interval = endless, .reply_deadline = endless});
  schedule.began(start);
  CHECK(schedule.next(start + 100h, 0).until == forever);
  CHECK(schedule.deadline(start) == forever);
}

TEST_CASE("probe_run: answers are told and end the run") {
  auto how = at_once(2);
  how.count = 3;
  conversation with(how);
  auto sent = with.send_all();
  REQUIRE(sent.size() == 2);
  CHECK(with.run.waits());
  CHECK(with.run.next(with.now).until == start + 1s);
  with.now += 1ms;
  with.run.received(sent[1], with.now);
  with.run.received(sent[0], with.now);
  sent = with.send_all();
  REQUIRE(sent.size() == 1);
  with.run.received(sent[0], with.now);
  CHECK(with.run.next(with.now).what == probe_run::action::done);
  CHECK(with.told == std::vector<std::string>{"first 2", "first 1", "first 3"});
  CHECK(with.run.counts() == reply_counts{.sent = 3, .received = 3, .reordered = 1});
}

TEST_CASE("probe_run: what no answer came to is lost one at a time") {
  conversation with(at_once(2));
  CHECK(with.send_all().size() == 2);
  with.now += 1s;
  CHECK(with.run.next(with.now).what == probe_run::action::again);
  CHECK(with.told == std::vector<std::string>{"lost 1 timed out"});
  CHECK(with.run.next(with.now).what == probe_run::action::again);
  CHECK(with.run.next(with.now).what == probe_run::action::send);
  CHECK(with.run.counts() == reply_counts{.sent = 2, .lost = 2});
}

TEST_CASE("probe_run: a changed byte and a stranger's number are no answers") {
  conversation with(at_once(1));
  auto bytes = with.send_all().at(0);
  bytes.back() ^= std::byte{1};
  with.run.received(bytes, with.now);
  with.run.received({}, with.now);
  write_probe(bytes, 77);
  with.run.received(bytes, with.now);
  CHECK(with.told == std::vector<std::string>{"bad 0", "bad 0", "strange 77"});
  CHECK(with.run.waits());
  CHECK(with.run.counts() == reply_counts{.sent = 1, .strange = 1, .bad = 2});
}

TEST_CASE("probe_run: a refusal is the first one's that is waited for") {
  conversation with(at_once(2));
  with.run.refused(system(std::errc::connection_refused), with.now);
  CHECK(with.told.empty());
  CHECK(with.send_all().size() == 2);
  with.run.refused(system(std::errc::not_enough_memory), with.now);
  CHECK(with.told.empty());
  with.run.refused(system(std::errc::connection_refused), with.now);
  CHECK(with.told == std::vector<std::string>{"lost 1 Connection refused"});
  // Then not at once.
  CHECK(with.run.next(with.now).until == start + 50ms);
}

TEST_CASE("probe_run: what the kernel does not take is not sent and the next number follows") {
  conversation with(at_once(1));
  REQUIRE(with.run.next(with.now).what == probe_run::action::send);
  with.run.not_sent(system(std::errc::message_size), with.now);
  with.now += 50ms;
  REQUIRE(with.run.next(with.now).what == probe_run::action::send);
  CHECK(read_probe(with.run.probe()) == 2U);
  CHECK(with.told == std::vector<std::string>{"not sent 1 Message too long"});
}

TEST_CASE("probe_run: a full queue is waited for until the deadline") {
  conversation with(at_once(1));
  REQUIRE(with.run.next(with.now).what == probe_run::action::send);
  with.run.no_room(with.now);
  CHECK(with.run.next(with.now).until == start + 1s);
  // There was room, but somebody else took it: the deadline stays.
  with.now += 600ms;
  with.run.room();
  REQUIRE(with.run.next(with.now).what == probe_run::action::send);
  with.run.no_room(with.now);
  CHECK(with.run.next(with.now).until == start + 1s);
  with.now += 400ms;
  CHECK(with.run.next(with.now).what == probe_run::action::again);
  CHECK(with.told == std::vector<std::string>{"not sent 1 Resource temporarily unavailable"});
  // The next one has a deadline of its own.
  with.now += 50ms;
  REQUIRE(with.run.next(with.now).what == probe_run::action::send);
  with.run.no_room(with.now);
  CHECK(with.run.next(with.now).until == with.now + 1s);
  with.run.room();
  with.run.sent(with.now);
  CHECK(with.run.counts() == reply_counts{.sent = 1, .not_sent = 1});
}

TEST_CASE("probe_run: options and endpoints that cannot be") {
  const endpoint good = endpoint::parse("udp://127.0.0.1:9");
  using options = datagram_echo_client_options;
  CHECK_FALSE(probe_run::refusal({}, good));
  CHECK_FALSE(probe_run::refusal({}, endpoint::parse("unixgram:/x")));
  for (const options& bad : {options{.bytes = 15}, options{.count = 0}, options{.window = 0},
                             options{.interval = -1s}, options{.reply_deadline = 0s}})
    CHECK(probe_run::refusal(bad, good) == std::errc::invalid_argument);
  for (const char* const bad : {"tcp://127.0.0.1:9", "unix:/x", "udp://name:9", "udp://[::1]:echo"})
    CHECK(probe_run::refusal({}, endpoint::parse(bad)) == condition::bad_endpoint);
}

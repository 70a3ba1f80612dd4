// SPDX-License-Identifier: MIT
// What decides about the connections of a server, without one: who is let in, whose time is over; and its counters as text.
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <new>
#include <string>
#include <system_error>

#include "duet/error.hpp"
#include "duet/policy/admission.hpp"
#include "duet/policy/server_state.hpp"
#include "duet/policy/session_end.hpp"
#include "duet/policy/session_watch.hpp"

using namespace duet;
using namespace duet::policy;
using namespace std::chrono_literals;
using verdict = admission::verdict;

namespace {

const session_watch::time_point begin{1h};
const endpoint somebody = endpoint::parse("tcp://192.0.2.1:1000");
const endpoint same_host = endpoint::parse("tcp://192.0.2.1:1001");
const endpoint mapped = endpoint::parse("tcp://[::ffff:192.0.2.1]:1002");
const endpoint another = endpoint::parse("tcp://192.0.2.2:1000");
const endpoint local = endpoint::parse("unix:/run/x.sock");

/// A session_watch with the limits of its server.
struct watched {
  watched(const session_limits& of, session_watch::time_point now, double random)
      : limits(of), it(limits, now, random) {}
  [[nodiscard]] bool wants_time() const { return session_watch::wants_time(limits); }
  bool moved(std::size_t bytes, session_watch::time_point now) {
    return it.moved(limits, bytes, now);
  }
  bool waits_for_room(session_watch::time_point now) { return it.waits_for_room(limits, now); }
  void found_room() { it.found_room(); }
  void linger_until(session_watch::time_point at) { it.linger_until(at); }
  [[nodiscard]] auto next() const { return it.next(limits); }
  auto judge(session_watch::time_point now) { return it.judge(limits, now); }

  session_limits limits;
  session_watch it;
};

}  // namespace

TEST_CASE("admission: a cap in all closes the door or refuses") {
  admission waiting(2, 0, cap_rule::wait);
  CHECK(waiting.enter(somebody) == verdict::serve);
  CHECK(waiting.open());
  CHECK(waiting.enter(somebody) == verdict::serve);
  CHECK_FALSE(waiting.open());
  CHECK(waiting.leave(somebody));
  CHECK(waiting.open());
  CHECK_FALSE(waiting.leave(somebody));
  CHECK(waiting.active() == 0);

  admission refusing(1, 0, cap_rule::refuse);
  CHECK(refusing.enter(somebody) == verdict::serve);
  CHECK(refusing.open());
  CHECK(refusing.enter(somebody) == verdict::refuse_by_cap);
  CHECK_FALSE(refusing.leave(somebody));
  CHECK(refusing.enter(somebody) == verdict::serve);

  admission endless(0, 0, cap_rule::wait);
  for (int each = 0; each < 100'000; ++each) CHECK(endless.enter(somebody) == verdict::serve);
}

TEST_CASE("admission: a cap for each address whatever its port and family of listener") {
  admission doors(0, 2, cap_rule::wait);
  CHECK(doors.knows_addresses());
  CHECK(doors.enter(somebody) == verdict::serve);
  CHECK(doors.enter(mapped) == verdict::serve);
  CHECK(doors.enter(same_host) == verdict::refuse_by_address);
  CHECK(doors.enter(another) == verdict::serve);
  for (int each = 0; each < 5; ++each) CHECK(doors.enter(local) == verdict::serve);
  CHECK_FALSE(doors.leave(mapped));
  CHECK(doors.enter(same_host) == verdict::serve);
  CHECK(doors.active() == 8);
}

TEST_CASE("session_watch: nothing is limited by default") {
  const session_limits none;
  watched watch(none, begin, 0.5);
  CHECK_FALSE(watch.next());
  CHECK_FALSE(watch.wants_time());
  CHECK_FALSE(watch.waits_for_room(begin));
  CHECK_FALSE(watch.moved(1, begin));
  CHECK_FALSE(watch.judge(begin + 1000h));
}

TEST_CASE("session_watch: idle begins anew with every byte") {
  const session_limits limits{.idle = 10s};
  watched watch(limits, begin, 0);
  CHECK(watch.wants_time());
  CHECK(watch.next() == begin + 10s);
  CHECK_FALSE(watch.moved(1, begin + 9s));
  CHECK_FALSE(watch.judge(begin + 10s));
  CHECK(watch.next() == begin + 19s);
  CHECK_FALSE(watch.judge(begin + 19s - 1ns));
  CHECK(watch.judge(begin + 19s) == close_reason::idle);
}

TEST_CASE("session_watch: age is shortened by its jitter alone") {
  session_limits limits;
  limits.age = 100s;
  limits.age_jitter = 0.2;
  CHECK(watched(limits, begin, 0.0).next() == begin + 100s);
  CHECK(watched(limits, begin, 0.5).next() == begin + 90s);
  watched watch(limits, begin, 0.999999);
  CHECK(*watch.next() > begin + 80s);
  watch.moved(1, begin + 79s);
  CHECK(watch.judge(begin + 81s) == close_reason::age);
}

TEST_CASE("session_watch: a stall is a write that waits and no byte taken") {
  const session_limits limits{.stall = 5s};
  watched watch(limits, begin, 0);
  CHECK_FALSE(watch.wants_time());
  CHECK_FALSE(watch.next());
  CHECK(watch.waits_for_room(begin + 1s));
  CHECK_FALSE(watch.waits_for_room(begin + 2s));
  CHECK(watch.next() == begin + 6s);
  watch.found_room();
  CHECK_FALSE(watch.next());
  CHECK_FALSE(watch.judge(begin + 7s));
  CHECK(watch.waits_for_room(begin + 8s));
  CHECK_FALSE(watch.judge(begin + 13s - 1ns));
  CHECK(watch.judge(begin + 13s) == close_reason::stalled);
}

TEST_CASE("session_watch: progress is asked for in intervals in which anything moves") {
  session_limits limits;
  limits.progress_bytes = 100;
  limits.progress_interval = 10s;
  watched watch(limits, begin, 0);
  CHECK_FALSE(watch.next());
  CHECK(watch.moved(60, begin + 1s));
  CHECK_FALSE(watch.moved(40, begin + 2s));
  CHECK(watch.next() == begin + 11s);
  CHECK_FALSE(watch.judge(begin + 11s));
  CHECK_FALSE(watch.next());
  CHECK(watch.moved(99, begin + 1000s));
  CHECK_FALSE(watch.judge(begin + 1010s - 1ns));
  CHECK(watch.judge(begin + 1010s) == close_reason::slow);
}

TEST_CASE("session_watch: lingering ends in its own time and not behind the age") {
  session_limits limits;
  limits.age = 10s;
  limits.age_jitter = 0;
  watched watch(limits, begin, 0);
  watch.linger_until(begin + 2s);
  CHECK(watch.next() == begin + 2s);
  CHECK(watch.judge(begin + 2s) == close_reason::end_of_stream);
  watched late(limits, begin, 0);
  late.linger_until(begin + 20s);
  CHECK(late.next() == begin + 10s);
}

TEST_CASE("server_counters: as Prometheus reads them") {
  server_counters counters;
  counters.accepted = 7;
  counters.active = 2;
  counters.refused_by_cap = 3;
  counters.closed[static_cast<std::size_t>(close_reason::end_of_stream)] = 5;
  counters.bytes_read = 1'000'000'000'000;
  counters.loop_lag = 1500us;
  const std::string text = to_prometheus(counters, "duet_echo");
  for (const char* line :
       {"# TYPE duet_echo_connections_accepted_total counter\nduet_echo_connections_accepted_total "
        "7\n",
        "# TYPE duet_echo_connections_active gauge\nduet_echo_connections_active 2\n",
        "duet_echo_connections_refused_total{reason=\"cap\"} 3\n",
        "duet_echo_connections_closed_total{reason=\"end_of_stream\"} 5\n",
        "duet_echo_connections_closed_total{reason=\"stalled\"} 0\n",
        "duet_echo_read_bytes_total 1000000000000\n", "duet_echo_loop_lag_seconds_max 0.0015"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.ends_with('\n'));
}

TEST_CASE("server_state: accepts from its start until it is paused or drains or is cut") {
  server_state state({});
  CHECK_FALSE(state.accepts());
  state.start();
  CHECK(state.accepts());
  state.pause();
  CHECK_FALSE(state.accepts());
  CHECK_FALSE(state.takes_promised());  // others that share the listener do
  state.resume();
  CHECK(state.accepts());
  CHECK(state.takes_promised());
  CHECK_FALSE(state.enters(somebody));
  CHECK(state.drain());
  CHECK_FALSE(state.drain());
  CHECK_FALSE(state.accepts());
  CHECK_FALSE(state.drained());
  state.left(somebody, close_reason::end_of_stream);
  CHECK(state.drained());
  CHECK(state.cut() == close_reason::drain);
  CHECK_FALSE(state.takes_promised());
  CHECK(server_state({}).cut() == close_reason::local);
}

TEST_CASE("server_state: counts who comes and who goes by reason") {
  server_options options;
  options.max_connections = 2;
  options.max_per_address = 1;
  options.at_cap = cap_rule::refuse;
  server_state state(options);
  state.start();
  CHECK(state.wants_peers());
  CHECK_FALSE(state.enters(somebody));
  CHECK(state.enters(same_host) == "refused: address");
  CHECK_FALSE(state.enters(another));
  CHECK(state.enters(local) == "refused: cap");
  CHECK(state.counters().active == 2);
  state.not_served(another);
  state.left(somebody, close_reason::stalled);
  state.lacks();
  state.spoilt();
  const server_counters& counted = state.counters();
  CHECK(counted.accepted == 1);
  CHECK(counted.active == 0);
  CHECK(counted.refused_by_cap == 1);
  CHECK(counted.refused_by_address == 1);
  CHECK(counted.refused_by_shortage == 2);
  CHECK(counted.refused_by_error == 1);
  CHECK(counted.closed_by(close_reason::stalled) == 1);
}

TEST_CASE("server_state: an error of accept pauses one listener and is told once an episode") {
  server_state state({});
  accept_policy listener;
  const auto shortage = state.accept_failed(listener, {EMFILE, std::system_category()});
  CHECK(shortage.tell);
  CHECK(shortage.shortage);
  CHECK(shortage.pause == accept_policy::first_pause);
  const auto again = state.accept_failed(listener, {ENOBUFS, std::system_category()});
  CHECK_FALSE(again.tell);
  CHECK_FALSE(again.shortage);
  CHECK(again.pause > shortage.pause);
  // What the listener passes over by itself comes here only when it was too much in a row.
  accept_policy flooded;
  CHECK(state.accept_failed(flooded, {ECONNABORTED, std::system_category()}).pause ==
        accept_policy::first_pause);
  CHECK(state.counters().accept_pauses == 3);
  const auto broken = state.accept_failed(listener, {EBADF, std::system_category()});
  CHECK(broken.fatal);
  CHECK(broken.tell);
  CHECK(state.counters().accept_pauses == 3);
}

namespace {

template <class Thrown>
session_end end_by(const Thrown& thrown, bool finishing = false) {
  try {
    throw thrown;
  } catch (...) {
    return end_by_exception(finishing);
  }
}

}  // namespace

TEST_CASE("session_end: an exception says how the session ends") {
  using manner = session_end::manner;
  const std::system_error over(error::end_of_stream);
  CHECK(end_by(over).how == manner::finish);
  CHECK(end_by(over).why == close_reason::end_of_stream);
  const std::system_error reset(std::make_error_code(std::errc::connection_reset));
  CHECK(end_by(reset).how == manner::abort);
  CHECK(end_by(reset).why == close_reason::failed);
  CHECK(end_by(reset).error == std::errc::connection_reset);
  CHECK(end_by(std::bad_alloc()).how == manner::abort);
  CHECK(end_by(std::bad_alloc()).why == close_reason::thrown);
  const std::system_error cancelled(std::make_error_code(std::errc::operation_canceled));
  CHECK(end_by(cancelled).how == manner::abort);
  CHECK(end_by(cancelled, true).how == manner::none);
}

TEST_CASE("close_reason: an event is told with its reason") {
  CHECK(close_event(close_reason::idle) == "closed: idle");
  CHECK(to_string(close_reason::end_of_stream) == "end of stream");
}

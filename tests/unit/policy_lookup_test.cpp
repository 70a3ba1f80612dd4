// SPDX-License-Identifier: MIT
// What decides about lookups, without a thread or a clock: which runs when, who is told, what is remembered, what is a name.
#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <string>

#include "duet/policy/answer_cache.hpp"
#include "duet/policy/host_name.hpp"
#include "duet/policy/lookup_schedule.hpp"

using namespace duet::policy;
using namespace std::chrono_literals;

namespace {

using schedule = lookup_schedule<std::string>;
using outcome = schedule::outcome;

/// Starts what threads the schedule wants, as a pool does, and lets each take its job.
std::size_t run_wanted(schedule& jobs) {
  std::size_t started = 0;
  for (; jobs.wants_thread(); ++started) jobs.thread_started();
  while (jobs.idle() > 0 && jobs.take()) {
  }
  return started;
}

}  // namespace

TEST_CASE("lookup_schedule: as many at once as there may be threads") {
  schedule jobs({2, 64});
  for (const char* name : {"a", "b", "c"}) CHECK(jobs.want(name).has_value());
  CHECK(run_wanted(jobs) == 2);
  CHECK(jobs.running() == 2);
  CHECK(jobs.queued() == 1);
  CHECK_FALSE(jobs.wants_thread());
}

TEST_CASE("lookup_schedule: an idle thread takes the next job and no other starts") {
  schedule jobs({8, 64});
  const auto first = jobs.want("a");
  run_wanted(jobs);
  CHECK(jobs.finish(*first) == outcome::told);
  CHECK(jobs.idle() == 1);
  const auto second = jobs.want("b");
  CHECK_FALSE(jobs.wants_thread());
  CHECK(jobs.take()->first == *second);
}

TEST_CASE("lookup_schedule: first come first served") {
  schedule jobs({1, 64});
  REQUIRE(jobs.want("a"));
  REQUIRE(jobs.want("b"));
  jobs.thread_started();
  const auto first = jobs.take();
  CHECK(first->second == "a");
  CHECK(jobs.finish(first->first) == outcome::told);
  CHECK(jobs.take()->second == "b");
}

TEST_CASE("lookup_schedule: equal keys under way are one job") {
  schedule jobs({8, 64});
  const auto first = jobs.want("a");
  CHECK(jobs.want("a") == first);
  CHECK(jobs.queued() == 1);
  run_wanted(jobs);
  CHECK(jobs.want("a") == first);
  jobs.leave(*first);
  jobs.leave(*first);
  CHECK(jobs.abandoned() == 0);
  CHECK(jobs.finish(*first) == outcome::told);
  // Once it is over the same key is another job.
  CHECK(jobs.want("a") != first);
}

TEST_CASE("lookup_schedule: what nobody waits for any more leaves the queue") {
  schedule jobs({1, 64});
  const auto first = jobs.want("a");
  run_wanted(jobs);
  const auto second = jobs.want("b");
  jobs.leave(*second);
  CHECK(jobs.queued() == 0);
  CHECK(jobs.finish(*first) == outcome::told);
  CHECK_FALSE(jobs.take());
}

TEST_CASE("lookup_schedule: an abandoned job's thread is replaced and ends when there are enough") {
  schedule jobs({1, 64});
  const auto stuck = jobs.want("a");
  run_wanted(jobs);
  const auto other = jobs.want("b");
  CHECK_FALSE(jobs.wants_thread());
  jobs.leave(*stuck);
  CHECK(jobs.abandoned() == 1);
  CHECK(run_wanted(jobs) == 1);
  CHECK(jobs.finish(*stuck) == outcome::abandoned_and_over);
  CHECK(jobs.finish(*other) == outcome::told);
}

TEST_CASE("lookup_schedule: an abandoned job's thread is kept when there is none else") {
  schedule jobs({1, 64});
  const auto stuck = jobs.want("a");
  run_wanted(jobs);
  jobs.leave(*stuck);
  CHECK(jobs.finish(*stuck) == outcome::abandoned_and_idle);
  CHECK(jobs.idle() == 1);
}

TEST_CASE("lookup_schedule: the same key after all left starts anew") {
  schedule jobs({2, 64});
  const auto stuck = jobs.want("a");
  run_wanted(jobs);
  jobs.leave(*stuck);
  const auto fresh = jobs.want("a");
  CHECK(fresh != stuck);
  run_wanted(jobs);
  // The old one's end is not the new one's.
  CHECK(jobs.finish(*stuck) == outcome::abandoned_and_idle);
  CHECK(jobs.finish(*fresh) == outcome::told);
}

TEST_CASE("lookup_schedule: too many abandoned refuse new keys until one ends") {
  schedule jobs({1, 2});
  std::deque<schedule::job> stuck;
  for (const char* name : {"a", "b"}) {
    stuck.push_back(*jobs.want(name));
    run_wanted(jobs);
    jobs.leave(stuck.back());
  }
  CHECK_FALSE(jobs.want("c"));
  CHECK(jobs.finish(stuck.front()) == outcome::abandoned_and_idle);
  CHECK(jobs.want("c"));
}

TEST_CASE("lookup_schedule: without any thread the queue is lost and with one it waits") {
  schedule jobs({2, 64});
  const auto lost = jobs.want("a");
  CHECK(jobs.no_thread() == std::deque{*lost});
  CHECK(jobs.queued() == 0);
  const auto running = jobs.want("b");
  run_wanted(jobs);
  REQUIRE(jobs.want("c"));
  CHECK(jobs.no_thread().empty());
  CHECK(jobs.queued() == 1);
  CHECK(jobs.finish(*running) == outcome::told);
}

TEST_CASE("answer_cache: remembers for its lifetime and not longer") {
  answer_cache<std::string, int> answers(4, 10s);
  const auto begin = answer_cache<std::string, int>::time_point() + 1h;
  answers.store("a", 1, begin);
  REQUIRE(answers.find("a", begin + 9s) != nullptr);
  CHECK(*answers.find("a", begin + 9s) == 1);
  CHECK(answers.find("a", begin + 10s) == nullptr);
  CHECK(answers.size() == 0);
  CHECK(answers.find("b", begin) == nullptr);
}

TEST_CASE("answer_cache: the least recently used makes room") {
  answer_cache<std::string, int> answers(2, 10s);
  const auto now = answer_cache<std::string, int>::time_point() + 1h;
  answers.store("a", 1, now);
  answers.store("b", 2, now);
  CHECK(answers.find("a", now) != nullptr);
  answers.store("c", 3, now);
  CHECK(answers.size() == 2);
  CHECK(answers.find("b", now) == nullptr);
  CHECK(answers.find("a", now) != nullptr);
  answers.store("a", 4, now + 5s);
  CHECK(*answers.find("a", now + 14s) == 4);
}

TEST_CASE("answer_cache: of no entries remembers nothing") {
  answer_cache<std::string, int> answers(0, 10s);
  const auto now = answer_cache<std::string, int>::time_point();
  answers.store("a", 1, now);
  CHECK(answers.find("a", now) == nullptr);
}

TEST_CASE("host_name: names and what is none") {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + label.substr(2);
  REQUIRE(longest.size() == 253);
  for (const std::string& name : {std::string("a"), std::string("localhost"), std::string("a.b."),
                                  std::string("_dmarc.a-b.example"), std::string("127.1"),
                                  std::string("a-"), label, longest, longest + "."}) {
    CAPTURE(name);
    CHECK(is_host_name(name));
  }
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a..b"), std::string(".a"),
        std::string("-a"), std::string("a b"), std::string("a\n"), std::string("a\0", 2),
        std::string("a/b"), std::string("a@b"), std::string("a:b"), std::string("a;b"),
        std::string("*"), std::string("\xc3\xa9"), label + "a", longest + "a"}) {
    CAPTURE(name);
    CHECK_FALSE(is_host_name(name));
  }
}

// SPDX-License-Identifier: MIT
// The lookups of one input as decisions, with a clock of the test's.
#include "resolve/lookup_task.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "duet/error.hpp"
#include "support/quantity.hpp"

using namespace duet;
using namespace duet::apps;
using namespace duet::apps::resolve;
using namespace std::chrono_literals;

namespace {

resolve_result result_of(const std::string& name, const std::vector<const char*>& addresses) {
  resolve_answer view;
  view.host.official_name = name;
  for (const char* const each : addresses) view.host.addresses.push_back(*address::parse(each));
  return {view, {}, {}};
}

resolve_result failure(error why) { return {resolve_answer{why, {}}, {}, {}}; }

/// A task that is driven by hand.
struct driven {
  explicit driven(const std::string& input, const lookup_options& how = {})
      : options(how), task(options, query_for(input, options), nullptr, times) {}

  lookup_task::ask asked() {
    const auto due = task.next(now);
    REQUIRE(std::holds_alternative<lookup_task::ask>(due));
    return std::get<lookup_task::ask>(due);
  }
  std::chrono::milliseconds paused() {
    const auto due = task.next(now);
    REQUIRE(std::holds_alternative<lookup_task::pause>(due));
    now += std::get<lookup_task::pause>(due).duration;
    return std::get<lookup_task::pause>(due).duration;
  }
  answer over() {
    REQUIRE(std::holds_alternative<lookup_task::over>(task.next(now)));
    return task.take();
  }
  void answered(std::error_code ec, resolve_result result) {
    task.answered(now, ec, std::move(result));
  }
  void fail(error why) { answered(why, failure(why)); }

  lookup_options options;
  latency_histogram times;
  lookup_task::clock::time_point now{1000h};
  lookup_task task;
};

}  // namespace

TEST_CASE("task: a name is asked once with all that was said") {
  lookup_options options;
  options.family = address::family::v6;
  options.service = "http";
  options.timeout = 3s;
  driven one("host.example", options);
  const auto question = one.asked();
  CHECK(question.host == "host.example");
  CHECK(question.service == "http");
  CHECK_FALSE(question.backwards);
  CHECK(question.how.family == address::family::v6);
  CHECK(question.how.views == resolve_views::both);
  CHECK(question.how.deadline == 3s);
  one.now += 20ms;
  one.answered({}, result_of("host.example", {"::1"}));
  const answer got = one.over();
  CHECK(exit_code_of(got) == exit_code::done);
  CHECK(failure_text(got).empty());
  CHECK(got.result.host().addresses.size() == 1);
  CHECK(got.times.count == 1);
  CHECK(got.times.max == 20ms);
  CHECK(one.times.count() == 1);
}

TEST_CASE("task: a refused input is asked nowhere") {
  driven one("a b");
  const answer got = one.over();
  CHECK(exit_code_of(got) == exit_code::usage);
  CHECK(failure_text(got) == "it has a blank");
  CHECK(got.lookups == 0);
  CHECK_FALSE(got.found());
}

TEST_CASE("task: each failure has its exit code") {
  for (const auto& [why, code] : {std::pair(error::name_not_found, exit_code::no_such_name),
                                  {error::name_no_data, exit_code::no_such_name},
                                  {error::name_try_again, exit_code::not_resolved},
                                  {error::name_no_recovery, exit_code::not_resolved},
                                  {error::timed_out, exit_code::timed_out}}) {
    driven one("a");
    one.asked();
    one.fail(why);
    const answer got = one.over();
    CHECK(exit_code_of(got) == code);
    CHECK_FALSE(got.found());
    CHECK(failure_text(got) == make_error_code(why).message());
  }
  driven system("a");
  system.asked();
  system.answered(std::make_error_code(std::errc::too_many_files_open), {});
  CHECK(exit_code_of(system.over()) == exit_code::failed);
}

TEST_CASE("task: try again is tried again and nothing else") {
  lookup_options options;
  options.retries = 3;
  driven one("a", options);
  CHECK(one.asked().how.deadline == 15s);
  one.fail(error::name_try_again);
  CHECK(one.paused() == 100ms);
  CHECK(one.asked().how.deadline == 14900ms);  // the timeout is of the name
  one.fail(error::name_try_again);
  CHECK(one.paused() == 200ms);
  one.asked();
  one.answered({}, result_of("a", {"192.0.2.1"}));
  const answer got = one.over();
  CHECK(exit_code_of(got) == exit_code::done);
  CHECK(got.lookups == 1);
  CHECK(got.times.max == 300ms);

  driven other("a", options);
  other.asked();
  other.fail(error::name_not_found);
  CHECK(exit_code_of(other.over()) == exit_code::no_such_name);
}

TEST_CASE("task: retries end by their number and by the timeout") {
  lookup_options options;
  options.retries = 2;
  driven one("a", options);
  for (int i = 0; i < 2; ++i) {
    one.asked();
    one.fail(error::name_try_again);
    one.paused();
  }
  one.asked();
  one.fail(error::name_try_again);
  CHECK(exit_code_of(one.over()) == exit_code::not_resolved);

  options.retries = 1000;
  options.timeout = 1s;
  driven hurried("a", options);
  hurried.asked();
  hurried.now += 950ms;
  hurried.fail(error::name_try_again);  // a pause would not fit
  CHECK(exit_code_of(hurried.over()) == exit_code::not_resolved);

  options.timeout = never;
  driven patient("a", options);
  CHECK(patient.asked().how.deadline == 0ms);
  for (int i = 0; i < 10; ++i) {
    patient.fail(error::name_try_again);
    CHECK(patient.paused() <= lookup_task::longest_pause);
    patient.asked();
  }
}

TEST_CASE("task: repeated lookups are timed one by one") {
  lookup_options options;
  options.repeat = 3;
  driven one("a", options);
  for (int i = 1; i <= 3; ++i) {
    CHECK(one.asked().how.deadline == 15s);
    one.now += std::chrono::milliseconds(i);
    one.answered({}, result_of("a", {"192.0.2.1"}));
  }
  const answer got = one.over();
  CHECK(got.lookups == 3);
  CHECK(got.times.count == 3);
  CHECK(got.times.min == 1ms);
  CHECK(got.times.max == 3ms);
  CHECK(exit_code_of(got) == exit_code::done);
}

TEST_CASE("task: of repeated lookups some may fail") {
  lookup_options options;
  options.repeat = 3;
  driven one("a", options);
  one.asked();
  one.fail(error::timed_out);
  one.asked();
  one.answered({}, result_of("a", {"192.0.2.1"}));
  one.asked();
  one.fail(error::name_try_again);
  const answer got = one.over();
  CHECK(got.found());
  CHECK(got.result.host().addresses.size() == 1);  // the answer is not lost by what came after
  CHECK(exit_code_of(got) == exit_code::partly_failed);
  CHECK(failure_text(got) == "2 of 3 lookups failed, the first: timed out");
}

TEST_CASE("task: views that fail differently are both named") {
  driven one("a");
  one.asked();
  one.answered(
      error::name_not_found,
      {resolve_answer{error::name_not_found, {}}, resolve_answer{error::name_no_recovery, {}}, {}});
  CHECK(failure_text(one.over()) ==
        "name or service not found (hostent: name lookup failed for good)");
}

TEST_CASE("task: a name of an address is looked up again to confirm it") {
  lookup_options options;
  options.verify = true;
  driven one("192.0.2.1", options);
  CHECK(one.asked().backwards == address::parse("192.0.2.1"));
  one.now += 5s;
  resolve_result names = result_of("a.example", {"192.0.2.1"});
  names.hostent = resolve_answer{{}, {"a.example", {"b.example"}, {}}};
  one.answered({}, names);
  const auto first = one.asked();
  CHECK(first.host == "a.example");
  CHECK_FALSE(first.backwards);
  CHECK(first.how.family == address::family::v4);
  CHECK(first.how.views == resolve_views::addrinfo);
  CHECK(first.how.deadline == 10s);
  one.answered({}, result_of("a.example", {"192.0.2.9"}));
  CHECK(one.asked().host == "b.example");
  one.answered({}, result_of("b.example", {"192.0.2.8", "192.0.2.1"}));
  const answer got = one.over();
  CHECK(got.checked->confirmed);
  CHECK(got.checked->name == "b.example");
  CHECK(exit_code_of(got) == exit_code::done);
  CHECK(got.times.max == 5s);  // of the lookup, not of checking it
}

TEST_CASE("task: an address whose name does not lead back is a failure") {
  lookup_options options;
  options.verify = true;
  driven one("192.0.2.1", options);
  one.asked();
  one.answered({}, result_of("liar.example", {"192.0.2.1"}));
  one.asked();
  one.answered({}, result_of("liar.example", {"192.0.2.9"}));
  answer got = one.over();
  CHECK(exit_code_of(got) == exit_code::failed);
  CHECK(failure_text(got) == "'liar.example' does not lead back to it");

  for (const auto& [why, code] : {std::pair(error::name_not_found, exit_code::failed),
                                  {error::bad_name, exit_code::failed},
                                  {error::name_try_again, exit_code::not_resolved},
                                  {error::timed_out, exit_code::timed_out}}) {
    driven other("192.0.2.1", options);
    other.asked();
    other.answered({}, result_of("gone.example", {"192.0.2.1"}));
    other.asked();
    other.fail(why);
    got = other.over();
    CHECK(exit_code_of(got) == code);
    CHECK(failure_text(got).starts_with("'gone.example' does not lead back to it: "));
  }
}

TEST_CASE("task: confirming ends with the timeout") {
  lookup_options options;
  options.verify = true;
  driven one("192.0.2.1", options);
  one.asked();
  one.answered({}, result_of("slow.example", {"192.0.2.1"}));
  one.now += 15s;
  const answer got = one.over();
  CHECK(exit_code_of(got) == exit_code::timed_out);
}

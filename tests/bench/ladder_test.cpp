// SPDX-License-Identifier: MIT
// The cost ladder's sentences, from made-up counts, and the counters behind it.
#include "ladder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/allocation_counter.hpp"
#include "harness/instruction_counter.hpp"
#include "harness/interrupt.hpp"
#include "harness/process.hpp"

using namespace duet::bench;

namespace {

/// Of 100 messages.
rung rung_of(const std::string& name, double cpu_ns, std::uint64_t epoll_waits,
             std::uint64_t allocations) {
  rung made;
  made.counts.name = name;
  made.counts.messages = 100;
  made.counts.calls.tool = "perf";
  made.counts.calls.by_name = {
      {"all", 200 + epoll_waits}, {"recvfrom", 100}, {"sendto", 100}, {"epoll_wait", epoll_waits}};
  made.counts.allocations = allocations;
  made.cpu_ns = cpu_ns;
  return made;
}

std::string sentence(const rung& below, const rung& above, const ladder_scale& scale = {100, 80}) {
  const auto steps = steps_of({below, above}, scale);
  REQUIRE(steps.size() == 1);
  return steps[0].sentence;
}

}  // namespace

TEST_CASE("ladder: a dearer step is explained by what is counted more") {
  CHECK(sentence(rung_of("limit", 2000, 0, 0), rung_of("raw", 2500, 100, 0)) ==
        "500 ns dearer: +1.00 epoll_wait; entering the kernel is 80 ns of it");
  CHECK(sentence(rung_of("a", 2000, 100, 0), rung_of("b", 2500, 100, 200)) ==
        "500 ns dearer: +2.00 allocations");
}

TEST_CASE("ladder: the kernel's share is never more than the step") {
  CHECK(sentence(rung_of("a", 2000, 0, 0), rung_of("b", 2150, 200, 0), {100, 80}) ==
        "150 ns dearer: +2.00 epoll_wait; entering the kernel is 150 ns of it");
}

TEST_CASE("ladder: a cheaper step needs a count that falls") {
  CHECK(sentence(rung_of("a", 2500, 200, 0), rung_of("b", 2000, 100, 0)) ==
        "500 ns cheaper: -1.00 epoll_wait");
}

TEST_CASE("ladder: what no count explains is called so") {
  auto steps = steps_of({rung_of("a", 2000, 100, 0), rung_of("b", 2500, 100, 0)}, {100, 80});
  CHECK(steps.at(0).sentence == "500 ns dearer, not explained by counts (the same counts)");
  CHECK_FALSE(steps.at(0).explained);
  steps = steps_of({rung_of("a", 2000, 200, 0), rung_of("b", 2500, 100, 0)}, {100, 80});
  CHECK(steps.at(0).sentence == "500 ns dearer, not explained by counts (-1.00 epoll_wait)");
}

TEST_CASE("ladder: within the noise there is no difference and counts are told all the same") {
  CHECK(sentence(rung_of("a", 2000, 100, 0), rung_of("b", 2099, 200, 0)) ==
        "no difference beyond the noise of 100 ns; +1.00 epoll_wait");
  // Without a floor every difference is told.
  CHECK(sentence(rung_of("a", 2000, 100, 0), rung_of("b", 2001, 200, 0), {{}, 80}) ==
        "1 ns dearer: +1.00 epoll_wait; entering the kernel is 1 ns of it");
}

TEST_CASE("ladder: without times or counts the sentence says what is left") {
  auto below = rung_of("a", 0, 100, 0);
  auto above = rung_of("b", 0, 200, 0);
  below.cpu_ns.reset();
  CHECK(sentence(below, above) == "+1.00 epoll_wait");
  above.counts.calls = {.tool = {}, .reason = "refused", .by_name = {}};
  above.counts.allocations.reset();
  CHECK(sentence(below, above) == "the same counts");
}

TEST_CASE("ladder: a count's ragged end is no difference") {
  auto below = rung_of("a", 2000, 100, 0);
  auto above = rung_of("b", 2500, 104, 4);
  below.counts.instructions = 500;
  above.counts.instructions = 509;
  CHECK(sentence(below, above) == "500 ns dearer, not explained by counts (the same counts)");
  above.counts.instructions = 700;
  CHECK(sentence(below, above) == "500 ns dearer: +200 instructions");
}

TEST_CASE("ladder: text and document hold every rung and step") {
  const std::vector<rung> rungs{rung_of("limit", 2000, 0, 0), rung_of("raw", 2500, 100, 0)};
  const ladder_scale scale{100, 80};
  const cell of{.scenario = "pingpong", .connections = 1, .same_core = true};
  const auto text = ladder_text(of, rungs, steps_of(rungs, scale), scale, false);
  CAPTURE(text);
  CHECK(text.find("limit to raw: 500 ns dearer") != text.npos);
  CHECK(text.find("  raw                     2500    3.00") != text.npos);
  const auto document = to_json(of, rungs, steps_of(rungs, scale), scale);
  CHECK(document["rungs"].size() == 2);
  CHECK(document["rungs"][1]["counts"]["arm"] == "raw");
  CHECK(document["steps"][0]["explained"] == true);
  CHECK(document["id"] == of.id());
}

TEST_CASE("callgrind: the total is its last line") {
  CHECK(parse_callgrind_total("fn=(1)\n1 5\n\ntotals: 123456\n") == 123456);
  CHECK(parse_callgrind_total("\ntotals: 1\n\ntotals: 22\n") == 22);
  for (const char* text : {"", "totals: 5", "\ntotals: x\n", "\ntotals: "})
    CHECK_FALSE(parse_callgrind_total(text));
}

TEST_CASE("allocations: a program with the library has a count and one without has none") {
  using namespace std::chrono_literals;
  interrupt_source interrupts;
  const auto run = [&](const std::vector<std::string>& prefix) {
    std::vector<std::string> command = prefix;
    command.insert(command.end(), {"python3", "-c", "for i in range(1000): bytearray(100000)"});
    child program("python3", command, std::nullopt, interrupts);
    CHECK(program.wait(30s) == 0);
  };
  const allocation_counter counter(DUET_BENCH_ALLOCATIONS_LIBRARY);
  CHECK_FALSE(counter.read());
  run({});
  CHECK_FALSE(counter.read());
  run(counter.prefix());
  REQUIRE(counter.read());
  const auto once = *counter.read();
  CHECK(once >= 1000);
  run(counter.prefix());
  CHECK(*counter.read() >= once + 1000);
}

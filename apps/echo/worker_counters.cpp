// SPDX-License-Identifier: MIT
#include "echo/worker_counters.hpp"

#include <chrono>

namespace duet::apps::echo {
namespace {

using os::counter_rule;

/// Calls with each counter and its rule, in an order that is the same for all.
template <class Counters, class Function>
void for_each_counter(Counters& of, Function function) {
  auto& streams = of.streams;
  function(streams.active, counter_rule::present);
  for (auto* each : {&streams.accepted, &streams.refused_by_cap, &streams.refused_by_address,
                     &streams.refused_by_shortage, &streams.refused_by_error,
                     &streams.accept_pauses, &streams.bytes_read, &streams.bytes_written, &of.cut})
    function(*each, counter_rule::sum);
  for (auto& each : streams.closed) function(each, counter_rule::sum);
  auto& datagrams = of.datagrams;
  for (auto* each : {&datagrams.received, &datagrams.echoed, &datagrams.bytes_echoed,
                     &datagrams.truncated, &datagrams.to_many, &datagrams.nameless,
                     &datagrams.looping, &datagrams.limited, &datagrams.not_sent, &datagrams.lost})
    function(*each, counter_rule::sum);
}

}  // namespace

std::vector<os::counter_rule> worker_counter_rules() {
  std::vector<counter_rule> rules{counter_rule::largest, counter_rule::largest};
  worker_counters any;
  for_each_counter(any, [&rules](std::uint64_t&, counter_rule rule) { rules.push_back(rule); });
  return rules;
}

void put_counters(os::worker_context& into, const worker_counters& counters) {
  into.count(0, static_cast<std::uint64_t>(counters.streams.loop_lag.count()));
  into.count(1, static_cast<std::uint64_t>(counters.streams.slowest_handler.count()));
  std::size_t next = 2;
  for_each_counter(counters, [&](std::uint64_t value, counter_rule) { into.count(next++, value); });
}

worker_counters counters_of(const os::worker_numbers& numbers) {
  worker_counters counters;
  counters.streams.loop_lag = std::chrono::nanoseconds(numbers[0]);
  counters.streams.slowest_handler = std::chrono::nanoseconds(numbers[1]);
  std::size_t next = 2;
  for_each_counter(counters, [&](std::uint64_t& value, counter_rule) { value = numbers[next++]; });
  return counters;
}

}  // namespace duet::apps::echo

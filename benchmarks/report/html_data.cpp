// SPDX-License-Identifier: MIT
// What the charts draw. See html_parts.hpp.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "arms/catalogue.hpp"
#include "report/document.hpp"
#include "report/hgrm.hpp"
#include "report/html_parts.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

/// A percentile with fewer samples beyond it is an anecdote.
constexpr double samples_beyond = 10;

json number_or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }

json forest_of(const json& cell, const std::vector<std::string>& arms) {
  json rows = json::array();
  for (const std::string& arm : arms) {
    if (arm == reference_name) continue;
    json row{{"arm", arm}};
    for (const char* metric : {cpu_metric, rate_metric}) {
      const compared c = compared_in(cell, arm, metric);
      row[metric] = {{"ratio", number_or_null(c.ratio)},
                     {"low", number_or_null(c.low)},
                     {"high", number_or_null(c.high)}};
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// From the barest loop to the most comfortable; what the list does not know comes last.
json ladder_of_arms(const json& cell, std::vector<std::string> arms) {
  const std::vector<std::string> order{"limit", "raw", "asio", "asio-stock", "asio-coro"};
  const auto rank = [&](const std::string& arm) {
    return std::find(order.begin(), order.end(), arm) - order.begin();
  };
  std::erase(arms, std::string(control_name));
  std::stable_sort(arms.begin(), arms.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  json rows = json::array();
  for (const std::string& arm : arms) {
    const json& counts = object_in(object_in(cell, "counts"), arm);
    const auto messages = number_in(counts, "messages");
    const auto all = number_in(object_in(counts, "calls"), "all");
    rows.push_back({{"arm", arm},
                    {"ns", number_or_null(compared_in(cell, arm, cpu_metric).figure)},
                    {"calls", messages && all && *messages > 0 ? json(*all / *messages) : json()}});
  }
  return rows;
}

/// [1/(1-p), ns] as far as samples carry it.
json percentiles_of(const json& cell, const std::string& arm) {
  const counted_values values = round_trips_of(cell, arm);
  json points = json::array();
  if (values.empty()) return points;
  double total = 0;
  for (const auto& each : values) total += static_cast<double>(each.second);
  for (double inverse = 1; total / inverse >= samples_beyond; inverse *= std::exp2(0.25))
    points.push_back({inverse, value_at(values, 1 - 1 / inverse)});
  return points;
}

std::optional<double> cpu_of(const json& round, const std::string& arm) {
  for (const json& slot : object_in(round, "slots")) {
    if (text_in(slot, "arm") != arm) continue;
    const auto cpu = number_in(slot, "server_cpu_ns");
    const auto messages = number_in(slot, "messages");
    if (cpu && messages && *messages > 0) return *cpu / *messages;
  }
  return std::nullopt;
}

/// [round, ratio to raw, kept] of every round.
json rounds_of(const json& cell, const std::string& arm) {
  json points = json::array();
  int number = 0;
  for (const json& block : object_in(cell, "blocks")) {
    for (const json& round : object_in(block, "rounds")) {
      ++number;
      const auto own = cpu_of(round, arm);
      const auto base = cpu_of(round, std::string(reference_name));
      if (own && base && *base > 0)
        points.push_back({number, *own / *base, round.value("kept", true)});
    }
  }
  return points;
}

json calls_of(const json& cell, const std::vector<std::string>& arms) {
  json rows = json::array();
  for (const std::string& arm : arms) {
    const json& counts = object_in(object_in(cell, "counts"), arm);
    const auto messages = number_in(counts, "messages");
    if (!messages || *messages <= 0 || !text_in(counts, "not_measured").empty()) continue;
    json calls = json::object();
    for (const auto& [name, count] : object_in(counts, "calls").items()) {
      const double each = count.get<double>() / *messages;
      if (name != "all" && each >= 0.005) calls[name] = each;
    }
    rows.push_back({{"arm", arm}, {"calls", std::move(calls)}});
  }
  return rows;
}

json cell_data(const json& cell, const std::vector<std::string>& arms) {
  json latency = json::object();
  json rounds = json::object();
  for (const std::string& arm : arms) {
    latency[arm] = percentiles_of(cell, arm);
    if (arm != reference_name) rounds[arm] = rounds_of(cell, arm);
  }
  return {
      {"id", text_in(cell, "id")},       {"floor", object_in(object_in(cell, "summary"), "floor")},
      {"forest", forest_of(cell, arms)}, {"ladder", ladder_of_arms(cell, arms)},
      {"latency", std::move(latency)},   {"rounds", std::move(rounds)},
      {"calls", calls_of(cell, arms)}};
}

}  // namespace

json chart_data(const json& document) {
  const auto arms = arm_names(document);
  json cells = json::array();
  for (const json& cell : object_in(document, "cells")) cells.push_back(cell_data(cell, arms));
  return {{"arms", arms}, {"cells", std::move(cells)}};
}

}  // namespace duet::bench

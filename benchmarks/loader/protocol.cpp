// SPDX-License-Identifier: MIT
// See protocol.hpp.
#include "loader/protocol.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

namespace duet::bench {

namespace {

using nlohmann::json;

json parse_object(std::string_view line) {
  json object = json::parse(line, nullptr, false);
  if (!object.is_object()) throw std::runtime_error(fmt::format("the loader said: {}", line));
  if (const auto error = object.find("error"); error != object.end()) {
    throw std::runtime_error(error->get<std::string>());
  }
  return object;
}

json or_null(const std::optional<std::uint64_t>& value) { return value ? json(*value) : json(); }

std::optional<std::uint64_t> optional_number(const json& object, const char* name) {
  const json& value = object.at(name);
  return value.is_null() ? std::nullopt : std::optional(value.get<std::uint64_t>());
}

json to_json(const std::optional<open_loop_figures>& open) {
  if (!open) return {};
  return {{"rate_per_s", open->rate_per_s},
          {"sending_ns", open->sending_ns},
          {"lag_p99_ns", open->lag_p99_ns},
          {"from_send_p50_ns", open->from_send_p50_ns},
          {"from_send_p99_ns", open->from_send_p99_ns}};
}

std::optional<open_loop_figures> parse_open(const json& object) {
  if (object.is_null()) return std::nullopt;
  return open_loop_figures{.rate_per_s = object.at("rate_per_s"),
                           .sending_ns = object.at("sending_ns"),
                           .lag_p99_ns = object.at("lag_p99_ns"),
                           .from_send_p50_ns = object.at("from_send_p50_ns"),
                           .from_send_p99_ns = object.at("from_send_p99_ns")};
}

/// What follows a command's word: numbers, a space before each.
std::optional<std::vector<std::uint64_t>> parse_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    if (text.front() != ' ') return std::nullopt;
    text.remove_prefix(1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    numbers.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return numbers;
}

}  // namespace

std::string to_line(const slot_report& report) {
  return json{{"messages", report.messages},
              {"elapsed_ns", report.elapsed_ns},
              {"server_cpu_ns", or_null(report.server_cpu_ns)},
              {"loader_cpu_ns", report.loader_cpu_ns},
              {"server_run_delay_ns", or_null(report.server_run_delay_ns)},
              {"loader_run_delay_ns", or_null(report.loader_run_delay_ns)},
              {"round_trips_ns", report.round_trips_ns},
              {"open", to_json(report.open)}}
      .dump();
}

slot_report parse_report(std::string_view line) {
  const json object = parse_object(line);
  try {
    slot_report report;
    report.messages = object.at("messages");
    report.elapsed_ns = object.at("elapsed_ns");
    report.server_cpu_ns = optional_number(object, "server_cpu_ns");
    report.loader_cpu_ns = object.at("loader_cpu_ns");
    report.server_run_delay_ns = optional_number(object, "server_run_delay_ns");
    report.loader_run_delay_ns = optional_number(object, "loader_run_delay_ns");
    report.round_trips_ns = object.at("round_trips_ns");
    report.open = parse_open(object.at("open"));
    return report;
  } catch (const json::exception& error) {
    throw std::runtime_error(fmt::format("not a slot's report: {}", error.what()));
  }
}

std::string to_line(const ready_report& report) {
  return json{{"ready", true}, {"congestion_control", report.congestion_control}}.dump();
}

ready_report parse_ready(std::string_view line) {
  const json object = parse_object(line);
  if (!object.contains("ready")) throw std::runtime_error(fmt::format("the loader said: {}", line));
  return {object.value("congestion_control", std::string())};
}

std::string error_line(std::string_view what) { return json{{"error", what}}.dump(); }

std::string to_line(const command& c) {
  if (c.messages > 0) return fmt::format("count {} {}", c.target, c.messages);
  if (c.rate_per_s > 0)
    return fmt::format("open {} {} {} {}", c.target, c.warm_up_ms, c.measure_ms, c.rate_per_s);
  return fmt::format("slot {} {} {}", c.target, c.warm_up_ms, c.measure_ms);
}

std::optional<command> parse_command(std::string_view line) {
  const std::string_view word = line.substr(0, line.find(' '));
  const auto numbers = parse_numbers(line.substr(word.size()));
  if (!numbers) return std::nullopt;
  const auto& n = *numbers;
  if (word == "count" && n.size() == 2) return command{.target = n[0], .messages = n[1]};
  if (word == "slot" && n.size() == 3)
    return command{.target = n[0], .warm_up_ms = n[1], .measure_ms = n[2]};
  if (word == "open" && n.size() == 4 && n[3] > 0)
    return command{.target = n[0], .warm_up_ms = n[1], .measure_ms = n[2], .rate_per_s = n[3]};
  return std::nullopt;
}

}  // namespace duet::bench

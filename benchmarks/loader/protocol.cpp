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

}  // namespace

std::string to_line(const slot_report& report) {
  return json{{"messages", report.messages},
              {"elapsed_ns", report.elapsed_ns},
              {"server_cpu_ns", or_null(report.server_cpu_ns)},
              {"loader_cpu_ns", report.loader_cpu_ns},
              {"server_run_delay_ns", or_null(report.server_run_delay_ns)},
              {"loader_run_delay_ns", or_null(report.loader_run_delay_ns)},
              {"round_trips_ns", report.round_trips_ns}}
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
  return fmt::format("slot {} {} {}", c.target, c.warm_up_ms, c.measure_ms);
}

std::optional<command> parse_command(std::string_view line) {
  const bool is_count = line.starts_with("count ");
  if (!is_count && !line.starts_with("slot ")) return std::nullopt;
  line.remove_prefix(is_count ? 6 : 5);
  std::vector<std::uint64_t> numbers;
  while (true) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error != std::errc{}) return std::nullopt;
    numbers.push_back(value);
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    if (line.empty()) break;
    if (line.front() != ' ') return std::nullopt;
    line.remove_prefix(1);
  }
  if (numbers.size() != (is_count ? 2U : 3U)) return std::nullopt;
  if (is_count) return command{.target = numbers[0], .messages = numbers[1]};
  return command{.target = numbers[0], .warm_up_ms = numbers[1], .measure_ms = numbers[2]};
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See sanity.hpp.
#include "harness/sanity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace duet::bench {

namespace {

using nlohmann::json;

constexpr const char* bits_unit = "bits_per_s";
constexpr const char* trip_unit = "round_trip_p50_ns";

/// The number that follows `label`, past blanks and '='.
std::optional<double> number_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  if (at == text.npos) return std::nullopt;
  const auto from = text.find_first_not_of("= ", at + label.size());
  if (from == text.npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data() + from, text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

/// From `begin`'s end up to `end`; empty if either is missing.
std::string text_between(const std::string& text, std::string_view begin, std::string_view end) {
  const auto at = text.find(begin);
  if (at == text.npos) return {};
  const auto from = at + begin.size();
  const auto to = text.find(end, from);
  return to == text.npos ? std::string() : text.substr(from, to - from);
}

/// sockperf's own line of what went wrong.
std::string sockperf_reason(const std::string& output) {
  for (const char* sign : {"ERROR: ", "sockperf: No ", "sockperf: '-m' "}) {
    const auto at = output.find(sign);
    if (at == output.npos) continue;
    const auto from = output.find(": ", at) + 2;
    return output.substr(from, output.find('\n', from) - from);
  }
  return "it printed no median";
}

std::vector<std::string> iperf3_client(const cell& of, std::uint16_t port,
                                       const std::string& congestion_control) {
  return {"iperf3",
          "--client",
          "127.0.0.1",
          fmt::format("--port={}", port),
          "--json",
          "--time=2",
          fmt::format("--length={}", of.message_bytes),
          fmt::format("--parallel={}", of.connections),
          "--no-delay",
          fmt::format("--congestion={}", congestion_control)};
}

/// In the tool's unit.
std::optional<double> figure_of_raw(const sanity_result& of, const cell& what,
                                    const cell_summary& summary) {
  if (of.unit == trip_unit)
    return summary.round_trips.empty() ? std::nullopt : summary.round_trips[0].p50_ns;
  if (summary.throughput.figures.empty() || !summary.throughput.figures[0]) return std::nullopt;
  constexpr double bits_per_byte = 8;
  return *summary.throughput.figures[0] * static_cast<double>(what.message_bytes) * bits_per_byte;
}

std::string figure_in_words(const std::optional<double>& figure, const std::string& unit) {
  if (!figure) return "not measured";
  return unit == trip_unit ? fmt::format("{:.1f} us", *figure / 1e3)
                           : fmt::format("{:.2f} Gbit/s", *figure / 1e9);
}

std::string words_of(const sanity_result& line, const std::optional<double>& raw) {
  if (!line.figure) return "not measured: " + line.not_measured;
  return fmt::format("{} {}; raw in this run: {}",
                     line.unit == trip_unit ? "median round trip" : "received",
                     figure_in_words(line.figure, line.unit), figure_in_words(raw, line.unit));
}

}  // namespace

std::string_view name_of(sanity_tool tool) {
  return tool == sanity_tool::iperf3 ? "iperf3" : "sockperf";
}

std::optional<sanity_tool> sanity_tool_for(const cell& what) {
  if (what.transport() == "tcp" && what.scenario == "bulk" && what.kind == traffic_kind::one_way)
    return sanity_tool::iperf3;
  constexpr std::size_t smallest = 14;  // sockperf's header
  const bool is_trip = what.scenario == "pingpong" && what.connections == 1 && !what.spin;
  const bool is_internet = what.transport() == "tcp" || what.transport() == "udp";
  if (is_trip && is_internet && what.message_bytes >= smallest) return sanity_tool::sockperf;
  return std::nullopt;
}

std::size_t arms_taking_part(const plan& how, const std::vector<arm>& arms, const cell& what) {
  if (!how.sanity || !sanity_tool_for(what)) return arms.size();
  const auto refuses = [&](const arm& each) { return !each.refusal(what).empty(); };
  const auto first = std::find_if(arms.begin(), arms.end(), refuses);
  const bool is_peer = first != arms.end() && first->group == arm_group::peer;
  return is_peer ? static_cast<std::size_t>(first - arms.begin()) : arms.size();
}

sanity_commands commands_of(sanity_tool tool, const cell& of, std::uint16_t port,
                            const std::string& congestion_control) {
  if (tool == sanity_tool::iperf3) {
    return {{"iperf3", "--server", "--one-off", "--bind", "127.0.0.1",
             fmt::format("--port={}", port), "--forceflush"},
            iperf3_client(of, port, congestion_control),
            "Server listening on"};
  }
  sanity_commands both{{"sockperf", "server"}, {"sockperf", "ping-pong"}, "[tid"};
  for (auto* argv : {&both.server, &both.client}) {
    for (std::string word :
         {std::string("-i"), std::string("127.0.0.1"), std::string("-p"), std::to_string(port)})
      argv->push_back(std::move(word));
    if (of.transport() == "tcp") argv->emplace_back("--tcp");
  }
  for (std::string word : {std::string("-m"), std::to_string(of.message_bytes), std::string("-t"),
                           std::string("2"), std::string("--full-rtt")})
    both.client.push_back(std::move(word));
  return both;
}

sanity_reading read_iperf3(const std::string& output) {
  try {
    const json document = json::parse(output.substr(std::min(output.find('{'), output.size())));
    if (document.contains("error"))
      throw std::runtime_error(document.at("error").get<std::string>());
    const std::string version = document.at("start").at("version");
    const double bits = document.at("end").at("sum_received").at("bits_per_second");
    if (!(bits > 0)) throw std::runtime_error("nothing arrived");
    return {bits, version.starts_with("iperf ") ? version.substr(6) : version};
  } catch (const json::exception&) {
    throw std::runtime_error("its output was not understood");
  }
}

sanity_reading read_sockperf(const std::string& output) {
  const auto half_or_whole_us = number_after(output, "percentile 50.000");
  if (!half_or_whole_us || *half_or_whole_us <= 0)
    throw std::runtime_error(sockperf_reason(output));
  const bool is_whole = output.find("Summary: Round trip is") != output.npos;
  if (!is_whole && output.find("Summary: Latency is") == output.npos)
    throw std::runtime_error("its output does not say whether it is of round trips");
  constexpr double ns_per_us = 1000;
  return {*half_or_whole_us * (is_whole ? 1 : 2) * ns_per_us,
          text_between(output, "== version #", " ==")};
}

sanity_reading read_output(sanity_tool tool, const std::string& output) {
  return tool == sanity_tool::iperf3 ? read_iperf3(output) : read_sockperf(output);
}

json to_json(const sanity_result& line) {
  return {{"tool", line.tool},
          {"version", line.version},
          {"unit", line.unit},
          {"figure", line.figure ? json(*line.figure) : json()},
          {"not_measured", line.not_measured}};
}

sanity_result read_sanity(const json& object) {
  sanity_result line;
  line.tool = object.at("tool");
  line.version = object.at("version");
  line.unit = object.at("unit");
  if (!object.at("figure").is_null()) line.figure = object.at("figure").get<double>();
  line.not_measured = object.at("not_measured");
  return line;
}

json sanity_json(const cell_result& cell, const cell_summary& summary) {
  if (!cell.sanity) return json::array();
  const auto raw = figure_of_raw(*cell.sanity, cell.what, summary);
  json line = to_json(*cell.sanity);
  line["raw"] = raw ? json(*raw) : json();
  line["text"] = words_of(*cell.sanity, raw);
  return json::array({std::move(line)});
}

std::string sanity_line(const cell_result& cell, const cell_summary& summary) {
  if (!cell.sanity || cell.sanity->not_measured.starts_with(not_installed)) return {};
  return fmt::format("  sanity: {}{}{}: {}\n", cell.sanity->tool,
                     cell.sanity->version.empty() ? "" : " ", cell.sanity->version,
                     words_of(*cell.sanity, figure_of_raw(*cell.sanity, cell.what, summary)));
}

sanity_result empty_sanity(sanity_tool tool) {
  sanity_result line;
  line.tool = name_of(tool);
  line.unit = tool == sanity_tool::iperf3 ? bits_unit : trip_unit;
  return line;
}

}  // namespace duet::bench

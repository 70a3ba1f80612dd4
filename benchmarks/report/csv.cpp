// SPDX-License-Identifier: MIT
// See csv.hpp.
#include "report/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "report/document.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

/// Numbers as JSON has them, null empty.
std::string csv_value(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  return quoted(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string csv_value(const std::optional<double>& number) {
  return number ? fmt::format("{:.6g}", *number) : std::string();
}

class csv_table {
 public:
  explicit csv_table(const std::vector<std::string>& head) { line(head); }
  void line(const std::vector<std::string>& values) {
    text_ += fmt::format("{}\n", fmt::join(values, ","));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string joined(const json& texts) {
  std::vector<std::string> parts;
  for (const json& each : texts) parts.push_back(each.get<std::string>());
  return quoted(fmt::format("{}", fmt::join(parts, " ")));
}

}  // namespace

std::string rounds_csv(const json& document) {
  const std::vector<const char*> of_slot{
      "messages",      "elapsed_ns",          "server_cpu_ns",
      "loader_cpu_ns", "server_run_delay_ns", "loader_run_delay_ns"};
  const std::vector<const char*> of_round{"wall_ns", "busy_ns", "own_cpu_ns", "steal_ns",
                                          "throttled"};
  std::vector<std::string> head{"cell", "block", "round", "turn", "arm", "kept", "failed_gates"};
  head.insert(head.end(), of_slot.begin(), of_slot.end());
  for (const char* name : of_round) head.push_back(fmt::format("round_{}", name));
  csv_table out(head);
  for (const json& cell : object_in(document, "cells")) {
    std::size_t block = 0;
    for (const json& each : object_in(cell, "blocks")) {
      ++block;
      std::size_t number = 0;
      for (const json& round : object_in(each, "rounds")) {
        ++number;
        std::size_t turn = 0;
        for (const json& slot : object_in(round, "slots")) {
          ++turn;
          std::vector<std::string> row{csv_value(cell, "id"),
                                       std::to_string(block),
                                       std::to_string(number),
                                       std::to_string(turn),
                                       csv_value(slot, "arm"),
                                       csv_value(round, "kept"),
                                       joined(object_in(round, "failed_gates"))};
          for (const char* name : of_slot) row.push_back(csv_value(slot, name));
          for (const char* name : of_round)
            row.push_back(csv_value(object_in(round, "conditions"), name));
          out.line(row);
        }
      }
    }
  }
  return out.take();
}

std::string compare_csv(const json& document) {
  csv_table out({"cell", "arm", "metric", "figure", "ratio_to_raw", "low", "high", "verdict",
                 "floor_low", "floor_high", "blocks", "kept_blocks", "rounds", "kept_rounds"});
  const auto arms = arm_names(document);
  for (const json& cell : object_in(document, "cells")) {
    const json& summary = object_in(cell, "summary");
    for (const char* metric : {cpu_metric, rate_metric}) {
      const json& floor = object_in(object_in(summary, "floor"), metric);
      const bool has_floor = floor.is_array() && floor.size() == 2;
      for (const std::string& arm : arms) {
        const compared c = compared_in(cell, arm, metric);
        out.line({csv_value(cell, "id"), quoted(arm), metric, csv_value(c.figure),
                  csv_value(c.ratio), csv_value(c.low), csv_value(c.high), c.verdict,
                  has_floor ? csv_value(std::optional(floor[0].get<double>())) : "",
                  has_floor ? csv_value(std::optional(floor[1].get<double>())) : "",
                  csv_value(summary, "blocks"), csv_value(summary, "kept_blocks"),
                  csv_value(summary, "rounds"), csv_value(summary, "kept_rounds")});
      }
    }
  }
  return out.take();
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// Looking into a result.json (schema duet-bench/1, benchmarks/report/result.schema.json). Everything that is made after a
// run, and from two runs, is made from this document alone: what another version has written can be read, too.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet::bench {

/// @param file result.json, or the folder it is in
/// @throws std::invalid_argument naming the file: not there, no JSON, another schema
nlohmann::json load_result(const std::string& file);

/// The member if it is there and a number.
std::optional<double> number_in(const nlohmann::json& object, std::string_view name);
/// The member, or an empty object.
const nlohmann::json& object_in(const nlohmann::json& object, std::string_view name);
/// The member as it is, or an empty text.
std::string text_in(const nlohmann::json& object, std::string_view name);

/// The arms' names in the order of the run, the reference first.
std::vector<std::string> arm_names(const nlohmann::json& document);

/// A figure of one arm in one cell, and how it compares.
struct compared {
  std::optional<double> figure, ratio, low, high;
  std::string verdict;
};
/// @param metric "cpu_ns_per_message" or "messages_per_s"
compared compared_in(const nlohmann::json& cell, const std::string& arm, const std::string& metric);

/// The metrics with ratios, those of all cells alike.
inline constexpr const char* cpu_metric = "cpu_ns_per_message";
inline constexpr const char* rate_metric = "messages_per_s";

/// What of the cell is to be doubted; may be empty.
std::vector<std::string> notes_in(const nlohmann::json& cell);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See document.hpp.
#include "report/document.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "harness/result_json.hpp"

namespace duet::bench {

using nlohmann::json;
namespace fs = std::filesystem;

json load_result(const std::string& file) {
  const fs::path path = fs::is_directory(file) ? fs::path(file) / "result.json" : fs::path(file);
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::invalid_argument(fmt::format("{}: cannot be read", path.string()));
  json document;
  try {
    document = json::parse(in);
  } catch (const json::exception&) {
    throw std::invalid_argument(fmt::format("{}: is no JSON", path.string()));
  }
  const std::string found = text_in(document, "schema");
  if (found != schema) {
    throw std::invalid_argument(
        fmt::format("{}: its schema is \"{}\", not {}", path.string(), found, schema));
  }
  for (const char* name : {"environment", "plan", "arms", "cells"}) {
    if (!document.contains(name))
      throw std::invalid_argument(fmt::format("{}: it has no {}", path.string(), name));
  }
  return document;
}

std::optional<double> number_in(const json& object, std::string_view name) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

const json& object_in(const json& object, std::string_view name) {
  static const json empty = json::object();
  if (!object.is_object()) return empty;
  const auto found = object.find(name);
  return found != object.end() && found->is_structured() ? *found : empty;
}

std::string text_in(const json& object, std::string_view name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> arm_names(const json& document) {
  std::vector<std::string> names;
  for (const json& each : object_in(document, "arms")) names.push_back(text_in(each, "name"));
  return names;
}

compared compared_in(const json& cell, const std::string& arm, const std::string& metric) {
  const json& arms = object_in(object_in(cell, "summary"), "arms");
  const json& found = object_in(object_in(arms, arm), metric);
  const json& to_raw = object_in(found, "to_raw");
  compared result{
      number_in(found, "figure"), number_in(to_raw, "ratio"), {}, {}, text_in(to_raw, "verdict")};
  const json& bounds = object_in(to_raw, "interval");
  if (bounds.is_array() && bounds.size() == 2) {
    result.low = bounds[0].get<double>();
    result.high = bounds[1].get<double>();
  }
  return result;
}

std::vector<std::string> notes_in(const json& cell) {
  std::vector<std::string> notes;
  for (const json& each : object_in(cell, "notes")) {
    if (each.is_string()) notes.push_back(each);
  }
  return notes;
}

}  // namespace duet::bench

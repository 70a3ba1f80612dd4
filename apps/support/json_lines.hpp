// SPDX-License-Identifier: MIT
// json_lines: results as JSON Lines, each an object that names its schema and its event. Flat on purpose: a line is a record; a value may
// be a list of texts. Source: RFC 8259, jsonlines.org.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace duet::apps {

using json_value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double,
                                std::string, std::vector<std::string>>;

struct json_field {
  std::string_view key;
  json_value value;
};

/// One line, with its end: {"schema":"duet-echo/1","event":"listening",...}. Fields keep their order. Bytes that are not UTF-8 (a
/// UNIX path may hold them) become U+FFFD.
std::string json_line(std::string_view schema, std::string_view event,
                      std::span<const json_field> fields);
std::string json_line(std::string_view schema, std::string_view event,
                      std::initializer_list<json_field> fields);

}  // namespace duet::apps

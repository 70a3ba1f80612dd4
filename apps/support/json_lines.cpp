// SPDX-License-Identifier: MIT
#include "support/json_lines.hpp"

#include <nlohmann/json.hpp>

namespace duet::apps {

std::string json_line(std::string_view schema, std::string_view event,
                      std::span<const json_field> fields) {
  using json = nlohmann::ordered_json;
  json line{{"schema", std::string(schema)}, {"event", std::string(event)}};
  for (const json_field& each : fields) {
    line[std::string(each.key)] =
        std::visit([](const auto& value) { return json(value); }, each.value);
  }
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string json_line(std::string_view schema, std::string_view event,
                      std::initializer_list<json_field> fields) {
  return json_line(schema, event, std::span(fields.begin(), fields.size()));
}

}  // namespace duet::apps

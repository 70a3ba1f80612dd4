// SPDX-License-Identifier: MIT
// See result_read.hpp.
#include "harness/result_read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace duet::bench {

namespace {

using nlohmann::json;

std::optional<std::uint64_t> count_or_none(const json& object, const char* name) {
  const json& value = object.at(name);
  if (value.is_null()) return std::nullopt;
  return value.get<std::uint64_t>();
}

std::size_t arm_index(const std::string& name, const std::vector<arm>& arms) {
  const auto found =
      std::find_if(arms.begin(), arms.end(), [&](const arm& each) { return each.name == name; });
  if (found == arms.end())
    throw std::invalid_argument(fmt::format("arm {} is none of the run's", name));
  return static_cast<std::size_t>(found - arms.begin());
}

slot_result read_slot(json object, const std::vector<arm>& arms) {
  slot_result slot;
  slot.arm = arm_index(object.at("arm").get<std::string>(), arms);
  object["round_trips_ns"] = json::array();  // they are the block's, merged
  slot.report = parse_report(object.dump());
  return slot;
}

round_result read_round(const json& object, const std::vector<arm>& arms) {
  round_result round;
  for (const json& each : object.at("slots")) round.slots.push_back(read_slot(each, arms));
  round.failed_gates = object.at("failed_gates").get<std::vector<std::string>>();
  const json& c = object.at("conditions");
  round.conditions = {.wall_ns = c.at("wall_ns"),
                      .cpus = c.at("measured_cpus"),
                      .busy_ns = count_or_none(c, "busy_ns"),
                      .steal_ns = count_or_none(c, "steal_ns"),
                      .own_cpu_ns = c.at("own_cpu_ns"),
                      .throttled = count_or_none(c, "throttled")};
  return round;
}

}  // namespace

plan read_plan(const json& object) {
  plan how;
  how.blocks = object.at("blocks");
  how.squares = object.at("squares_per_block");
  how.slot = std::chrono::milliseconds(object.at("slot_ms").get<std::int64_t>());
  how.warm_up = std::chrono::milliseconds(object.at("warm_up_ms").get<std::int64_t>());
  how.seed = object.at("seed");
  how.gates = object.at("gates");
  how.counts = object.value("counts", true);
  how.sanity = object.value("sanity", false);
  how.settings.buffer_bytes = object.at("buffer_bytes");
  how.settings.receive_buffer_bytes = object.at("datagram_receive_buffer_bytes");
  how.settings.congestion_control = object.at("congestion_control");
  return how;
}

arm read_arm(const json& object) {
  arm result;
  result.name = object.at("name");
  result.program = object.at("program");
  result.summary = object.at("summary");
  result.group = arm_group_of(object.at("group").get<std::string>());
  return result;
}

placement read_placement(const json& object) {
  return {object.at("server_cpu"), object.at("loader_cpu"), object.at("pinned"),
          object.at("warning")};
}

environment read_recorded_environment(const json& object) {
  environment e;
  for (const json& each : object.at("allowed_cpus"))
    e.allowed_cpus.push_back({each.at("id"), each.at("siblings").get<std::vector<int>>()});
  for (const auto& [name, text] : texts_of(e)) *text = object.at(name);
  return e;
}

block_result read_block(const json& object, const std::vector<arm>& arms) {
  block_result block;
  for (const json& each : object.at("rounds")) block.rounds.push_back(read_round(each, arms));
  block.round_trips_ns.resize(arms.size());
  for (const auto& [name, pairs] : object.at("round_trips_ns").items()) {
    histogram::sparse& trips = block.round_trips_ns[arm_index(name, arms)];
    for (const json& pair : pairs)
      trips.emplace_back(histogram::bucket_of(pair.at(0).get<std::uint64_t>()), pair.at(1));
  }
  return block;
}

cell cell_by_id(const std::string& id) {
  for (const cell& each : all_cells()) {
    if (each.id() == id) return each;
  }
  throw std::invalid_argument(fmt::format("this version has no cell {}", id));
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See result_json.hpp.
#include "harness/result_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/report.hpp"
#include "harness/sanity.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json to_json(const std::optional<interval>& bounds) {
  return bounds ? json::array({bounds->low, bounds->high}) : json();
}

json to_json(const std::optional<comparison>& ratio) {
  if (!ratio) return {};
  return {{"ratio", ratio->ratio},
          {"interval", to_json(ratio->bounds)},
          {"verdict", to_string(ratio->decision)},
          {"within_3_percent", within_margin(*ratio)}};
}

json to_json(const metric_summary& metric, std::size_t arm) {
  return {{"figure", or_null(metric.figures[arm])}, {"to_raw", to_json(metric.ratios[arm])}};
}

json to_json(const latency_summary& trip) {
  return {{"p50", or_null(trip.p50_ns)},
          {"p90", or_null(trip.p90_ns)},
          {"p99", or_null(trip.p99_ns)},
          {"p99_9", or_null(trip.p99_9_ns)},
          {"max", trip.max_ns}};
}

/// As the loader reports it; the round trips are merged into the block's.
json to_json(const slot_result& slot, const std::vector<arm>& arms) {
  json object = json::parse(to_line(slot.report));
  object.erase("round_trips_ns");
  object["arm"] = arms[slot.arm].name;
  return object;
}

json to_json(const round_conditions& c) {
  return {{"wall_ns", c.wall_ns},
          {"measured_cpus", c.cpus},
          {"busy_ns", or_null(c.busy_ns)},
          {"own_cpu_ns", c.own_cpu_ns},
          {"steal_ns", or_null(c.steal_ns)},
          {"throttled", or_null(c.throttled)}};
}

json to_json(const round_result& round, const std::vector<arm>& arms) {
  json slots = json::array();
  for (const slot_result& slot : round.slots) slots.push_back(to_json(slot, arms));
  return {{"kept", round.kept()},
          {"failed_gates", round.failed_gates},
          {"conditions", to_json(round.conditions)},
          {"slots", std::move(slots)}};
}

/// [[middle of the bucket, count], ...]: readable without knowing the buckets.
json to_json(const histogram::sparse& buckets) {
  json pairs = json::array();
  for (const auto& [bucket, count] : buckets)
    pairs.push_back({histogram::middle_of(bucket), count});
  return pairs;
}

}  // namespace

json to_json(const block_result& block, const std::vector<arm>& arms) {
  json rounds = json::array();
  for (const round_result& round : block.rounds) rounds.push_back(to_json(round, arms));
  json trips = json::object();
  for (std::size_t i = 0; i < block.round_trips_ns.size(); ++i) {
    trips[arms[i].name] = to_json(block.round_trips_ns[i]);
  }
  return {{"rounds", std::move(rounds)}, {"round_trips_ns", std::move(trips)}};
}

json to_json(const placement& where) {
  return {{"server_cpu", where.server_cpu},
          {"loader_cpu", where.loader_cpu},
          {"pinned", where.pinned},
          {"warning", where.warning}};
}

json to_json(const arm& which) {
  return {{"name", which.name},
          {"program", which.program},
          {"summary", which.summary},
          {"group", name_of(which.group)}};
}

json to_json(const environment& e) {
  json cpus = json::array();
  for (const cpu& each : e.allowed_cpus)
    cpus.push_back({{"id", each.id}, {"siblings", each.siblings}});
  json probes = json::object();
  for (const probe& each : e.probes)
    probes[each.name] = each.value ? json(*each.value) : json("not measured: " + each.reason);
  json object{{"allowed_cpus", std::move(cpus)},
              {"mitigations", e.mitigations},
              {"sysctls", e.sysctls},
              {"limits", e.limits},
              {"probes", std::move(probes)}};
  environment texts = e;
  for (const auto& [name, text] : texts_of(texts)) object[name] = *text;
  return object;
}

json to_json(const plan& how) {
  return {{"blocks", how.blocks},
          {"squares_per_block", how.squares},
          {"slot_ms", how.slot.count()},
          {"warm_up_ms", how.warm_up.count()},
          {"seed", how.seed},
          {"gates", how.gates},
          {"counts", how.counts},
          {"sanity", how.sanity},
          {"buffer_bytes", how.settings.buffer_bytes},
          {"datagram_receive_buffer_bytes", how.settings.receive_buffer_bytes},
          {"congestion_control", how.settings.congestion_control},
          {"nodelay", true}};
}

json to_json(const cell_summary& summary, const std::vector<arm>& arms) {
  json by_arm = json::object();
  for (std::size_t i = 0; i < arms.size(); ++i) {
    by_arm[arms[i].name] = {{summary.cpu.name, to_json(summary.cpu, i)},
                            {summary.throughput.name, to_json(summary.throughput, i)},
                            {"server_busy", or_null(summary.server_busy[i])},
                            {"round_trip_ns", to_json(summary.round_trips[i])}};
  }
  return {{"arms", std::move(by_arm)},
          {"floor",
           {{summary.cpu.name, to_json(summary.cpu.floor)},
            {summary.throughput.name, to_json(summary.throughput.floor)}}},
          {"blocks", summary.blocks},
          {"kept_blocks", summary.kept_blocks},
          {"blocks_needed", summary.blocks_needed},
          {"indicative", summary.indicative},
          {"rounds", summary.rounds},
          {"kept_rounds", summary.kept_rounds},
          {"dropped_by", summary.dropped_by}};
}

namespace {

std::vector<std::string> loader_bound_arms(const cell_result& cell, const cell_summary& summary,
                                           const std::vector<arm>& arms) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arms.size() && summary.blocks > 0; ++i) {
    if (is_loader_bound(cell, summary, i)) names.push_back(arms[i].name);
  }
  return names;
}

}  // namespace

json cell_line(const cell_result& cell, const cell_summary& summary, const std::vector<arm>& arms) {
  return {{"schema", schema},
          {"type", "cell"},
          {"id", cell.what.id()},
          {"description", cell.what.description()},
          {"scenario", cell.what.scenario},
          {"transport", cell.what.transport()},
          {"message_bytes", cell.what.message_bytes},
          {"connections", cell.what.connections},
          {"same_core", cell.what.same_core},
          {"placement", to_json(cell.where)},
          {"loader_congestion_control", cell.congestion_control},
          {"rate_per_s", cell.rate_per_s > 0 ? json(cell.rate_per_s) : json()},
          {"notes", cell.skipped ? std::vector<std::string>() : objections(cell, summary, arms)},
          {"loader_bound", loader_bound_arms(cell, summary, arms)},
          {"failure", cell.failure},
          {"skipped", cell.skipped},
          {"summary", to_json(summary, arms)}};
}

void print_line(json object) {
  object["schema"] = schema;
  fmt::print("{}\n", object.dump());
}

json to_json(const run_result& run) {
  json arms = json::array();
  for (const arm& each : run.arms) arms.push_back(to_json(each));
  json cells = json::array();
  for (std::size_t i = 0; i < run.cells.size(); ++i) {
    json cell = cell_line(run.cells[i], run.summaries[i], run.arms);
    cell.erase("schema");
    cell.erase("type");
    json blocks = json::array();
    for (const block_result& block : run.cells[i].blocks)
      blocks.push_back(to_json(block, run.arms));
    cell["blocks"] = std::move(blocks);
    if (!run.cells[i].counted.empty()) cell.update(json::parse(run.cells[i].counted));
    if (run.cells[i].sanity) cell["sanity"] = sanity_json(run.cells[i], run.summaries[i]);
    cells.push_back(std::move(cell));
  }
  json environment_object = to_json(run.where);
  environment_object["load_after"] = run.load_after;
  environment_object["steal_ns"] = or_null(run.steal_ns);
  return {{"schema", schema},         {"complete", run.complete},
          {"plan", to_json(run.how)}, {"environment", std::move(environment_object)},
          {"resumed", run.resumed},   {"arms", std::move(arms)},
          {"cells", std::move(cells)}};
}

}  // namespace duet::bench

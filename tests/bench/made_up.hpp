// SPDX-License-Identifier: MIT
// Results that nobody measured: for the tests of what is made of results.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/result_json.hpp"

namespace duet::bench::test {

inline std::vector<arm> three_arms() {
  return {{"raw", "duet-arm-raw", ""}, {"raw'", "duet-arm-raw", ""}, {"asio", "duet-arm-asio", ""}};
}

/// A quiet slot of 40 ms in which each message cost the server `cpu_ns`.
inline slot_result slot(std::size_t arm, std::uint64_t cpu_ns, std::uint64_t messages = 10'000) {
  slot_result result;
  result.arm = arm;
  result.report.messages = messages;
  result.report.elapsed_ns = 40'000'000;
  result.report.server_cpu_ns = cpu_ns * messages;
  result.report.loader_cpu_ns = result.report.elapsed_ns - cpu_ns * messages;
  result.report.server_run_delay_ns = 0;
  result.report.loader_run_delay_ns = 0;
  return result;
}

/// A round of three arms with these costs of a message.
inline round_result round_of(std::uint64_t raw, std::uint64_t control, std::uint64_t asio) {
  round_result result;
  result.slots = {slot(2, asio), slot(0, raw), slot(1, control)};
  result.conditions = {.wall_ns = 180'000'000,
                       .cpus = 2,
                       .busy_ns = 300'000'000,
                       .steal_ns = 0,
                       .own_cpu_ns = 300'000'000,
                       .throttled = 0};
  return result;
}

/// A cell of identical blocks of three such rounds.
inline cell_result cell_of(std::size_t blocks, std::uint64_t raw, std::uint64_t control,
                           std::uint64_t asio) {
  cell_result result;
  result.what = {.scenario = "echo",
                 .message_bytes = 64,
                 .connections = 64,
                 .same_core = false,
                 .quick = true};
  result.where = {1, 0, true, {}};
  for (std::size_t i = 0; i < blocks; ++i) {
    block_result block;
    block.rounds.assign(3, round_of(raw, control, asio));
    block.round_trips_ns.assign(3, {{histogram::bucket_of(15'000), 30'000}});
    result.blocks.push_back(std::move(block));
  }
  return result;
}

/// A finished run of one such cell.
inline run_result run_of(cell_result cell) {
  run_result result;
  result.arms = three_arms();
  result.how.blocks = cell.blocks.size();
  result.where.host = "made-up";
  result.where.started_at = "2024-05-31T12:34:56Z";
  result.summaries = {summarise(cell, result.arms)};
  result.cells = {std::move(cell)};
  result.complete = true;
  return result;
}

}  // namespace duet::bench::test

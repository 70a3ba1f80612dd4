// SPDX-License-Identifier: MIT
// What a run leaves behind: plain data, from the plan down to every slot of every round. Nothing is thrown away;
// rounds that a gate dropped are kept with the reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arms/catalogue.hpp"
#include "harness/histogram.hpp"
#include "harness/topology.hpp"
#include "loader/protocol.hpp"
#include "scenarios/scenario.hpp"

namespace duet::bench {

/// How long and how often. A slot is one turn of one arm; a round one slot of each arm; a square as many rounds as there
/// are arms; a block `squares` of them with one set of processes, the unit of replication.
struct plan {
  std::size_t blocks = 12;
  std::size_t squares = 1;
  std::chrono::milliseconds slot{150};
  std::chrono::milliseconds warm_up{20};  ///< the first part of the slot, in no figure
  std::uint64_t seed = 0;
  bool gates = true;    ///< leave out rounds in which the machine did something else
  bool counts = true;   ///< count the arms of a cell after its blocks
  bool sanity = false;  ///< the peers' pass: then run the tool of its sanity line, if it has one
  arm_settings settings;

  [[nodiscard]] std::chrono::milliseconds expected_time(std::size_t arms) const;
};

struct slot_result {
  std::size_t arm = 0;  ///< index into the run's arms
  slot_report report;
};

/// What else the machine did during a round, as far as the kernel tells.
struct round_conditions {
  std::uint64_t wall_ns = 0;
  std::size_t cpus = 1;                            ///< how many are measured
  std::optional<std::uint64_t> busy_ns, steal_ns;  ///< of the measured CPUs, in steps of 10 ms
  std::uint64_t own_cpu_ns = 0;                    ///< arms, loader and orchestrator
  std::optional<std::uint64_t> throttled;          ///< times the cgroup was stopped
};

struct round_result {
  std::vector<slot_result> slots;  ///< in the order of their turns
  round_conditions conditions;
  std::vector<std::string> failed_gates;  ///< empty: the round counts

  [[nodiscard]] bool kept() const { return failed_gates.empty(); }
};

struct block_result {
  std::vector<round_result> rounds;
  std::vector<histogram::sparse>
      round_trips_ns;  ///< by arm; of the kept rounds, of all if none is kept
};

/// What another program measured of a cell; see harness/sanity.hpp.
struct sanity_result {
  std::string tool, version, unit;
  std::optional<double> figure{};
  std::string not_measured{};  ///< why there is none
};

struct cell_result {
  cell what;
  placement where;
  std::string congestion_control;  ///< in effect on the loader's sockets
  std::uint64_t rate_per_s = 0;    ///< of an open loop, found before its first block
  std::vector<block_result> blocks;
  std::string counted;  ///< {"counts": .., "ladder": ..} as the result has them; empty: not counted
  std::optional<sanity_result> sanity{};
  std::vector<std::string> warnings;
  std::string failure;   ///< why the cell was skipped or broke off; empty if it is complete
  bool skipped = false;  ///< this machine cannot run it; that is no failure of the run
};

}  // namespace duet::bench

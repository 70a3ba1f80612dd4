// SPDX-License-Identifier: MIT
// The round gates: a round in which the measured CPUs also did something else is dropped for all arms alike, so that no
// arm is favoured by what is left out. Decisions only; the conditions are read by the runner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/result.hpp"

namespace duet::bench {

/// The share of a slot, or of a round, that foreign work may take.
inline constexpr double gate_share = 0.02;

/// The 99th percentile by which an open loop may send later than intended.
inline constexpr std::uint64_t most_lag_ns = 5000;

/// The names of the gates that the round fails: "steal", "foreign busy", "run delay", "throttled"; of an open loop also "send lag" and
/// "rate", when the loader was late or did not reach the rate.
/// A condition that the kernel does not report fails no gate.
///
/// Foreign work is seen most sharply in the slots themselves. On one core, server and loader leave no moment unused, so
/// that what their CPU clocks lack to the wall clock was someone else's. On two, their run delay tells; on one it does
/// not, there they wait for each other by design. The busy time of the CPUs, in coarse steps, covers the rest.
std::vector<std::string> failed_gates(const round_result&, bool same_core);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// Runs the tool of a sanity line: its server on the cell's server CPU, its client on the loader's, some seconds on loopback. Both are gone
// afterwards.
#pragma once

#include "harness/crew.hpp"
#include "harness/sanity.hpp"

namespace duet::bench {

/// Fills `cell.sanity`. What went wrong stands in it, and is no failure of the cell. @throws interrupted
void measure_sanity(const run_context&, sanity_tool, cell_result& cell);

}  // namespace duet::bench

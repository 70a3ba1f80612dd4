// SPDX-License-Identifier: MIT
// Runs one cell: blocks of processes that are started pinned and stand ready, squares of rounds, slots by command to the
// loader. The orchestrator, this process, sleeps while a slot runs.
#pragma once

#include "harness/crew.hpp"
#include "harness/result.hpp"

namespace duet::bench {

/// Appends block after block to `result`, whose `what` and `where` are set, up to the plan's number: those that it has
/// already are of a run that is resumed. A failure, of an arm or the loader, ends the cell and is told in
/// `result.failure`; what was measured stays.
/// @throws interrupted, save_failed; then too `result` holds the finished blocks. No process is left behind in any case
void run_cell(const run_context&, cell_result& result);

}  // namespace duet::bench

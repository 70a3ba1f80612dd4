// SPDX-License-Identifier: MIT
// The second pass of a run: once the blocks of a cell are there its arms are counted, by new processes, and the ladder made
// from both. In the result's form, because a run that is resumed reads it back and does not count again.
#pragma once

#include <cstdint>
#include <string>

#include "harness/crew.hpp"
#include "harness/result.hpp"

namespace duet::bench {

/// Fills `cell.counted`. Where the counting fails, of the whole cell, it says so in the cell's warnings.
/// @param messages per arm @throws interrupted
void count_into(const run_context&, cell_result& cell, std::uint64_t messages);

/// "calls a message: raw 3.00, asio 3.07" and the ladder's sentences, a line each; empty without counts.
std::string counted_text(const cell_result&, const std::vector<arm>&);

}  // namespace duet::bench

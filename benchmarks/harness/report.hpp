// SPDX-License-Identifier: MIT
// A run as text for a terminal, at most 100 columns wide: the environment, then for each cell the figures, the ratios with
// intervals and verdicts, and what has to be said against them. Pure: data in, text out.
#pragma once

#include <string>
#include <vector>

#include "harness/environment.hpp"
#include "harness/result.hpp"
#include "harness/summary.hpp"

namespace duet::bench {

/// What every figure depends on: kernel, CPU, compiler.
std::string machine_text(const environment&, bool color);
/// The same with what is said of an echo cell beside it.
std::string environment_text(const environment&, const arm_settings&, bool color);
std::string cell_text(const cell_result&, const cell_summary&, const std::vector<arm>&, bool color);

/// What weakens the cell's figures, loudest first.
std::vector<std::string> objections(const cell_result&, const cell_summary&,
                                    const std::vector<arm>&);

/// Whether the loader and not the server sets the throughput: a server core was not busy all the time.
bool is_loader_bound(const cell_result&, const cell_summary&, std::size_t arm);

/// How the verdicts are to be read; printed once, after the cells.
std::string legend_text(std::size_t comparisons, bool color);

}  // namespace duet::bench

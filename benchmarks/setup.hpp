// SPDX-License-Identifier: MIT
// From the options to what is run: the plan, the arms that are there, the cells with their CPUs.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/result.hpp"
#include "options.hpp"

namespace duet::bench {

struct chosen {
  plan how;
  std::vector<arm> arms;
  std::vector<cell_result> cells;  ///< without blocks yet; `skipped` where this machine lacks CPUs
};

/// Tells on stderr which arms are left out because they are not built.
/// @throws std::invalid_argument for a wish that cannot be granted; std::runtime_error if the reference arm is not built
chosen choose_what_to_run(const options&);

/// For a run that is resumed: it needs what it had.
/// @throws std::invalid_argument naming a CPU that is no longer allowed, or an arm that is not built
void check_resumed(const std::vector<cell_result>&, const std::vector<arm>&,
                   const std::vector<cpu>& allowed);

/// The folder of this program; arms and loader are beside it.
std::filesystem::path own_folder();

}  // namespace duet::bench

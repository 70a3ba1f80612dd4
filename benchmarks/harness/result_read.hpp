// SPDX-License-Identifier: MIT
// The way back from JSON, for a run that is resumed. The names are those that result_json writes.
// All throw nlohmann::json::exception for what is missing or of another type; read_block and cell_by_id
// std::invalid_argument for an arm or a cell that nobody knows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/environment.hpp"
#include "harness/result.hpp"

namespace duet::bench {

plan read_plan(const nlohmann::json&);
arm read_arm(const nlohmann::json&);
placement read_placement(const nlohmann::json&);
environment read_recorded_environment(const nlohmann::json&);
block_result read_block(const nlohmann::json&, const std::vector<arm>&);

/// The catalogue's cell.
cell cell_by_id(const std::string& id);

}  // namespace duet::bench

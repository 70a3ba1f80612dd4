// SPDX-License-Identifier: MIT
// A result as comma-separated values, for spreadsheets and statistics programs. A value that was not measured is empty.
// @see RFC 4180; lines end in a newline alone
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace duet::bench {

/// A line for each slot of each round, the dropped ones with the gates that they failed.
std::string rounds_csv(const nlohmann::json& document);

/// A line for each arm, metric and cell: figure, ratio to raw, interval, verdict, noise floor.
std::string compare_csv(const nlohmann::json& document);

}  // namespace duet::bench

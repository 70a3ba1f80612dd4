// SPDX-License-Identifier: MIT
// A result as Markdown: what one pastes into an issue. Ratios with their intervals and the raw figures beside them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace duet::bench {

std::string summary_markdown(const nlohmann::json& document);

/// Sentences that belong under every table: how many false verdicts to expect, and what loopback is.
std::vector<std::string> caveats(const nlohmann::json& document);

/// "faster", "slower, < 3 %", "equal to 3 %", "not resolved", "noise floor" for the control.
std::string verdict_in_words(const nlohmann::json& cell, const std::string& arm,
                             const std::string& metric);

}  // namespace duet::bench

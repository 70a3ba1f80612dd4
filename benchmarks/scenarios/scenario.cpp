// SPDX-License-Identifier: MIT
// See scenario.hpp.
#include "scenarios/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace duet::bench {

std::string cell::id() const {
  return fmt::format("{}/tcp/{}B/{}c/{}", scenario, message_bytes, connections,
                     same_core ? "same-core" : "split");
}

std::string cell::description() const {
  return fmt::format("tcp, {} B, {} connection{}, depth 1, server and loader on {}", message_bytes,
                     connections, connections == 1 ? "" : "s",
                     same_core ? "the same core" : "a core each");
}

const std::vector<cell>& all_cells() {
  static const std::vector<cell> cells{
      {.scenario = "pingpong",
       .message_bytes = 64,
       .connections = 1,
       .same_core = true,
       .quick = true},
      {.scenario = "echo",
       .message_bytes = 64,
       .connections = 64,
       .same_core = false,
       .quick = true},
  };
  return cells;
}

std::vector<cell> select_cells(const std::vector<std::string>& filters, bool quick_only) {
  std::vector<cell> result;
  for (const cell& candidate : all_cells()) {
    if (quick_only && !candidate.quick) continue;
    const std::string id = candidate.id();
    const bool wanted =
        filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& text) {
          return id.find(text) != std::string::npos;
        });
    if (wanted) result.push_back(candidate);
  }
  return result;
}

}  // namespace duet::bench

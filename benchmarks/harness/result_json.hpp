// SPDX-License-Identifier: MIT
// A run as JSON, schema "duet-bench/1": result.json with every slot of every round, and the lines of --json.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/environment.hpp"
#include "harness/result.hpp"
#include "harness/summary.hpp"

namespace duet::bench {

inline constexpr const char* schema = "duet-bench/1";

/// A whole run; cells and summaries side by side.
struct run_result {
  plan how;
  environment where;
  std::vector<arm> arms;
  std::vector<cell_result> cells;
  std::vector<cell_summary> summaries;
  std::string load_after;
  std::optional<std::uint64_t> steal_ns;  ///< of all allowed CPUs, from start to end
  bool complete = false;                  ///< false: interrupted, or a cell broke off
  std::vector<std::string> resumed;       ///< when, each time that it was taken up again
};

nlohmann::json to_json(const environment&);
nlohmann::json to_json(const plan&);
nlohmann::json to_json(const arm&);
nlohmann::json to_json(const placement&);
nlohmann::json to_json(const block_result&, const std::vector<arm>&);
nlohmann::json to_json(const cell_summary&, const std::vector<arm>&);

/// The line of one cell for --json: its summary without the slots.
nlohmann::json cell_line(const cell_result&, const cell_summary&, const std::vector<arm>&);

/// A line of --json on stdout, with the schema.
void print_line(nlohmann::json object);

/// The document of result.json.
nlohmann::json to_json(const run_result&);

}  // namespace duet::bench

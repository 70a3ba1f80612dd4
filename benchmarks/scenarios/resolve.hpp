// SPDX-License-Identifier: MIT
// The scenario `resolve`: so many names at once, each of which its server takes a while to tell, as it does to all at the same time. What
// is measured is how many lookups a resolver keeps in flight. Settings, figures and their text; starting and measuring is resolve.cpp's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace duet::bench {

struct resolve_plan {
  std::size_t names = 100;
  std::chrono::milliseconds delay{50};  ///< of each answer
  std::size_t rounds = 3;               ///< in each every arm has one turn
  std::vector<std::size_t> pools{1, 8, 32};
  std::uint64_t seed = 0;  ///< of the order of the arms in a round
};

struct resolve_arm {
  std::string name;     ///< "asio", "raw", "asio-stock"
  std::string program;  ///< file name, beside duet-bench itself
  std::size_t threads;  ///< lookups at a time
  bool is_stock = false;
};

/// asio-stock, then each pool size with both columns.
std::vector<resolve_arm> resolve_arms(const resolve_plan&);

using milliseconds_f = std::chrono::duration<double, std::milli>;

/// names x delay / threads: what no resolver with so many lookups at a time can go below.
milliseconds_f ideal_time(const resolve_plan&, std::size_t threads);
/// The same in whole turns: 100 names on 32 threads are four turns, not three and an eighth.
milliseconds_f whole_turns(const resolve_plan&, std::size_t threads);

/// Medians over the rounds. A ratio to stock is paired in the round.
struct resolve_figures {
  resolve_arm arm;
  double total_ms = 0;
  double shortest_ms = 0;
  double longest_ms = 0;
  double times_faster_than_stock = 0;
  double times_ideal = 0;
  double times_whole_turns = 0;
};

/// @param took_ms by arm, then by round
/// @pre the first arm is stock, and every arm has at least one round
std::vector<resolve_figures> summarise(const resolve_plan&, const std::vector<resolve_arm>&,
                                       const std::vector<std::vector<double>>& took_ms);

std::string description(const resolve_plan&);
std::string table_text(const resolve_plan&, const std::vector<resolve_figures>&, bool color);

/// A line of --json.
nlohmann::json to_json(const resolve_plan&, const resolve_figures&);

}  // namespace duet::bench

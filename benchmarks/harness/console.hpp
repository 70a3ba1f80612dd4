// SPDX-License-Identifier: MIT
// What people, or programs with --json, see of a run while it runs: text or JSON Lines on stdout, progress on stderr.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/result_json.hpp"
#include "harness/terminal.hpp"

namespace duet::bench {

class console {
 public:
  console(bool as_json, bool color) : json_(as_json), color_(color) {}

  /// @param expected the time that is left, of a resumed run too
  void begin(const run_result&, std::chrono::milliseconds expected);
  /// @param rounds,all_rounds of the cell
  void progress(const cell&, std::size_t rounds, std::size_t all_rounds,
                std::chrono::milliseconds left);
  /// @param doing "counting": what is done with the cell after its blocks
  void beside(const cell&, std::string_view doing, std::chrono::milliseconds left);
  /// Takes the interval so far into the progress line.
  void end_of_block(const cell_result&, const std::vector<arm>&);
  void end_of_cell(const cell_result&, const cell_summary&, const std::vector<arm>&);
  void end(const run_result&, const std::filesystem::path& folder,
           const std::vector<std::string>& files);
  /// Something on stderr that must not stand in the progress line.
  void note(const std::string& text);

 private:
  static void line(nlohmann::json object);

  bool json_;
  bool color_;
  progress_line progress_;
  std::string so_far_;
};

/// "asio 1.012 (0.991 .. 1.034)" for each arm but the control, CPU a message against raw; what blocks are missing for an
/// interval is said instead of it. Empty without a block.
std::string interval_so_far(const cell_summary&, const std::vector<arm>&);

}  // namespace duet::bench

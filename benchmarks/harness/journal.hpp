// SPDX-License-Identifier: MIT
// What a run writes while it runs, so that nothing measured is lost and it can be taken up again: `run.json` (what was to
// be measured, where and how) at the start, and a line of `blocks.jsonl` for each finished block, on the disk before the
// next one begins. The block is the unit of replication and of resumption. `result.json` is made from both.
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <string>

#include "harness/result_json.hpp"

namespace duet::bench {

/// Measured and not saved: a full disk as a rule. Ends the run, not only the cell.
class save_failed : public std::exception {
 public:
  explicit save_failed(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// The open blocks.jsonl of one run. A second one on the same folder is refused.
class journal {
 public:
  /// For a run that begins. Writes run.json.
  /// @throws std::invalid_argument if the folder holds a run already; save_failed
  journal(const std::filesystem::path& folder, const run_result& run);
  /// For one that goes on, with what `read_journal` has found.
  journal(const std::filesystem::path& folder, std::size_t good_bytes);
  ~journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  /// The last block of `cell`. If it cannot be written to the end, the file ends after the block before.
  /// @throws save_failed
  void append(const cell_result& cell, const std::vector<arm>& arms);
  /// What was counted of `cell`, likewise.
  void append_counted(const cell_result& cell);
  /// Its sanity line, likewise.
  void append_sanity(const cell_result& cell);

 private:
  void open_locked(int flags);
  void write_line(const std::string& line);

  std::filesystem::path file_;
  int fd_ = -1;
  std::size_t good_bytes_ = 0;
};

struct read_run {
  run_result run;  ///< cells with the blocks that are there; no summaries
  std::size_t good_bytes =
      0;  ///< of blocks.jsonl: a line that was not written to its end is left out
};

/// @throws std::invalid_argument naming the file and what is wrong with it
read_run read_journal(const std::filesystem::path& folder);

}  // namespace duet::bench

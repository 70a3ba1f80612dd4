// SPDX-License-Identifier: MIT
// The files beside result.json, all made from it.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace duet::bench {

struct written {
  std::vector<std::string> names;     ///< of the files, within the folder
  std::vector<std::string> problems;  ///< what could not be written, and why
  std::vector<std::string> remarks;   ///< what was written and lacks something
};

/// rounds.csv, compare.csv, summary.md, report.html and a folder hgrm/. One that cannot be written does not keep the others
/// from it.
written write_report_files(const nlohmann::json& document, const std::filesystem::path& folder);

}  // namespace duet::bench

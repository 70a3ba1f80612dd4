// SPDX-License-Identifier: MIT
// Round trips as percentile distributions in the text form of HdrHistogram, which its plotter and others read: values in
// microseconds. @see hdrhistogram.org
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace duet::bench {

struct hgrm_file {
  std::string name;  ///< "echo-tcp-64B-64c-split.asio.hgrm"
  std::string text;
};

/// One for each cell and arm that has round trips; all blocks merged.
std::vector<hgrm_file> hgrm_files(const nlohmann::json& document);

/// (value in ns, count), ascending.
using counted_values = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// The blocks' round trips of one arm, merged.
counted_values round_trips_of(const nlohmann::json& cell, const std::string& arm);

/// The distribution, with five steps to each halving of what is left, and the sums that the form ends with.
std::string hgrm_text(const counted_values&);

/// The value that `fraction` of the samples do not exceed. @pre there are samples
std::uint64_t value_at(const counted_values&, double fraction);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// The scenario `idle`: connections that have echoed a byte and say nothing more. What is measured is the memory that one more of them costs:
// the slope over their number. Settings, figures and their text; connecting and reading /proc is idle.cpp's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace duet::bench {

struct idle_plan {
  std::size_t connections = 9000;  ///< the most that are open at a time
  std::size_t steps = 6;           ///< places between none and the most where memory is read
};

/// How many connections there are at each reading, the first 0.
std::vector<std::size_t> steps_of(const idle_plan&);

struct idle_reading {
  std::size_t connections = 0;
  std::uint64_t user_bytes = 0;    ///< of the server
  std::uint64_t kernel_bytes = 0;  ///< of the whole machine: both ends, and whoever else is busy
};

struct idle_figures {
  std::string arm;
  std::string transport;         ///< "tcp", "unix"
  double user_bytes_each = 0;    ///< of the server, per connection
  double kernel_bytes_each = 0;  ///< of both ends, per connection
  std::vector<idle_reading> readings{};
};

/// The slope of a straight line through the points by least squares. @pre two different x at least
double slope(std::span<const double> x, std::span<const double> y);

idle_figures figures_of(std::string arm, std::string transport, std::vector<idle_reading> readings);

std::string description(const idle_plan&);
std::string table_text(const std::vector<idle_figures>&, bool color);

/// A line of --json.
nlohmann::json to_json(const idle_figures&);

}  // namespace duet::bench

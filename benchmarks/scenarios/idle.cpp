// SPDX-License-Identifier: MIT
// See idle.hpp.
#include "scenarios/idle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "harness/terminal.hpp"

namespace duet::bench {

std::vector<std::size_t> steps_of(const idle_plan& how) {
  std::vector<std::size_t> all;
  for (std::size_t each = 0; each <= how.steps; ++each)
    all.push_back(how.connections * each / how.steps);
  return all;
}

double slope(std::span<const double> x, std::span<const double> y) {
  const auto mean = [](std::span<const double> of) {
    return std::accumulate(of.begin(), of.end(), 0.0) / static_cast<double>(of.size());
  };
  const double middle_x = mean(x);
  const double middle_y = mean(y);
  double both = 0;
  double alone = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    both += (x[i] - middle_x) * (y[i] - middle_y);
    alone += (x[i] - middle_x) * (x[i] - middle_x);
  }
  return both / alone;
}

idle_figures figures_of(std::string arm, std::string transport,
                        std::vector<idle_reading> readings) {
  std::vector<double> connections;
  std::vector<double> user;
  std::vector<double> kernel;
  for (const idle_reading& each : readings) {
    connections.push_back(static_cast<double>(each.connections));
    user.push_back(static_cast<double>(each.user_bytes));
    kernel.push_back(static_cast<double>(each.kernel_bytes));
  }
  return {std::move(arm), std::move(transport), slope(connections, user),
          slope(connections, kernel), std::move(readings)};
}

std::string description(const idle_plan& how) {
  return fmt::format("0 to {} connections that have echoed a byte, memory each, tcp and unix",
                     how.connections);
}

std::string table_text(const std::vector<idle_figures>& all, bool color) {
  constexpr const char* row = "  {:<12}{:<8}{:>14}{:>22}\n";
  std::string text =
      paint(fmt::format(row, "arm", "", "user B each", "kernel B, both ends"), ink::dim, color);
  for (const idle_figures& each : all) {
    text += fmt::format(row, each.arm, each.transport, fmt::format("{:.0f}", each.user_bytes_each),
                        fmt::format("{:.0f}", each.kernel_bytes_each));
  }
  return text + paint(
                    "\n  user: anonymous memory of the server (RssAnon); kernel: Slab of the whole "
                    "machine;\n  slopes of straight lines over the number of connections.\n",
                    ink::dim, color);
}

nlohmann::json to_json(const idle_figures& of) {
  nlohmann::json readings = nlohmann::json::array();
  for (const idle_reading& each : of.readings) {
    readings.push_back({{"connections", each.connections},
                        {"user_bytes", each.user_bytes},
                        {"kernel_bytes", each.kernel_bytes}});
  }
  return {{"type", "idle"},
          {"arm", of.arm},
          {"transport", of.transport},
          {"user_bytes_each", of.user_bytes_each},
          {"kernel_bytes_each", of.kernel_bytes_each},
          {"readings", std::move(readings)}};
}

}  // namespace duet::bench

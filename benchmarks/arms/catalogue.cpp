// SPDX-License-Identifier: MIT
// See catalogue.hpp.
#include "arms/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace duet::bench {

namespace {

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const std::vector<arm>& all_arms() {
  static const std::vector<arm> arms{
      {std::string(reference_name), "duet-arm-raw",
       "duet::on_posix's echo server: level-triggered epoll"},
      {std::string(control_name), "duet-arm-raw", "the very same binary again: the A/A control"},
      {"asio", "duet-arm-asio", "duet::on_asio's echo server"},
      {"asio-stock", "duet-arm-asio-stock",
       "an echo server as one writes it from Asio's own examples"},
      {"limit", "duet-arm-limit",
       "the barest loop: blocking calls for one connection, epoll for many"},
  };
  return arms;
}

std::vector<arm> select_arms(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto& all = all_arms();
    if (std::none_of(all.begin(), all.end(), [&](const arm& a) { return a.name == name; })) {
      std::vector<std::string_view> known;
      for (const arm& a : all) known.push_back(a.name);
      throw std::invalid_argument(
          fmt::format("no arm is called \"{}\"; there are {}", name, fmt::join(known, ", ")));
    }
  }
  std::vector<arm> result;
  for (const arm& candidate : all_arms()) {
    const bool always = candidate.name == reference_name || candidate.name == control_name;
    if (names.empty() || always || has_name(names, candidate.name)) result.push_back(candidate);
  }
  return result;
}

std::vector<std::string> command_of(const arm& which, const std::string& folder, const cell& what,
                                    const arm_settings& settings) {
  return {fmt::format("{}/{}", folder, which.program), "--listen=tcp://127.0.0.1:0",
          fmt::format("--buffer-bytes={}", settings.buffer_bytes),
          fmt::format("--congestion-control={}", settings.congestion_control),
          fmt::format("--connections={}", what.connections)};
}

}  // namespace duet::bench

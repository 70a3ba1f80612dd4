// SPDX-License-Identifier: MIT
// See catalogue.hpp.
#include "arms/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

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

std::string arm::program_for(const cell& what) const {
  constexpr std::string_view prefix = "duet-arm-";
  if (!what.datagrams) return program;
  return fmt::format("{}datagram-{}", prefix, std::string_view(program).substr(prefix.size()));
}

std::vector<std::string> command_of(const arm& which, const std::string& folder, const cell& what,
                                    const arm_settings& settings) {
  const std::string program = fmt::format("{}/{}", folder, which.program_for(what));
  if (!what.datagrams) {
    return {program, "--listen=tcp://127.0.0.1:0",
            fmt::format("--buffer-bytes={}", settings.buffer_bytes),
            fmt::format("--congestion-control={}", settings.congestion_control),
            fmt::format("--connections={}", what.connections)};
  }
  const datagram_shape& shape = *what.datagrams;
  std::vector<std::string> argv{
      program,
      shape.over_unix ? fmt::format("--listen=unixgram:@duet-bench-{}-{}", ::getpid(), which.name)
                      : "--listen=udp://127.0.0.1:0",
      fmt::format("--batch={}", shape.batch),
      fmt::format("--receive-buffer-bytes={}", settings.receive_buffer_bytes)};
  if (shape.one_way) argv.emplace_back("--one-way");
  if (shape.extra == datagram_extra::metadata) argv.emplace_back("--metadata");
  if (shape.extra == datagram_extra::segments) argv.emplace_back("--segments");
  return argv;
}

}  // namespace duet::bench

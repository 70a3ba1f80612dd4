// SPDX-License-Identifier: MIT
// Other people's measuring tools beside raw's figure of the same cell: iperf3 for bulk, sockperf for pingpong. A check that raw's figures are
// of this world, no partner of a ratio: they measure with code and settings of their own. Pure; sanity_run.hpp runs them.
// @see iperf3(1), sockperf(1)
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/result.hpp"
#include "harness/summary.hpp"

namespace duet::bench {

enum class sanity_tool : std::uint8_t { iperf3, sockperf };

/// The program, and Debian's package.
std::string_view name_of(sanity_tool);

/// The tool that does what a cell does; nothing where none can.
std::optional<sanity_tool> sanity_tool_for(const cell&);

/// How many of a run's arms, from the first on, measure a cell. All of them, unless it is one for a sanity line and a peer refuses it: then
/// those before, raw and its control at the least.
std::size_t arms_taking_part(const plan&, const std::vector<arm>&, const cell&);

/// How a tool is started, on loopback and that port.
struct sanity_commands {
  std::vector<std::string> server, client;
  std::string ready;  ///< stands in the line that the server prints once it listens
};
sanity_commands commands_of(sanity_tool, const cell&, std::uint16_t port,
                            const std::string& congestion_control);

/// Of a tool that has not measured yet: its name and unit.
sanity_result empty_sanity(sanity_tool);

/// What a client said.
struct sanity_reading {
  double figure = 0;
  std::string version;
};

/// `iperf3 --json`: bits a second that arrived. @throws std::runtime_error with the reason it gives; its exit code is 0 all the same
sanity_reading read_iperf3(const std::string& output);
/// `sockperf ping-pong`: the median round trip in ns. Without --full-rtt sockperf prints halves; they are doubled.
/// @throws std::runtime_error with the reason it gives; its exit code is 0 all the same
sanity_reading read_sockperf(const std::string& output);
sanity_reading read_output(sanity_tool, const std::string& output);

/// An entry of the result's `cells[].sanity`: the tool's figure, raw's of the same run in the same unit, and both in words.
nlohmann::json sanity_json(const cell_result&, const cell_summary&);

/// The same as the journal keeps it, without raw's: that is known again.
nlohmann::json to_json(const sanity_result&);
sanity_result read_sanity(const nlohmann::json&);

/// The line below a cell's table; empty if no tool was tried, or the one for it is not installed: that is told once, elsewhere.
std::string sanity_line(const cell_result&, const cell_summary&);

/// The reason of a tool that is not there.
inline constexpr std::string_view not_installed = "not installed";

}  // namespace duet::bench

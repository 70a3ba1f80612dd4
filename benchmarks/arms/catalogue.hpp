// SPDX-License-Identifier: MIT
// The arms of a comparison: which program each is, and how it is started. An arm prints `listening ENDPOINT`, echoes,
// and ends on SIGTERM; nothing else is asked of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"

namespace duet::bench {

struct arm {
  std::string name;
  std::string program;  ///< file name, beside duet-bench itself
  std::string summary;

  /// The program for a cell: of datagrams it is one of its own.
  [[nodiscard]] std::string program_for(const cell& what) const;
};

/// The arm that all ratios refer to, and the same binary once more: the A/A control.
inline constexpr std::string_view reference_name = "raw";
inline constexpr std::string_view control_name = "raw'";

/// What is the same for every arm, for fairness; the report prints it.
struct arm_settings {
  std::size_t buffer_bytes = 65536;
  std::string congestion_control = "cubic";
  /// Of the sockets of datagrams, the loader's too; the kernel takes what its limit allows, and doubles it.
  std::size_t receive_buffer_bytes = 1 << 20;
};

/// All arms, the reference first, the control second.
const std::vector<arm>& all_arms();

/// The named arms in the catalogue's order, the reference and its control always among them; all without names.
/// @throws std::invalid_argument naming an arm that does not exist
std::vector<arm> select_arms(const std::vector<std::string>& names);

/// The command line that starts `which` for `what` on a loopback port of the kernel's choice, or on a UNIX name of this process's and arm's.
std::vector<std::string> command_of(const arm& which, const std::string& folder, const cell& what,
                                    const arm_settings&);

}  // namespace duet::bench

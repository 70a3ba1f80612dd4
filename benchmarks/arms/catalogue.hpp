// SPDX-License-Identifier: MIT
// The arms of a comparison: which program each is, and how it is started. An arm prints `listening ENDPOINT`, echoes,
// and ends on SIGTERM; nothing else is asked of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"

namespace duet::bench {

/// Which arms run together.
enum class arm_group : std::uint8_t {
  standard,  ///< unless others are asked for
  uring,     ///< Asio's arms again, on io_uring instead of epoll
  peer,      ///< other people's libraries and languages
  process,   ///< of the scenario fork: processes instead of one loop
  own,       ///< the user's
};

std::string_view name_of(arm_group);
/// @throws std::invalid_argument for a name that is none
arm_group arm_group_of(std::string_view name);

struct arm {
  std::string name;
  std::string program;  ///< file name, beside duet-bench itself; of the user's own, the command
  std::string summary;
  arm_group group = arm_group::standard;

  /// The program for a cell: of datagrams it is one of its own.
  [[nodiscard]] std::string program_for(const cell& what) const;
  /// Why it cannot take part in a cell; empty if it can.
  [[nodiscard]] std::string refusal(const cell& what) const;
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

/// All arms of the catalogue, the reference first, the control second.
const std::vector<arm>& all_arms();

/// What was asked for on the command line.
struct arm_wishes {
  std::vector<std::string> names{};  ///< of the catalogue
  bool peers = false;                ///< all of them, instead of the standard arms
  std::vector<std::string> own{};    ///< "NAME=COMMAND"
};

/// The names of the arms of the scenario fork, which compares them with one loop.
std::vector<std::string> process_arm_names();

/// The wanted arms in the catalogue's order, then the user's own; the reference and its control always among them; without wishes the
/// standard ones. @throws std::invalid_argument naming an arm that does not exist, or text that is no own arm
std::vector<arm> select_arms(const arm_wishes& wishes);

/// The command line that starts `which` for `what` on a loopback port of the kernel's choice, or on a UNIX name of this process's and arm's.
/// The user's own is run by sh and told where to listen by DUET_BENCH_LISTEN in its environment.
std::vector<std::string> command_of(const arm& which, const std::string& folder, const cell& what,
                                    const arm_settings&);

}  // namespace duet::bench

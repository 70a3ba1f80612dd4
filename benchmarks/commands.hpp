// SPDX-License-Identifier: MIT
// The commands of duet-bench. Each returns the exit code.
#pragma once

#include "options.hpp"

namespace duet::bench {

inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_mismatch = 6;
inline constexpr int exit_partly_failed = 8;

int list_command(const options&);
int run_command(const options&);
int counts_command(const options&);
int ladder_command(const options&);
int resolve_command(const options&);
int idle_command(const options&);
int compare_command(const options&);
int report_command(const options&);

}  // namespace duet::bench

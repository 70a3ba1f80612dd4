// SPDX-License-Identifier: MIT
// The commands of duet-bench. Each returns the exit code.
#pragma once

#include "options.hpp"

namespace duet::bench {

int list_command(const options&);
int run_command(const options&);

}  // namespace duet::bench

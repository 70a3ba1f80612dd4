// SPDX-License-Identifier: MIT
// address_command: `duet-resolve address`, run.
#pragma once

#include "resolve/address_options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::resolve {

/// Explains each literal, in order. One that is no address is named on standard error, and the rest is still explained; the run then
/// ends with exit_code::usage, for it is the input that is bad.
exit_code explain_addresses(const address_options& options, console& to);

}  // namespace duet::apps::resolve

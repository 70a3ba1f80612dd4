// SPDX-License-Identifier: MIT
// lookup_command: `duet-resolve NAME...`, run.
#pragma once

#include "resolve/lookup_options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::resolve {

/// Looks every name up, prints the answers in the names' order, and says what all came to. Throws std::system_error when names cannot be
/// read any more.
exit_code look_up_names(lookup_options options, console& to);

}  // namespace duet::apps::resolve

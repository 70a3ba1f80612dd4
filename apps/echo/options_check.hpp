// SPDX-License-Identifier: MIT
// options_check: which options of a command go together, and with which endpoints. What each means alone is read before, in options.cpp.
#pragma once

#include "echo/options.hpp"

namespace duet::apps::echo {

/// Throw usage_error that names what does not fit.
void check(const serve_options& options);
void check(const send_options& options);
void check(const ping_options& options);
void check(const connect_command_options& options);

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// options: which command of duet-resolve a command line asks for. No I/O: what is to be printed is returned. The options of a command
// are read in its own files.
#pragma once

#include <variant>

#include "resolve/address_options.hpp"
#include "resolve/command.hpp"
#include "resolve/lookup_options.hpp"

namespace duet::apps::resolve {

using invocation = std::variant<finished, lookup_options, address_options>;

/// Reads the command line. It is names to look up, unless its first argument is "address": a host of that name can stand anywhere
/// else, or behind "--". Threads: any. Errors: std::bad_alloc only; a bad command line is a `finished` with exit_code::usage.
invocation parse_options(int argc, const char* const* argv);

}  // namespace duet::apps::resolve

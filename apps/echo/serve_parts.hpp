// SPDX-License-Identifier: MIT
// serve_parts: the options of duet-echo serve alone, by what they are about. Lifetime: `into` until the command line is parsed. What the
// commands have in common is command_parts.hpp's.
#pragma once

#include <CLI/CLI.hpp>

#include "echo/options.hpp"

namespace duet::apps::echo {

/// How many, and how long, of connections.
void add_limits(CLI::App& to, serve_options& into);
/// The processes of --model prefork.
void add_prefork_options(CLI::App& to, serve_options& into);
/// The files of UNIX sockets.
void add_file_options(CLI::App& to, serve_options& into);
/// What only datagram sockets have.
void add_datagram_options(CLI::App& to, serve_options& into);

}  // namespace duet::apps::echo

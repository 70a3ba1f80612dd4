// SPDX-License-Identifier: MIT
// The options of duet-echo serve, by what they are about. Lifetime: `into` until the command line is parsed.
#pragma once

#include "echo/options.hpp"

namespace CLI {
class App;
}

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

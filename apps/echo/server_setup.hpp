// SPDX-License-Identifier: MIT
// server_setup: what `serve` binds, and how many connections it takes: names become addresses, the descriptor limit is raised. The same
// for both models.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/server_options.hpp"
#include "duet/socket_options.hpp"
#include "duet/supervisor_options.hpp"
#include "echo/options.hpp"
#include "support/console.hpp"

namespace duet::apps::echo {

/// Options of the listeners and of what they accept: no Nagle delay, for an echo is an answer.
socket_options server_socket_options(const serve_options& options);

/// Limits of its connections, and how long a drain may take.
session_limits connection_limits(const serve_options& options);
std::chrono::milliseconds drain_limit(const serve_options& options);

/// Of the prefork model: how many workers, and what their supervisor allows them.
std::size_t worker_count(const serve_options& options);
supervisor_options supervisor_limits(const serve_options& options);

/// Options of the server of datagrams, which tells `watcher`.
datagram_echo_options datagram_server_options(const serve_options& options, observer* watcher);

/// Raises the descriptor limit and returns how many connections may be served at a time: as many as asked for, but no more than
/// descriptors are left for; less is told to the user.
std::size_t connection_limit(const serve_options& options, std::size_t listeners, console& to);

/// The same where each connection is a process: unless told otherwise default_children.
std::size_t child_limit(const serve_options& options, console& to);

/// Calls `listen` with every numeric endpoint that `asked` names, each address of a name, and returns where it says it is bound.
/// An address of a name that this host has not (IPv6 may be off) is passed over if another one can be bound.
/// Lookups are told to `watcher`. Throws std::system_error: "listen ENDPOINT", or "resolve ENDPOINT" of a name that is none.
std::vector<endpoint> bind_all(std::span<const endpoint> asked, console& to, observer* watcher,
                               const std::function<endpoint(const endpoint&)>& listen);

}  // namespace duet::apps::echo

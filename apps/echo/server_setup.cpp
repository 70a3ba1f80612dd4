// SPDX-License-Identifier: MIT
#include "echo/server_setup.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/limits.hpp"
#include "duet/os/lookup.hpp"
#include "support/printable.hpp"

namespace duet::apps::echo {
namespace {

/// Descriptors that are not connections: standard ones, the loop's, signals, a connection that is being refused, and some air.
constexpr std::size_t reserved_descriptors = 32;

std::vector<endpoint> addresses_of(const endpoint& at, observer* watcher) {
  if (at.is_numeric()) return {at};
  std::error_code ec;
  const std::vector<endpoint> found = os::resolve(at, ec);
  os::flow(watcher).took("getaddrinfo", static_cast<long>(found.size()), ec,
                         [&] { return at.to_string(); });
  if (ec) throw_error(ec, "resolve", &at);
  // The hosts file may name an address twice (glibc answers 127.0.0.1 for "::1 localhost" too).
  std::vector<endpoint> unique;
  for (const endpoint& each : found) {
    if (std::ranges::find(unique, each) == unique.end()) unique.push_back(each);
  }
  return unique;
}

void set_file_access(socket_options& socket, const serve_options& options) {
  socket.file_mode = options.file_mode;
  if (!options.owner) return;
  socket.file_owner = options.owner->user;
  socket.file_group = options.owner->group;
}

bool not_on_this_host(std::error_code error) {
  return is(error, std::errc::address_not_available) ||
         is(error, std::errc::address_family_not_supported);
}

}  // namespace

socket_options server_socket_options(const serve_options& options) {
  socket_options socket;
  socket.nodelay = true;
  if (options.backlog) socket.backlog = *options.backlog;
  set_file_access(socket, options);
  return socket;
}

session_limits connection_limits(const serve_options& options) {
  const auto limit = [](std::chrono::nanoseconds asked) {
    // In the library 0 is no limit, and it counts in milliseconds.
    return asked == never ? std::chrono::milliseconds(0)
                          : std::chrono::ceil<std::chrono::milliseconds>(asked);
  };
  session_limits limits;
  limits.idle = limit(options.idle_timeout.value_or(never));
  limits.stall = limit(options.stall_timeout.value_or(default_stall_timeout));
  return limits;
}

std::chrono::milliseconds drain_limit(const serve_options& options) {
  if (options.drain_timeout == never) return std::chrono::hours(24 * 365);
  return std::chrono::ceil<std::chrono::milliseconds>(options.drain_timeout);
}

std::size_t worker_count(const serve_options& options) {
  if (options.workers) return *options.workers;
  cpu_set_t usable;
  CPU_ZERO(&usable);
  const bool known = ::sched_getaffinity(0, sizeof(usable), &usable) == 0;
  return std::clamp<std::size_t>(known ? static_cast<std::size_t>(CPU_COUNT(&usable)) : 1, 1,
                                 most_workers);
}

supervisor_options supervisor_limits(const serve_options& options) {
  // Workers tell what they had to cut before they are killed.
  constexpr std::chrono::milliseconds grace{2000};
  const auto limit = [](std::chrono::nanoseconds asked) {
    return asked == never ? std::chrono::milliseconds(0)
                          : std::chrono::ceil<std::chrono::milliseconds>(asked);
  };
  supervisor_options limits;
  limits.workers = worker_count(options);
  limits.drain_timeout = limit(options.drain_timeout);
  if (limits.drain_timeout.count() > 0) limits.drain_timeout += grace;
  if (options.hang_timeout) limits.hang_timeout = limit(*options.hang_timeout);
  if (options.restart_pause) {
    limits.restart.longest = limit(*options.restart_pause);
    limits.restart.shortest = std::min(limits.restart.shortest, limits.restart.longest);
  }
  return limits;
}

datagram_echo_options datagram_server_options(const serve_options& options, observer* watcher) {
  datagram_echo_options datagrams;
  datagrams.socket.socket.receive_buffer_bytes = options.receive_buffer_bytes;
  set_file_access(datagrams.socket.socket, options);
  datagrams.socket.hops = options.hops;
  if (options.batch_size) datagrams.socket.batch_size = *options.batch_size;
  datagrams.loop_guard = options.loop_guard;
  datagrams.watcher = watcher;
  return datagrams;
}

std::size_t connection_limit(const serve_options& options, std::size_t listeners, console& to) {
  std::error_code ec;
  const std::size_t limit = os::raise_descriptor_limit(ec);
  const std::size_t reserve = reserved_descriptors + listeners;
  const std::size_t room = limit > reserve ? limit - reserve : 1;
  if (!options.max_connections) return room;
  if (*options.max_connections > room) {
    to.notice(fmt::format("--max-connections {}: the descriptor limit leaves room for {}",
                          *options.max_connections, room));
  }
  return std::min(*options.max_connections, room);
}

std::size_t child_limit(const serve_options& options, console& to) {
  const std::size_t room = connection_limit(options, options.endpoints.size(), to);
  return options.max_connections ? room : std::min(room, default_children);
}

std::vector<endpoint> bind_all(std::span<const endpoint> wanted, console& to, observer* watcher,
                               const std::function<endpoint(const endpoint&)>& listen) {
  std::vector<endpoint> bound;
  for (const endpoint& asked : wanted) {
    const std::size_t before = bound.size();
    std::optional<std::system_error> missing;
    for (const endpoint& at : addresses_of(asked, watcher)) {
      try {
        bound.push_back(listen(at));
      } catch (const std::system_error& failed) {
        // The step that failed ("bind") is the trace's to tell; what the user asked for is to listen.
        if (asked.host().empty() || !not_on_this_host(failed.code())) {
          throw_error(failed.code(), "listen", &at);
        }
        missing = failed;
      }
    }
    if (!missing) continue;
    if (bound.size() == before) throw std::system_error(*missing);
    to.notice(printable(missing->what()) + " (passed over)");
  }
  return bound;
}

}  // namespace duet::apps::echo

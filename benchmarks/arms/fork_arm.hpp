// SPDX-License-Identifier: MIT
// The body of the arms `fork` and `fork-asio`: a column's fork_server, whose children echo with the blocking calls. Written once, so that the
// two differ in their column only.
#pragma once

#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <system_error>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/fork_options.hpp"

namespace duet::bench {

template <class Connection>
int echo_blocking(Connection& client, std::vector<std::byte>& buffer) {
  std::error_code ec;
  while (const std::size_t size = client.recv(buffer, 0, ec)) {
    for (std::span<const std::byte> rest = std::span(buffer).first(size); !rest.empty();) {
      rest = rest.subspan(client.send(rest, 0, ec));
      if (ec) return 1;
    }
  }
  return ec ? 1 : 0;
}

template <class Server>
int run_fork_arm(int argc, char** argv) try {
  const arm_options chosen = parse_arm_options(argc, argv);
  std::vector<std::byte> buffer(chosen.buffer_bytes);
  fork_options options;
  // A connection that was closed is a process still for a moment.
  options.max_children = 4 * chosen.connections + 64;
  options.socket.nodelay = true;
  options.socket.congestion_control = chosen.congestion_control;
  Server server([&buffer](auto& client) { return echo_blocking(client, buffer); }, options);
  announce(server.listen(endpoint::parse(chosen.listen)).to_string());
  server.run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
  return 1;
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
#include "duet/echo_options.hpp"

namespace duet {

server_options to_server_options(const echo_server_options& options) {
  server_options all;
  all.max_connections = options.max_connections;
  all.at_cap = options.at_cap;
  all.max_per_address = options.max_per_address;
  all.limits = options.limits;
  all.linger = options.linger;
  all.socket = options.socket;
  all.watcher = options.watcher;
  return all;
}

echo_counters to_echo_counters(const server_counters& of, std::uint64_t cut) noexcept {
  echo_counters counters;
  counters.accepted = of.accepted;
  counters.active = of.active;
  counters.bytes_echoed = of.bytes_written;
  counters.accept_pauses = of.accept_pauses;
  counters.cut = cut;
  counters.failed = cut + of.refused_by_error;
  for (const close_reason each : {close_reason::failed, close_reason::idle, close_reason::age,
                                  close_reason::stalled, close_reason::slow, close_reason::thrown})
    counters.failed += of.closed_by(each);
  return counters;
}

}  // namespace duet

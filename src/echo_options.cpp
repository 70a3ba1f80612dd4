// SPDX-License-Identifier: MIT
#include "duet/echo_options.hpp"

#include "duet/datagram_echo_options.hpp"
#include "exposition.hpp"

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

std::string to_prometheus(const datagram_echo_counters& counters, std::string_view prefix) {
  exposition text(prefix);
  text.counter("datagrams_received", "Datagrams that were received.", counters.received);
  text.counter("datagrams_echoed", "Datagrams that were answered.", counters.echoed);
  text.counter("datagram_bytes_echoed", "Bytes of datagrams that were answered.",
               counters.bytes_echoed);
  text.family("datagrams_unanswered", "Datagrams that were received and not answered, by reason.",
              "counter");
  text.sample(counters.truncated, "reason", "truncated");
  text.sample(counters.to_many, "reason", "to_many");
  text.sample(counters.nameless, "reason", "nameless");
  text.sample(counters.looping, "reason", "looping");
  text.sample(counters.limited, "reason", "limited");
  text.sample(counters.not_sent, "reason", "not_sent");
  text.counter("datagrams_lost", "Datagrams for which the socket's buffer had no room.",
               counters.lost);
  return text.take();
}

}  // namespace duet

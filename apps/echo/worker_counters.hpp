// SPDX-License-Identifier: MIT
// worker_counters: the counters of an echo server as the numbers that a worker shares with its supervisor, and back. No I/O.
#pragma once

#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/echo_options.hpp"
#include "duet/os/supervisor.hpp"
#include "duet/server_options.hpp"

namespace duet::apps::echo {

struct worker_counters {
  server_counters streams{};
  std::uint64_t cut = 0;  ///< connections ended with bytes still to echo
  datagram_echo_counters datagrams{};
};

/// How each adds up.
std::vector<os::counter_rule> worker_counter_rules();

void put_counters(os::worker_context& into, const worker_counters& counters);
worker_counters counters_of(const os::worker_numbers& numbers);

}  // namespace duet::apps::echo

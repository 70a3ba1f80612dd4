// SPDX-License-Identifier: MIT
// serve_stats: the live line of `serve --stats`: what goes on now, from counters and the time, which it does not read itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "duet/datagram_echo_options.hpp"
#include "duet/echo_options.hpp"

namespace duet::apps::echo {

/// How often there is a line.
inline constexpr std::chrono::seconds stats_interval{1};

class serve_stats {
 public:
  using clock = std::chrono::steady_clock;

  explicit serve_stats(clock::time_point now) noexcept : before_(now) {}

  /// "3 connections, 1.25 MiB/s, 400 datagrams/s, 2 dropped": how many now, the rates since the last line, how many datagrams in all that
  /// were lost or not answered. Time does not run backwards.
  std::string line(const echo_counters& streams, const datagram_echo_counters& datagrams,
                   clock::time_point now);

 private:
  clock::time_point before_;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t datagrams_before_ = 0;
};

}  // namespace duet::apps::echo

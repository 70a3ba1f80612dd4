// SPDX-License-Identifier: MIT
#include "echo/serve_stats.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace duet::apps::echo {
namespace {

/// "812 B", "1.25 MiB": three digits or more.
std::string size_text(double bytes) {
  constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  const int decimals = unit == 0 || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}", bytes, decimals, units[unit]);
}

std::uint64_t dropped(const datagram_echo_counters& of) {
  return of.truncated + of.to_many + of.nameless + of.looping + of.limited + of.not_sent + of.lost;
}

}  // namespace

std::string serve_stats::line(const echo_counters& streams, const datagram_echo_counters& datagrams,
                              clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - std::exchange(before_, now)).count();
  const auto a_second = [seconds](std::uint64_t now_are, std::uint64_t& were) {
    const auto more = static_cast<double>(now_are - std::exchange(were, now_are));
    return seconds > 0 ? more / seconds : 0.0;
  };
  const double bytes = a_second(streams.bytes_echoed + datagrams.bytes_echoed, bytes_before_);
  const double echoed = a_second(datagrams.echoed, datagrams_before_);
  return fmt::format("{} connection{}, {}/s, {:.0f} datagrams/s, {} dropped", streams.active,
                     streams.active == 1 ? "" : "s", size_text(bytes), echoed, dropped(datagrams));
}

}  // namespace duet::apps::echo

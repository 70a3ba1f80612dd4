// SPDX-License-Identifier: MIT
// See scenario.hpp.
#include "scenarios/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace duet::bench {

namespace {

std::string_view name_of(datagram_extra extra) {
  switch (extra) {
    case datagram_extra::none: return "none";
    case datagram_extra::metadata: return "metadata";
    case datagram_extra::segments: break;
  }
  return "segments";
}

std::string_view in_words(datagram_extra extra) {
  switch (extra) {
    case datagram_extra::none: return "";
    case datagram_extra::metadata: return ", metadata on";
    case datagram_extra::segments: break;
  }
  return ", GSO and GRO";
}

std::string_view place_of(const cell& of) {
  if (of.spin) return "spin";
  return of.same_core ? "same-core" : "split";
}

/// What distinguishes the cell from plain traffic of depth 1, for its id.
std::string shape_of(const cell& of) {
  std::string text;
  if (of.active > 0) text += fmt::format("{}active/", of.active);
  if (of.kind == traffic_kind::open) text += fmt::format("load{}/", of.load_percent);
  if (of.scenario == fork_scenario)
    text += of.kind == traffic_kind::arrivals ? "arrivals/" : "echo/";
  if (of.scenario == "bulk") {
    text += of.kind == traffic_kind::one_way ? "one-way/" : "both-ways/";
  } else if (of.depth > 1) {
    text += fmt::format("depth{}/", of.depth);
  }
  return text;
}

std::string kind_in_words(const cell& of) {
  switch (of.kind) {
    case traffic_kind::open:
      return fmt::format("at {} % of the slowest arm's rate", of.load_percent);
    case traffic_kind::one_way: return fmt::format("one way, {} under way", of.depth);
    case traffic_kind::arrivals: return "connect, one round trip, close";
    case traffic_kind::framed: return fmt::format("frames, depth {}", of.depth);
    case traffic_kind::closed: break;
  }
  return fmt::format("depth {}", of.depth);
}

std::string_view place_in_words(const cell& of) {
  if (of.spin) return "server and loader spin on a core each";
  return of.same_core ? "server and loader on the same core" : "server and loader on a core each";
}

std::string datagrams_in_words(const cell& of) {
  const datagram_shape& shape = *of.datagrams;
  if (shape.pingpong)
    return fmt::format("{}, {} B, depth 1, {}", of.transport(), of.message_bytes,
                       place_in_words(of));
  const std::string calls =
      shape.batch == 1 ? std::string("one a call") : fmt::format("up to {} a call", shape.batch);
  const std::string peers =
      of.connections > 1 ? fmt::format("{} peers, ", of.connections) : std::string();
  return fmt::format("{}, {} B, {}{}, {}{}, {}", of.transport(), of.message_bytes, peers,
                     shape.one_way ? "one way" : "echo", calls, in_words(shape.extra),
                     place_in_words(of));
}

}  // namespace

std::string_view cell::transport() const {
  if (datagrams) return datagrams->over_unix ? "unixgram" : "udp";
  return over_unix ? "unix" : "tcp";
}

bool cell::is_echo() const {
  if (datagrams) return !datagrams->one_way;
  return kind != traffic_kind::one_way && kind != traffic_kind::framed;
}

std::string cell::id() const {
  const std::string start = fmt::format("{}/{}/{}B", scenario, transport(), message_bytes);
  if (datagrams && !datagrams->pingpong)
    return fmt::format("{}/{}{}/batch{}/{}", start,
                       connections > 1 ? fmt::format("{}c/", connections) : std::string(),
                       datagrams->one_way ? "one-way" : "echo", datagrams->batch,
                       name_of(datagrams->extra));
  return fmt::format("{}/{}c/{}{}", start, connections, shape_of(*this), place_of(*this));
}

std::string cell::description() const {
  if (datagrams) return datagrams_in_words(*this);
  const std::string count =
      active > 0 ? fmt::format("{} of {} connections", active, connections)
                 : fmt::format("{} connection{}", connections, connections == 1 ? "" : "s");
  return fmt::format("{}, {} B, {}, {}, {}", transport(), message_bytes, count,
                     kind_in_words(*this), place_in_words(*this));
}

std::vector<cell> select_cells(const std::vector<std::string>& filters, bool quick_only) {
  std::vector<cell> result;
  for (const cell& candidate : all_cells()) {
    if (quick_only && !candidate.quick) continue;
    const std::string id = candidate.id();
    const bool wanted =
        filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& text) {
          return id.find(text) != std::string::npos;
        });
    if (wanted) result.push_back(candidate);
  }
  return result;
}

}  // namespace duet::bench

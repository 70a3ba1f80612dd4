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

cell datagram_cell(std::size_t bytes, const datagram_shape& shape) {
  return {.scenario = "datagram", .message_bytes = bytes, .same_core = true, .datagrams = shape};
}

/// Both transports in every shape, and UDP's batches with what the kernel can do beside.
void add_datagram_cells(std::vector<cell>& to) {
  for (const bool over_unix : {false, true}) {
    for (const bool one_way : {false, true}) {
      for (const std::size_t batch : {64U, 1U}) {
        for (const std::size_t bytes : {64U, 1400U})
          to.push_back(datagram_cell(bytes, {over_unix, one_way, batch}));
      }
    }
  }
  for (const datagram_extra extra : {datagram_extra::metadata, datagram_extra::segments}) {
    for (const std::size_t bytes : {64U, 1400U})
      to.push_back(datagram_cell(bytes, {.extra = extra}));
  }
}

std::vector<cell> make_catalogue() {
  std::vector<cell> cells{
      {.scenario = "pingpong",
       .message_bytes = 64,
       .connections = 1,
       .same_core = true,
       .quick = true},
      {.scenario = "echo",
       .message_bytes = 64,
       .connections = 64,
       .same_core = false,
       .quick = true},
  };
  add_datagram_cells(cells);
  return cells;
}

}  // namespace

std::string_view cell::transport() const {
  if (!datagrams) return "tcp";
  return datagrams->over_unix ? "unixgram" : "udp";
}

std::string cell::id() const {
  const std::string start = fmt::format("{}/{}/{}B", scenario, transport(), message_bytes);
  if (!datagrams)
    return fmt::format("{}/{}c/{}", start, connections, same_core ? "same-core" : "split");
  return fmt::format("{}/{}/batch{}/{}", start, datagrams->one_way ? "one-way" : "echo",
                     datagrams->batch, name_of(datagrams->extra));
}

std::string cell::description() const {
  const std::string place =
      fmt::format("server and loader on {}", same_core ? "the same core" : "a core each");
  if (datagrams) {
    const std::string calls = datagrams->batch == 1
                                  ? std::string("one a call")
                                  : fmt::format("up to {} a call", datagrams->batch);
    return fmt::format("{}, {} B, {}, {}{}, {}", transport(), message_bytes,
                       datagrams->one_way ? "one way" : "echo", calls, in_words(datagrams->extra),
                       place);
  }
  return fmt::format("tcp, {} B, {} connection{}, depth 1, {}", message_bytes, connections,
                     connections == 1 ? "" : "s", place);
}

const std::vector<cell>& all_cells() {
  static const std::vector<cell> cells = make_catalogue();
  return cells;
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

// SPDX-License-Identifier: MIT
// The catalogue of what is measured. A scenario is a shape of traffic, a cell one setting of it; the table of all
// that are planned is in the method's page, this is what the harness can drive so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet::bench {

/// What a server of datagrams does beside moving them. Only raw and asio can: Asio alone has neither.
enum class datagram_extra : std::uint8_t {
  none,
  metadata,  ///< asks for local address, receive time and drop count of each
  segments,  ///< loader and server let the kernel cut and coalesce (UDP GSO and GRO)
};

/// Of the scenario `datagram`: a loader that keeps a window of datagrams under way, so that the server always finds the next ones.
struct datagram_shape {
  bool over_unix = false;
  bool one_way = false;  ///< the server answers the last of a burst only
  std::size_t batch =
      64;  ///< most datagrams that the server moves with one call; 1: by the calls for one
  datagram_extra extra = datagram_extra::none;
};

/// Closed loop over TCP: every connection sends a message, waits for its echo, and sends the next. Or datagrams.
struct cell {
  std::string scenario;
  std::size_t message_bytes = 64;
  std::size_t connections = 1;
  bool same_core = false;  ///< server and loader on one CPU, or on one each
  bool quick = false;      ///< one of the headline cells, run by --quick
  std::optional<datagram_shape> datagrams{};

  [[nodiscard]] std::string_view transport() const;
  /// "echo/tcp/64B/64c/split", "datagram/udp/64B/echo/batch64/none": unique, and what --filter looks into.
  [[nodiscard]] std::string id() const;
  /// The same for people.
  [[nodiscard]] std::string description() const;
};

const std::vector<cell>& all_cells();

/// The cells whose id contains one of `filters`, all of them without filters; in the catalogue's order.
std::vector<cell> select_cells(const std::vector<std::string>& filters, bool quick_only);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// What is measured, as data: a scenario is a shape of traffic, a cell one setting of it. The catalogue of all is cells.cpp; the scenarios
// `resolve` and `idle` are commands of their own.
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
  bool pingpong = false;  ///< one datagram under way, of any size, instead of the window
};

/// What the loader does with its streams.
enum class traffic_kind : std::uint8_t {
  closed,    ///< a connection sends the next message when an echo has come
  open,      ///< messages at a fixed rate, whether or not echoes have come
  one_way,   ///< as closed, but the server answers a message with one byte
  arrivals,  ///< connect, one round trip, close
  framed,  ///< as closed, but raw and asio read and write each message as a frame; the others echo bytes
};

/// What comes before the stamp of a message of traffic_kind::framed: its length, in network order.
inline constexpr std::size_t frame_head_bytes = 4;

/// Streams of one kind of traffic, or datagrams.
struct cell {
  std::string scenario;
  std::size_t message_bytes = 64;
  std::size_t connections = 1;  ///< of datagrams the sockets of the loader
  bool same_core = false;       ///< server and loader on one CPU, or on one each
  bool quick = false;           ///< one of the headline cells, run by --quick
  std::optional<datagram_shape> datagrams{};
  bool over_unix = false;  ///< streams; of datagrams their shape says
  traffic_kind kind = traffic_kind::closed;
  std::size_t depth = 1;      ///< messages under way on each connection
  std::size_t active = 0;     ///< connections that send; 0: all of them
  bool spin = false;          ///< both sides ask again and again instead of sleeping
  unsigned load_percent = 0;  ///< of `open`: its rate, in percent of the slowest arm's capacity

  [[nodiscard]] std::string_view transport() const;
  /// Whether a server that does nothing but echo does all of it.
  [[nodiscard]] bool is_echo() const;
  /// "echo/tcp/64B/64c/split", "datagram/udp/64B/16c/echo/batch64/none": unique, and what --filter looks into.
  [[nodiscard]] std::string id() const;
  /// The same for people.
  [[nodiscard]] std::string description() const;
};

/// The scenario that has arms of its own: a process for each connection, and workers.
inline constexpr std::string_view fork_scenario = "fork";

const std::vector<cell>& all_cells();

/// Descriptors that loader or server need beside those of the connections.
inline constexpr std::size_t spare_descriptors = 64;

/// The cells whose id contains one of `filters`, all of them without filters; in the catalogue's order.
std::vector<cell> select_cells(const std::vector<std::string>& filters, bool quick_only);

}  // namespace duet::bench

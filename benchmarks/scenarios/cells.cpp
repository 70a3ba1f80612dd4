// SPDX-License-Identifier: MIT
// The catalogue: every cell that `duet-bench run` can measure, in the order in which it lists them.
#include <cstddef>
#include <string>
#include <vector>

#include "scenarios/scenario.hpp"

namespace duet::bench {

namespace {

/// Latency of one connection. On one core is the primary mode, with least noise; the two others for one size.
void add_pingpong(std::vector<cell>& to) {
  const std::optional<datagram_shape> udp = datagram_shape{.batch = 1, .pingpong = true};
  const cell over_tcp{.scenario = "pingpong"};
  cell over_unix = over_tcp;
  over_unix.over_unix = true;
  cell over_udp = over_tcp;
  over_udp.datagrams = udp;
  for (const cell& transport : {over_tcp, over_unix, over_udp}) {
    for (const std::size_t bytes : {64U, 1U, 1024U, 16384U}) {
      cell each = transport;
      each.message_bytes = bytes;
      each.same_core = true;
      each.quick = bytes == 64 && each.transport() == "tcp";
      to.push_back(each);
    }
    for (const bool spin : {true, false}) {
      cell each = transport;
      each.spin = spin;
      to.push_back(each);
    }
  }
}

/// Saturation. Of 4096 connections a tenth sends: what the idle ones cost beside.
void add_echo(std::vector<cell>& to) {
  for (const bool over_unix : {false, true}) {
    for (const std::size_t depth : {1U, 32U}) {
      for (const std::size_t connections : {16U, 64U, 256U, 4096U}) {
        for (const std::size_t bytes : {64U, 1024U}) {
          const bool is_headline = !over_unix && depth == 1 && connections == 64 && bytes == 64;
          to.push_back({.scenario = "echo",
                        .message_bytes = bytes,
                        .connections = connections,
                        .quick = is_headline,
                        .over_unix = over_unix,
                        .depth = depth,
                        .active = connections == 4096 ? 410U : 0U});
        }
      }
    }
  }
}

void add_open_loop(std::vector<cell>& to) {
  for (const bool over_unix : {false, true}) {
    for (const std::size_t bytes : {64U, 1024U}) {
      for (const unsigned percent : {20U, 50U, 80U}) {
        to.push_back({.scenario = "openloop",
                      .message_bytes = bytes,
                      .connections = 64,
                      .over_unix = over_unix,
                      .kind = traffic_kind::open,
                      .load_percent = percent});
      }
    }
  }
}

/// Two messages are under way, so that the server always finds the next one.
void add_bulk(std::vector<cell>& to) {
  for (const bool over_unix : {false, true}) {
    for (const traffic_kind kind : {traffic_kind::one_way, traffic_kind::closed}) {
      for (const std::size_t connections : {1U, 4U}) {
        for (const std::size_t bytes : {65536U, 1048576U}) {
          to.push_back({.scenario = "bulk",
                        .message_bytes = bytes,
                        .connections = connections,
                        .over_unix = over_unix,
                        .kind = kind,
                        .depth = 2});
        }
      }
    }
  }
}

/// What reading and writing messages costs, instead of bytes: many to one read and to one write.
void add_framed(std::vector<cell>& to) {
  for (const bool over_unix : {false, true}) {
    for (const std::size_t connections : {1U, 64U}) {
      to.push_back({.scenario = "framed",
                    .connections = connections,
                    .over_unix = over_unix,
                    .kind = traffic_kind::framed,
                    .depth = 32});
    }
  }
}

void add_accept(std::vector<cell>& to) {
  for (const bool over_unix : {false, true}) {
    for (const std::size_t in_flight : {1U, 32U}) {
      to.push_back({.scenario = "accept",
                    .message_bytes = 1,
                    .connections = in_flight,
                    .same_core = in_flight == 1,
                    .over_unix = over_unix,
                    .kind = traffic_kind::arrivals});
    }
  }
}

/// Processes instead of one loop: what a connection costs them, and what an echo on one that is there already.
void add_fork(std::vector<cell>& to) {
  for (const traffic_kind kind : {traffic_kind::arrivals, traffic_kind::closed}) {
    for (const std::size_t connections : {1U, 32U}) {
      to.push_back({.scenario = std::string(fork_scenario),
                    .connections = connections,
                    .same_core = connections == 1,
                    .kind = kind});
    }
  }
}

cell datagram_cell(std::size_t bytes, const datagram_shape& shape, std::size_t peers = 1) {
  return {.scenario = "datagram",
          .message_bytes = bytes,
          .connections = peers,
          .same_core = true,
          .datagrams = shape};
}

/// Both transports in every shape, of one peer and of 16, and UDP's batches with what the kernel can do beside.
void add_datagrams(std::vector<cell>& to) {
  for (const std::size_t peers : {1U, 16U}) {
    for (const bool over_unix : {false, true}) {
      for (const bool one_way : {false, true}) {
        for (const std::size_t batch : {64U, 1U}) {
          for (const std::size_t bytes : {64U, 1400U})
            to.push_back(datagram_cell(bytes, {over_unix, one_way, batch}, peers));
        }
      }
    }
  }
  for (const datagram_extra extra : {datagram_extra::metadata, datagram_extra::segments}) {
    for (const std::size_t bytes : {64U, 1400U})
      to.push_back(datagram_cell(bytes, {.extra = extra}));
  }
}

std::vector<cell> make_catalogue() {
  std::vector<cell> cells;
  add_pingpong(cells);
  add_echo(cells);
  add_open_loop(cells);
  add_datagrams(cells);
  add_bulk(cells);
  add_framed(cells);
  add_accept(cells);
  add_fork(cells);
  return cells;
}

}  // namespace

const std::vector<cell>& all_cells() {
  static const std::vector<cell> cells = make_catalogue();
  return cells;
}

}  // namespace duet::bench

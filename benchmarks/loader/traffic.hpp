// SPDX-License-Identifier: MIT
// The loader's traffic to one arm. As cheap as it can be, because on one core it shares that core with what is measured: one connection
// is a blocking send/recv loop, many are a level-triggered epoll loop; several messages under way on each are pipeline.hpp's, a fixed
// rate is open_loop.hpp's, connections that come and go arrivals.hpp's. It checks that every echo has the length and the number of its message; that the bytes
// between are right is proven by the conformance tests, not here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/os/unique_fd.hpp"
#include "harness/histogram.hpp"
#include "loader/protocol.hpp"
#include "scenarios/scenario.hpp"

namespace duet::bench {

/// Ends after `duration_ns` or `messages`, whichever comes first; what is under way then is still awaited.
struct phase {
  std::uint64_t duration_ns;
  std::uint64_t messages = UINT64_MAX;
  std::uint64_t rate_per_s = 0;  ///< not 0: send at this rate; only traffic at a rate can
};

struct phase_result {
  std::uint64_t messages = 0;
  std::uint64_t elapsed_ns = 0;  ///< from the first send to the last echo
  std::optional<open_loop_figures> open{};
};

/// @throws std::runtime_error if the server closes or echoes something else; std::system_error
class traffic {
 public:
  virtual ~traffic() = default;
  /// Afterwards no message is under way. No allocation.
  virtual phase_result run(const phase&, histogram& round_trips) = 0;
};

struct connection_settings {
  std::size_t connections = 1;
  std::size_t message_bytes = 64;
  std::string congestion_control;  ///< empty: the system's default
  traffic_kind kind = traffic_kind::closed;
  std::size_t depth = 1;   ///< messages under way on each connection
  std::size_t active = 0;  ///< connections that send; 0: all
  bool spin = false;       ///< ask again instead of sleeping; one connection only

  // Of datagrams only.
  std::size_t receive_buffer_bytes = 1 << 20;
  bool one_way = false;   ///< the server answers the last of a burst only
  bool segments = false;  ///< the kernel cuts and coalesces
  bool pingpong = false;  ///< one under way, instead of bursts
};

/// The place among `all` connections of the one that sends as number `which`: the senders are spread evenly.
std::size_t spread(std::size_t which, std::size_t active, std::size_t all) noexcept;

/// A closed loop of depth 1 on one connected socket, of streams or datagrams.
std::unique_ptr<traffic> make_pingpong(os::unique_fd connected, const connection_settings&);

/// Connects, with TCP_NODELAY and the congestion control set; to udp and unixgram see datagrams.hpp.
/// @return the traffic and the congestion control in effect
struct opened_traffic {
  std::unique_ptr<traffic> flow;
  std::string congestion_control;
};
opened_traffic open_traffic(const endpoint& server, const connection_settings&);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// What is known of a datagram beside its bytes, where one shall go, the groups of multicast, and how failures are counted. Values only:
// the operations that take them are in the columns' datagram.hpp. Follows udp(7), ip(7), ipv6(7), RFC 3678.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "duet/address.hpp"
#include "duet/endpoint.hpp"

namespace duet {

/// A received datagram, but for its bytes. Optional facts are those of datagram_options::metadata; without a value: not asked for, or not
/// told by the kernel.
struct datagram_info {
  /// Who sent it; a UNIX socket without a name is an endpoint without a path, and cannot be answered.
  endpoint peer{};
  /// How many bytes are in the buffer, and how many were sent: what is missing is lost.
  std::size_t bytes = 0;
  std::size_t whole_bytes = 0;
  [[nodiscard]] bool truncated() const noexcept { return whole_bytes > bytes; }
  /// These are several datagrams, each of this size but the last, which may be shorter; 0: it is one. Only with
  /// datagram_options::coalesce.
  std::size_t segment_bytes = 0;

  /// The address that it was sent to; a group's or a broadcast address, too.
  std::optional<address> destination{};
  /// This host's address to answer from. With a group as destination IPv6 tells none.
  std::optional<address> local_address{};
  /// The interface that it came in by; 0: not told.
  unsigned interface_index = 0;
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> received_at{};
  /// Datagrams that this socket had lost when this one was queued; the kernel counts on from 2^32 - 1 to 0.
  std::optional<std::uint32_t> drop_count{};
  std::optional<int> hops{};
  std::optional<int> traffic_class{};

  /// Sent to many: a group or, if local_address says so, a broadcast address. Such a thing is not to be echoed.
  [[nodiscard]] bool to_many() const noexcept {
    return destination && (destination->is_multicast() || destination != local_address);
  }

  bool operator==(const datagram_info&) const = default;
};

/// Where a datagram shall go, and as what.
struct datagram_route {
  /// Unset: the peer that the socket is connected to.
  std::optional<endpoint> to{};
  /// The source address, one of this host's. Unset: the kernel chooses. IP only.
  std::optional<address> from{};
  /// The interface to leave by; 0: as the routes say. IP only, and only together with `from`.
  unsigned interface_index = 0;
  /// As datagram_options::segment_bytes, for this one; 0: as the socket's options say.
  std::size_t segment_bytes = 0;

  bool operator==(const datagram_route&) const = default;
};

/// The way back: to the peer, from the address that it asked, if that was told.
inline datagram_route reply_to(const datagram_info& received) {
  return {received.peer, received.local_address, 0, received.segment_bytes};
}

/// What a socket joins: an address of 224.0.0.0/4 or ff00::/8.
struct multicast_group {
  address group{};
  /// By name ("eth0") or index ("2"). Empty: the kernel's choice, by its routes.
  std::string interface {};
  /// Only what this sender sends (source-specific multicast, RFC 4607). Unset: any source.
  std::optional<address> source{};

  bool operator==(const multicast_group&) const = default;
};

/// Kinds of failures of single datagrams, as they are counted.
enum class datagram_failure : std::uint8_t {
  refused,      ///< nobody is there: ECONNREFUSED, ECONNRESET, of a UNIX path ENOENT
  unreachable,  ///< no way there: ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ENONET
  forbidden,    ///< a firewall, or broadcast without permission: EPERM, EACCES
  no_room,      ///< a queue is full: ENOBUFS, ENOMEM; of a UNIX peer EAGAIN
  too_long,     ///< EMSGSIZE
  bad_address,  ///< port 0, another family, a source that is not ours: EINVAL, EAFNOSUPPORT, ...
  other,
};
inline constexpr std::size_t datagram_failure_kinds = 7;

/// "refused", "unreachable", ...
constexpr std::string_view to_string(datagram_failure kind) noexcept {
  switch (kind) {
    case datagram_failure::refused: return "refused";
    case datagram_failure::unreachable: return "unreachable";
    case datagram_failure::forbidden: return "forbidden";
    case datagram_failure::no_room: return "no room";
    case datagram_failure::too_long: return "too long";
    case datagram_failure::bad_address: return "bad address";
    case datagram_failure::other: break;
  }
  return "other";
}

/// Datagrams by kind of failure.
class datagram_failures {
 public:
  void count(datagram_failure kind) noexcept { ++of_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t operator[](datagram_failure kind) const noexcept {
    return of_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t each : of_) sum += each;
    return sum;
  }

  bool operator==(const datagram_failures&) const = default;

 private:
  std::array<std::uint64_t, datagram_failure_kinds> of_{};
};

/// What one socket has done since it was made. Segments count each.
struct datagram_counters {
  std::uint64_t received = 0;
  std::uint64_t truncated = 0;
  std::uint64_t sent = 0;
  /// Sends made again because the first call told an earlier datagram's error.
  std::uint64_t sent_again = 0;
  /// Errors that receiving told: an earlier datagram's, of a connected socket.
  datagram_failures receive_errors{};
  /// Datagrams that could not be sent.
  datagram_failures not_sent{};
};

}  // namespace duet

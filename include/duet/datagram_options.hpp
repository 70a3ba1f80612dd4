// SPDX-License-Identifier: MIT
// The options of a datagram socket, as values: what is set in the kernel, which facts about each datagram are asked for, and how large
// batches are. Not how or when they are applied: that is os/datagram_options.hpp. An unset field leaves the kernel's default alone.
// Follows socket(7), ip(7), ipv6(7), udp(7) and unix(7).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "duet/socket_options.hpp"

namespace duet {

/// Which facts the kernel shall tell with each datagram. Each costs a control message a datagram. What a transport does not know (all but
/// the time, on UNIX sockets) is not told.
struct datagram_metadata {
  /// The address that it was sent to, the address to answer from, and the interface it came in by. @see ip(7) IP_PKTINFO
  bool local_address = false;
  /// When the kernel took it in. @see socket(7) SO_TIMESTAMPNS
  bool receive_time = false;
  /// How many datagrams this socket has lost before, because its buffer was full. @see socket(7) SO_RXQ_OVFL
  bool drop_count = false;
  /// The TTL (IPv4) or hop limit (IPv6) it arrived with. @see ip(7) IP_RECVTTL
  bool hops = false;
  /// The TOS byte (IPv4) or traffic class (IPv6). @see ip(7) IP_RECVTOS
  bool traffic_class = false;

  bool operator==(const datagram_metadata&) const = default;
};

/// Options of a datagram socket. One that the family does not have (hops on UNIX) is skipped, so that one set serves them all; a value that
/// the kernel refuses is an error of the operation that sets it.
struct datagram_options {
  /// Of these count reuse_address (unset: off, for on unicast UDP another process could take all datagrams), reuse_port, the two
  /// buffers, v6_only, and the mode and owner of a UNIX socket's file. The rest is a stream's.
  socket_options socket{};

  /// What is told with each datagram. Default: nothing.
  datagram_metadata metadata{};

  /// TTL or hop limit of unicast datagrams. Range: 1..255. @see ip(7) IP_TTL
  std::optional<int> hops{};

  /// TOS byte or traffic class. Range: 0..255; of the lowest two bits, ECN, the kernel may keep its own. @see ip(7) IP_TOS
  std::optional<int> traffic_class{};

  /// TTL or hop limit of multicast datagrams. Range: 0..255, where 0 stays in the host. The kernel's default is 1, the local network.
  /// @see ip(7) IP_MULTICAST_TTL
  std::optional<int> multicast_hops{};

  /// Whether this host's members hear what is sent from here. The kernel's default is on. @see ip(7) IP_MULTICAST_LOOP
  std::optional<bool> multicast_loop{};

  /// Interface that multicast leaves by, as a name ("eth0") or an index ("2"). Unset: as the routes say. @see ip(7) IP_MULTICAST_IF
  std::optional<std::string> multicast_interface{};

  /// Whether the socket hears the groups that others on this host have joined, too, as Linux has it by default. Default off: its own
  /// groups only. Always set. @see ip(7) IP_MULTICAST_ALL
  bool multicast_all = false;

  /// Permission to send to broadcast addresses; without it that is permission_denied. @see socket(7) SO_BROADCAST
  std::optional<bool> broadcast{};

  /// Interface that the socket sends and receives by, "eth0". Changing it afterwards needs CAP_NET_RAW. @see socket(7) SO_BINDTODEVICE
  std::optional<std::string> device{};

  /// What is longer is sent as several datagrams of this size, the last one shorter: in one call where the kernel cuts (UDP GSO, Linux
  /// 4.18), else in one call each. A route's own segment_bytes goes before. Range: 1..65507. Unset: nothing is cut.
  std::optional<int> segment_bytes{};

  /// Several datagrams of one size from one peer may arrive as one, with that size in datagram_info::segment_bytes (UDP GRO, Linux 5.0).
  /// Not so if the kernel cannot. Default off.
  bool coalesce = false;

  /// Datagrams that one batch holds, in datagrams. Range: 1..1024, the most that one recvmmsg(2) takes. Default 64.
  std::size_t batch_size = 64;

  /// Memory for each datagram of an incoming batch, in bytes; what is longer is truncated, and marked so. With `coalesce` at least 65535.
  /// Default 65535, which every UDP datagram fits in. Only what datagrams touch becomes resident.
  std::size_t max_datagram_bytes = 65535;

  bool operator==(const datagram_options&) const = default;
};

/// What is set, in the order of declaration: "receive_buffer_bytes=4096 metadata=local_address,drop_count hops=4". Defaults are not
/// printed. Bytes of names that do not print are escaped.
std::string to_string(const datagram_options& options);

}  // namespace duet

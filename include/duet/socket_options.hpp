// SPDX-License-Identifier: MIT
// The socket options that duet can set, as values. Not how or when they are applied: that is
// os/flow.hpp. An unset field leaves the kernel's default alone. Follows socket(7), tcp(7),
// ip(7), ipv6(7) and listen(2).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace duet {

/// How a connection that carries nothing is probed. Having one at all turns SO_KEEPALIVE on.
struct keepalive_options {
  /// Silence before the first probe, in seconds. Range: 1..32767. Default 60 (the kernel's own is
  /// 7200).
  /// @see tcp(7) TCP_KEEPIDLE
  std::chrono::seconds idle{60};
  /// Time between probes, in seconds. Range: 1..32767. Default 10. @see tcp(7) TCP_KEEPINTVL
  std::chrono::seconds interval{10};
  /// Unanswered probes after which the connection is dropped. Range: 1..127. Default 5.
  /// @see tcp(7) TCP_KEEPCNT
  int count = 5;

  bool operator==(const keepalive_options&) const = default;
};

/// Options of a listener or a stream. An option that a transport does not have (nodelay on UNIX) is
/// skipped, so that one set serves them all; a value that the kernel refuses is an error of the
/// operation that sets it.
struct socket_options {
  /// Send small segments at once (true) or gather them by Nagle's algorithm (false). TCP only.
  /// @see tcp(7) TCP_NODELAY
  std::optional<bool> nodelay{};

  /// Probe silent connections. TCP only. @see socket(7) SO_KEEPALIVE
  std::optional<keepalive_options> keepalive{};

  /// How long sent data may stay unacknowledged before the connection is dropped, in milliseconds;
  /// 0 is the kernel's default. TCP only. @see tcp(7) TCP_USER_TIMEOUT
  std::optional<std::chrono::milliseconds> user_timeout{};

  /// Let a listener bind while connections of an earlier one are in TIME_WAIT. Unset: on for TCP
  /// listeners, off elsewhere (on unicast UDP another process could take all datagrams).
  /// @see socket(7) SO_REUSEADDR
  std::optional<bool> reuse_address{};

  /// Let several sockets of one user bind the same address and port, the kernel spreading
  /// connections over them. @see socket(7) SO_REUSEPORT
  std::optional<bool> reuse_port{};

  /// Kernel send buffer, in bytes. The kernel doubles the value, caps it at net.core.wmem_max and
  /// stops tuning it by itself. @see socket(7) SO_SNDBUF
  std::optional<int> send_buffer_bytes{};

  /// Kernel receive buffer, in bytes; doubled and capped at net.core.rmem_max likewise. Set before
  /// listen or connect, because the window scale is agreed on then. @see socket(7) SO_RCVBUF
  std::optional<int> receive_buffer_bytes{};

  /// Connections the kernel may queue before accept, in connections. Range: >= 1, capped silently
  /// to net.core.somaxconn. Default 4096, that cap's own default since Linux 5.4. @see listen(2)
  int backlog = 4096;

  /// How long close waits for unsent data, in seconds; 0 discards it and resets the connection.
  /// Unset: close returns at once and the kernel goes on sending. @see socket(7) SO_LINGER
  std::optional<std::chrono::seconds> linger{};

  /// Congestion control algorithm by name, "cubic". TCP only. @see tcp(7) TCP_CONGESTION
  std::optional<std::string> congestion_control{};

  /// A stream counts as writable only while fewer than this many bytes are queued and not sent, in
  /// bytes. TCP only. Linux 3.12. @see tcp(7) TCP_NOTSENT_LOWAT
  std::optional<int> not_sent_low_water_bytes{};

  /// IPv6 listeners: serve IPv6 only (true) or IPv4 as mapped addresses too (false). Unset: as the
  /// endpoint says, false for a dual-stack wildcard, true for an IPv6 address.
  /// @see ipv6(7) IPV6_V6ONLY
  std::optional<bool> v6_only{};

  /// Mode of a UNIX listener's file, permission bits: 0600. It has them from its first moment on, whatever the umask. Who wants to connect
  /// needs the write permission. Unset: 0777 less the umask. @see unix(7), umask(2)
  std::optional<unsigned> file_mode{};

  /// Owner and group of a UNIX listener's file, as numbers. Others than one's own need CAP_CHOWN, or membership in the group.
  /// @see chown(2)
  std::optional<unsigned> file_owner{};
  std::optional<unsigned> file_group{};

  bool operator==(const socket_options&) const = default;
};

/// What is set, in the order of declaration, as `field=value` with one blank between:
/// "nodelay=1 keepalive=60/10/5 user_timeout=5000ms linger=0s". keepalive is idle/interval/count in
/// seconds. backlog is printed when it is not the default. Nothing set gives "". Bytes of
/// congestion_control that do not print are escaped.
std::string to_string(const socket_options& options);

}  // namespace duet

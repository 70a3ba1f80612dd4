// SPDX-License-Identifier: MIT
// control_message: what travels beside the bytes of a datagram, read from and written to the kernel's form. Received: where it was sent to,
// when it came, what was lost before it. Sent: which source address it leaves with, and into which segments the kernel cuts it.
// Source: cmsg(3), ip(7) IP_PKTINFO, RFC 3542 IPV6_PKTINFO, socket(7) SO_TIMESTAMPNS and SO_RXQ_OVFL, udp(7) UDP_SEGMENT and UDP_GRO.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>

#include "duet/datagram_types.hpp"

namespace duet::os {

/// Room for everything that read_control knows.
struct control_memory {
  alignas(cmsghdr) std::array<std::byte, 256> bytes;
};

/// What control messages said of one datagram, as the kernel says it.
struct control_facts {
  std::optional<in_pktinfo> v4{};
  std::optional<in6_pktinfo> v6{};
  std::optional<timespec> received_at{};
  std::optional<std::uint32_t> drop_count{};
  std::optional<int> hops{};
  std::optional<int> traffic_class{};
  std::uint32_t segment_bytes = 0;
  bool cut = false;  ///< there was more than fitted (MSG_CTRUNC)
};

/// Reads the control messages of a received message, whole ones only. Descriptors among them, which nobody has asked for, are closed.
control_facts read_control(const msghdr& message) noexcept;

/// Puts the facts into `info`, as words.
void tell_facts(const control_facts& facts, datagram_info& info);

/// Writes control messages one behind the other.
class control_writer {
 public:
  /// `room` is aligned as cmsghdr is.
  explicit control_writer(std::span<std::byte> room) noexcept;

  /// False, with nothing written: no room.
  bool put(int level, int type, const void* data, std::size_t size) noexcept;
  template <class Value>
  bool put(int level, int type, const Value& value) noexcept {
    return put(level, type, &value, sizeof(value));
  }

  /// For msg_controllen.
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  std::span<std::byte> room_;
  std::size_t used_ = 0;
};

/// Room that a source address and a segment size take.
inline constexpr std::size_t route_control_bytes =
    CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t));

}  // namespace duet::os

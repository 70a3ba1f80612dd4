// SPDX-License-Identifier: MIT
// message_route: where a datagram goes and from which address, in the kernel's form, ready for sendmsg(2). Source: sendmsg(2), ip(7)
// IP_PKTINFO, RFC 3542 IPV6_PKTINFO, udp(7) UDP_SEGMENT.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "duet/datagram_types.hpp"
#include "duet/os/control_message.hpp"
#include "duet/os/sockaddr.hpp"

namespace duet::os {

class message_route {
 public:
  /// To the peer that the socket is connected to.
  message_route() noexcept { to_.size = 0; }
  /// Errors: error::bad_endpoint for a name, or a scope that no interface has.
  message_route(const datagram_route& by, std::error_code& ec);
  /// Back to the sender of a received datagram, from the address that it asked.
  message_route(const socket_address& peer, const control_facts& received) noexcept;

  /// Completes a message; it is good for as long as this route stays where it is. `cut`: with its segment size, for the kernel to cut.
  void put_into(msghdr& message, bool cut) noexcept;

  /// 0: as the socket's options say.
  [[nodiscard]] std::size_t segment_bytes() const noexcept { return segment_bytes_; }
  void set_segment_bytes(std::size_t bytes) noexcept;

  [[nodiscard]] bool has_target() const noexcept { return to_.size != 0; }
  [[nodiscard]] const socket_address& target() const noexcept { return to_; }

 private:
  void set_source(const in_pktinfo& from) noexcept;
  void set_source(const in6_pktinfo& from) noexcept;

  socket_address to_;
  std::size_t source_size_ = 0;
  std::size_t segment_bytes_ = 0;
  alignas(cmsghdr) std::array<std::byte, route_control_bytes> control_;
};

}  // namespace duet::os

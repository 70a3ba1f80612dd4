// SPDX-License-Identifier: MIT
#include "duet/os/message_route.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <limits>
#include <span>

namespace duet::os {
namespace {

in6_pktinfo source_of(const sockaddr_in6& from, unsigned interface_index) noexcept {
  // A link-local source is nothing without its interface, and mostly has it as its scope.
  return {from.sin6_addr, interface_index != 0 ? interface_index : from.sin6_scope_id};
}

}  // namespace

message_route::message_route(const datagram_route& by, std::error_code& ec) : message_route() {
  ec.clear();
  if (by.to) to_ = to_socket_address(*by.to, ec);
  set_segment_bytes(by.segment_bytes);
  if (ec || !by.from) return;
  const socket_address from = to_socket_address({transport::udp, *by.from, 0}, ec);
  if (ec) return;
  if (from.generic.sa_family == AF_INET6) {
    set_source(source_of(from.v6, by.interface_index));
  } else {
    set_source(in_pktinfo{static_cast<int>(by.interface_index), from.v4.sin_addr, {}});
  }
}

message_route::message_route(const socket_address& peer, const control_facts& received) noexcept
    : to_(peer) {
  set_segment_bytes(received.segment_bytes);
  if (received.v4) {
    set_source(in_pktinfo{0, received.v4->ipi_spec_dst, {}});
  } else if (received.v6 && !IN6_IS_ADDR_MULTICAST(&received.v6->ipi6_addr)) {
    in6_pktinfo info = *received.v6;
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
    set_source(info);
  }
}

void message_route::set_source(const in_pktinfo& from) noexcept {
  control_writer to(control_);
  to.put(IPPROTO_IP, IP_PKTINFO, from);
  source_size_ = to.size();
}

void message_route::set_source(const in6_pktinfo& from) noexcept {
  control_writer to(control_);
  to.put(IPPROTO_IPV6, IPV6_PKTINFO, from);
  source_size_ = to.size();
}

void message_route::set_segment_bytes(std::size_t bytes) noexcept {
  // The kernel has 16 bits for it; more fits in no datagram that would have to be cut.
  segment_bytes_ = std::min<std::size_t>(bytes, std::numeric_limits<std::uint16_t>::max());
}

void message_route::put_into(msghdr& message, bool cut) noexcept {
  message.msg_name = has_target() ? &to_.generic : nullptr;
  message.msg_namelen = to_.size;
  std::size_t size = source_size_;
  if (cut) {
    control_writer to(std::span<std::byte>(control_).subspan(source_size_));
    to.put(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment_bytes_));
    size += to.size();
  }
  message.msg_control = size == 0 ? nullptr : control_.data();
  message.msg_controllen = size;
}

}  // namespace duet::os

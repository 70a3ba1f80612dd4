// SPDX-License-Identifier: MIT
#include "duet/os/control_message.hpp"

#include <netinet/udp.h>

#include <chrono>
#include <cstring>

#include "duet/os/sockaddr.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// One control message's value, if it came whole.
template <class Value>
void take(const cmsghdr& from, std::optional<Value>& into) noexcept {
  if (from.cmsg_len < CMSG_LEN(sizeof(Value))) return;
  Value value;
  std::memcpy(&value, CMSG_DATA(&from), sizeof(value));
  into = value;
}

void close_all(const cmsghdr& rights) noexcept {
  if (rights.cmsg_len < CMSG_LEN(0)) return;
  const std::size_t count = (rights.cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t each = 0; each < count; ++each) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(&rights) + each * sizeof(int), sizeof(fd));
    sys::close(fd);
  }
}

void take_socket_level(const cmsghdr& from, control_facts& into) noexcept {
  switch (from.cmsg_type) {
    case SCM_TIMESTAMPNS: return take(from, into.received_at);
    case SO_RXQ_OVFL: return take(from, into.drop_count);
    case SCM_RIGHTS: return close_all(from);
    default: return;
  }
}

void take_v4(const cmsghdr& from, control_facts& into) noexcept {
  switch (from.cmsg_type) {
    case IP_PKTINFO: return take(from, into.v4);
    case IP_TTL: return take(from, into.hops);
    case IP_TOS: {  // one byte, where IPv6 has an int
      std::optional<std::uint8_t> tos;
      take(from, tos);
      if (tos) into.traffic_class = *tos;
      return;
    }
    default: return;
  }
}

void take_v6(const cmsghdr& from, control_facts& into) noexcept {
  switch (from.cmsg_type) {
    case IPV6_PKTINFO: return take(from, into.v6);
    case IPV6_HOPLIMIT: return take(from, into.hops);
    case IPV6_TCLASS: return take(from, into.traffic_class);
    default: return;
  }
}

void take_udp(const cmsghdr& from, control_facts& into) noexcept {
  std::optional<int> size;
  if (from.cmsg_type == UDP_GRO) take(from, size);
  if (size && *size > 0) into.segment_bytes = static_cast<std::uint32_t>(*size);
}

/// CMSG_NXTHDR takes a pointer to what it does not change.
cmsghdr* next_of(const msghdr& message, cmsghdr* now) noexcept {
  return CMSG_NXTHDR(const_cast<msghdr*>(&message), now);
}

/// Whether the message ends where the memory does, or before; the C library looks only at whether another may follow.
bool whole(const msghdr& message, const cmsghdr& each) noexcept {
  const auto* const begin = static_cast<const std::byte*>(message.msg_control);
  const auto offset = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&each) - begin);
  return each.cmsg_len <= message.msg_controllen - offset;
}

address words_of(const in_addr& from) { return address::v4(ntohl(from.s_addr)); }

/// With the scope of a link-local address, which is nothing without its interface.
address words_of(const in6_addr& from, unsigned interface_index) {
  socket_address with_scope;
  with_scope.v6.sin6_family = AF_INET6;
  with_scope.v6.sin6_addr = from;
  if (IN6_IS_ADDR_LINKLOCAL(&from)) with_scope.v6.sin6_scope_id = interface_index;
  with_scope.size = sizeof(sockaddr_in6);
  return to_endpoint(with_scope, SOCK_DGRAM).address();
}

}  // namespace

control_facts read_control(const msghdr& message) noexcept {
  control_facts facts;
  facts.cut = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = next_of(message, each)) {
    if (!whole(message, *each)) break;
    switch (each->cmsg_level) {
      case SOL_SOCKET: take_socket_level(*each, facts); break;
      case IPPROTO_IP: take_v4(*each, facts); break;
      case IPPROTO_IPV6: take_v6(*each, facts); break;
      case IPPROTO_UDP: take_udp(*each, facts); break;
      default: break;
    }
  }
  return facts;
}

void tell_facts(const control_facts& facts, datagram_info& info) {
  if (facts.v4) {
    info.destination = words_of(facts.v4->ipi_addr);
    info.local_address = words_of(facts.v4->ipi_spec_dst);
    // Queued before IP_PKTINFO was set, by whoever had the socket then: what the header says has to do. A net's broadcast passes for one's own.
    const bool to_all =
        info.destination->is_multicast() || facts.v4->ipi_addr.s_addr == INADDR_BROADCAST;
    if (facts.v4->ipi_spec_dst.s_addr == INADDR_ANY && !to_all)
      info.local_address = info.destination;
    info.interface_index = static_cast<unsigned>(facts.v4->ipi_ifindex);
  } else if (facts.v6) {
    info.interface_index = facts.v6->ipi6_ifindex;
    info.destination = words_of(facts.v6->ipi6_addr, info.interface_index);
    if (!info.destination->is_multicast()) info.local_address = info.destination;
  }
  if (facts.received_at) {
    info.received_at = std::chrono::sys_time<std::chrono::nanoseconds>(
        std::chrono::seconds(facts.received_at->tv_sec) +
        std::chrono::nanoseconds(facts.received_at->tv_nsec));
  }
  info.drop_count = facts.drop_count;
  info.hops = facts.hops;
  info.traffic_class = facts.traffic_class;
  info.segment_bytes = facts.segment_bytes;
}

control_writer::control_writer(std::span<std::byte> room) noexcept : room_(room) {}

bool control_writer::put(int level, int type, const void* data, std::size_t size) noexcept {
  if (room_.size() - used_ < CMSG_SPACE(size)) return false;
  cmsghdr header{};
  header.cmsg_len = CMSG_LEN(size);
  header.cmsg_level = level;
  header.cmsg_type = type;
  std::byte* const at = room_.data() + used_;
  std::memset(at, 0, CMSG_SPACE(size));  // padding goes to the kernel, too
  std::memcpy(at, &header, sizeof(header));
  std::memcpy(at + CMSG_LEN(0), data, size);
  used_ += CMSG_SPACE(size);
  return true;
}

}  // namespace duet::os

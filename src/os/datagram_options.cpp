// SPDX-License-Identifier: MIT
#include "duet/os/datagram_options.hpp"

#include <netinet/udp.h>

#include <array>
#include <charconv>
#include <cstring>

#include "option_access.hpp"

namespace duet::os {
namespace {

/// Of a name, or of digits; 0 and the error if there is none.
int interface_index(const std::string& text, std::error_code& ec) {
  int index = 0;
  const char* const end = text.data() + text.size();
  const auto [read_to, status] = std::from_chars(text.data(), end, index);
  if (status == std::errc{} && read_to == end && index >= 0) return index;
  index = static_cast<int>(sys::if_nametoindex(text.c_str()));
  if (index == 0) ec = std::make_error_code(std::errc::no_such_device);
  return index;
}

/// An option that IPv4 and IPv6 have under two names. An IPv6 socket that takes IPv4 too needs both.
struct twin {
  int v4;
  std::string_view v4_label;
  int v6;
  std::string_view v6_label;
};
constexpr twin local_address{IP_PKTINFO, "IP_PKTINFO", IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO"};
constexpr twin received_hops{IP_RECVTTL, "IP_RECVTTL", IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT"};
constexpr twin received_class{IP_RECVTOS, "IP_RECVTOS", IPV6_RECVTCLASS, "IPV6_RECVTCLASS"};
constexpr twin hops{IP_TTL, "IP_TTL", IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS"};
constexpr twin traffic_class{IP_TOS, "IP_TOS", IPV6_TCLASS, "IPV6_TCLASS"};
constexpr twin multicast_hops{IP_MULTICAST_TTL, "IP_MULTICAST_TTL", IPV6_MULTICAST_HOPS,
                              "IPV6_MULTICAST_HOPS"};
constexpr twin multicast_loop{IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", IPV6_MULTICAST_LOOP,
                              "IPV6_MULTICAST_LOOP"};
constexpr twin multicast_all{IP_MULTICAST_ALL, "IP_MULTICAST_ALL", IPV6_MULTICAST_ALL,
                             "IPV6_MULTICAST_ALL"};

class ip_setter {
 public:
  ip_setter(option_setter& to, flow& steps, int family, bool v6_only)
      : to_(to), steps_(steps), v4_(family == AF_INET || !v6_only), v6_(family == AF_INET6) {}

  void set(const twin& which, int value) {
    if (v6_) to_.set(IPPROTO_IPV6, which.v6, which.v6_label, value);
    if (v4_) to_.set(IPPROTO_IP, which.v4, which.v4_label, value);
  }
  void set(const twin& which, std::optional<int> value) {
    if (value) set(which, *value);
  }
  void ask(const twin& which, bool wanted) {
    if (wanted) set(which, 1);
  }

  void multicast_interface(const std::string& name) {
    std::error_code ec;
    const int index = interface_index(name, ec);
    if (ec) return steps_.fail("multicast_interface " + name, ec);
    if (v6_) to_.set(IPPROTO_IPV6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", index);
    ip_mreqn request{};
    request.imr_ifindex = index;
    if (v4_)
      to_.put(IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", &request, sizeof(request), name);
  }

 private:
  option_setter& to_;
  flow& steps_;
  bool v4_;
  bool v6_;
};

std::optional<int> number(std::optional<bool> flag) {
  return flag ? std::optional(*flag ? 1 : 0) : std::nullopt;
}

void set_ip(option_setter& to, flow& steps, int family, const datagram_options& options) {
  ip_setter ip(to, steps, family, options.socket.v6_only.value_or(false));
  ip.ask(local_address, options.metadata.local_address);
  ip.ask(received_hops, options.metadata.hops);
  ip.ask(received_class, options.metadata.traffic_class);
  ip.set(hops, options.hops);
  ip.set(traffic_class, options.traffic_class);
  ip.set(multicast_hops, options.multicast_hops);
  ip.set(multicast_loop, number(options.multicast_loop));
  ip.set(multicast_all, options.multicast_all ? 1 : 0);
  if (options.multicast_interface) ip.multicast_interface(*options.multicast_interface);
  if (options.metadata.drop_count) to.set(SOL_SOCKET, SO_RXQ_OVFL, "SO_RXQ_OVFL", 1);
  if (options.broadcast) to.set(SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", *options.broadcast);
  if (options.device) {
    const std::string& name = *options.device;
    to.put(SOL_SOCKET, SO_BINDTODEVICE, "SO_BINDTODEVICE", name.data(), name.size(), name,
           "CAP_NET_RAW");
  }
}

/// Not the setter's: an older kernel that does not know it gives uncoalesced datagrams, which is no failure.
bool set_coalesce(flow& steps, int fd) {
  const int on = 1;
  const int result = sys::setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
  if (result != 0 && errno == ENOPROTOOPT) return true;
  const std::error_code error = sys::outcome(result);
  return steps.took("setsockopt UDP_GRO", result, error, [] { return std::string("1"); });
}

void read_ip(option_getter& from, int family, datagram_options& into) {
  const bool v6 = family == AF_INET6;
  const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  const auto number = [&](const twin& of) { return from.number(level, v6 ? of.v6 : of.v4); };
  const auto flag = [&](const twin& of) { return number(of).value_or(0) != 0; };
  into.metadata.local_address = flag(local_address);
  into.metadata.hops = flag(received_hops);
  into.metadata.traffic_class = flag(received_class);
  into.metadata.drop_count = from.flag(SOL_SOCKET, SO_RXQ_OVFL).value_or(false);
  into.hops = number(hops);
  into.traffic_class = number(traffic_class);
  into.multicast_hops = number(multicast_hops);
  into.multicast_loop = flag(multicast_loop);
  into.multicast_all = flag(multicast_all);
  if (v6) {
    const int index = from.number(level, IPV6_MULTICAST_IF).value_or(0);
    if (index != 0) into.multicast_interface = std::to_string(index);
  }
  into.broadcast = from.flag(SOL_SOCKET, SO_BROADCAST);
  std::array<char, IF_NAMESIZE> device{};
  if (from.get(SOL_SOCKET, SO_BINDTODEVICE, device) && device[0] != '\0')
    into.device = std::string(device.data(), strnlen(device.data(), device.size()));
  into.coalesce = from.flag(IPPROTO_UDP, UDP_GRO).value_or(false);
}

/// A group or a source as the kernel takes it, without a port.
sockaddr_storage storage_of(const address& from, std::error_code& ec) {
  const socket_address small = to_socket_address({transport::udp, from, 0}, ec);
  sockaddr_storage large{};
  std::memcpy(&large, &small.generic, small.size);
  return large;
}

std::string text_of(const multicast_group& group) {
  std::string text = group.group.to_string();
  if (!group.interface.empty()) text += " on " + group.interface;
  if (group.source) text += " from " + group.source->to_string();
  return text;
}

}  // namespace

bool apply_datagram_options(flow& steps, int fd, int family, const datagram_options& options) {
  option_setter to(steps, fd);
  if (family != AF_UNIX) {
    set_before_bind(to, family, false, options.socket);
    if (to.ok()) set_ip(to, steps, family, options);
  }
  set_buffers(to, options.socket);
  if (options.metadata.receive_time) to.set(SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS", 1);
  if (!to.ok() || steps.error()) return false;
  return family == AF_UNIX || !options.coalesce || set_coalesce(steps, fd);
}

datagram_options binding_options(const endpoint& at, const datagram_options& options) {
  datagram_options exact = options;
  exact.socket = listening_options(at, options.socket);
  return exact;
}

datagram_options effective_datagram_options(int fd, std::error_code& ec) {
  ec.clear();
  datagram_options options;
  option_getter from(fd, ec);
  const int family = from.number(SOL_SOCKET, SO_DOMAIN).value_or(AF_UNSPEC);
  read_any_type(from, family, options.socket);
  options.metadata.receive_time = from.flag(SOL_SOCKET, SO_TIMESTAMPNS).value_or(false);
  if (family == AF_INET || family == AF_INET6) read_ip(from, family, options);
  return options;
}

bool change_membership(flow& steps, int fd, membership what, const multicast_group& group) {
  const bool join = what == membership::join;
  const int level = group.group.is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
  std::error_code ec;
  group_source_req request{};
  if (!group.interface.empty())
    request.gsr_interface = static_cast<std::uint32_t>(interface_index(group.interface, ec));
  if (!ec) request.gsr_group = storage_of(group.group, ec);
  if (!ec && group.source) request.gsr_source = storage_of(*group.source, ec);
  if (ec) return steps.fail(join ? "join" : "leave", ec), false;

  option_setter to(steps, fd);
  if (group.source) {
    to.put(level, join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP,
           join ? "MCAST_JOIN_SOURCE_GROUP" : "MCAST_LEAVE_SOURCE_GROUP", &request, sizeof(request),
           text_of(group));
  } else {
    const group_req any{request.gsr_interface, request.gsr_group};
    to.put(level, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP,
           join ? "MCAST_JOIN_GROUP" : "MCAST_LEAVE_GROUP", &any, sizeof(any), text_of(group));
  }
  return to.ok();
}

}  // namespace duet::os

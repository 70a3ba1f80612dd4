// SPDX-License-Identifier: MIT
// Socket options: which setsockopt(2) each field of socket_options is, and when it is due.
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"
#include "option_access.hpp"

namespace duet::os {
namespace {

void set_linger(option_setter& to, const socket_options& options) {
  if (!options.linger) return;
  const auto seconds = static_cast<int>(options.linger->count());
  const ::linger value{1, seconds};
  to.put(SOL_SOCKET, SO_LINGER, "SO_LINGER", &value, sizeof(value),
         "on " + std::to_string(seconds));
}

void set_tcp(option_setter& to, const socket_options& options) {
  if (options.nodelay) to.set(IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", *options.nodelay ? 1 : 0);
  if (options.keepalive) {
    to.set(SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", 1);
    to.set(IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE",
           static_cast<int>(options.keepalive->idle.count()));
    to.set(IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL",
           static_cast<int>(options.keepalive->interval.count()));
    to.set(IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT", options.keepalive->count);
  }
  if (options.user_timeout) {
    to.set(IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT",
           static_cast<int>(options.user_timeout->count()));
  }
  if (options.congestion_control) {
    const std::string& name = *options.congestion_control;
    to.put(IPPROTO_TCP, TCP_CONGESTION, "TCP_CONGESTION", name.data(), name.size(), name);
  }
  if (options.not_sent_low_water_bytes) {
    to.set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, "TCP_NOTSENT_LOWAT", *options.not_sent_low_water_bytes);
  }
}

void read_tcp(option_getter& from, socket_options& into) {
  into.nodelay = from.flag(IPPROTO_TCP, TCP_NODELAY);
  if (from.flag(SOL_SOCKET, SO_KEEPALIVE).value_or(false)) {
    keepalive_options alive;
    alive.idle = std::chrono::seconds(from.number(IPPROTO_TCP, TCP_KEEPIDLE).value_or(0));
    alive.interval = std::chrono::seconds(from.number(IPPROTO_TCP, TCP_KEEPINTVL).value_or(0));
    alive.count = from.number(IPPROTO_TCP, TCP_KEEPCNT).value_or(0);
    into.keepalive = alive;
  }
  if (const auto limit = from.number(IPPROTO_TCP, TCP_USER_TIMEOUT))
    into.user_timeout = std::chrono::milliseconds(*limit);
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX of linux/tcp.h
  if (from.get(IPPROTO_TCP, TCP_CONGESTION, name))
    into.congestion_control = std::string(name.data(), strnlen(name.data(), name.size()));
  into.not_sent_low_water_bytes = from.number(IPPROTO_TCP, TCP_NOTSENT_LOWAT);
}

}  // namespace

void set_before_bind(option_setter& to, int family, bool reuse_unless_told,
                     const socket_options& options) {
  if (options.v6_only && family == AF_INET6)
    to.set(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", *options.v6_only ? 1 : 0);
  const bool reuse = options.reuse_address.value_or(reuse_unless_told);
  if (reuse) to.set(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", 1);
  if (options.reuse_port.value_or(false)) to.set(SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", 1);
}

void set_buffers(option_setter& to, const socket_options& options) {
  if (options.send_buffer_bytes)
    to.set(SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", *options.send_buffer_bytes);
  if (options.receive_buffer_bytes)
    to.set(SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", *options.receive_buffer_bytes);
}

void read_any_type(option_getter& from, int family, socket_options& into) {
  into.reuse_address = from.flag(SOL_SOCKET, SO_REUSEADDR);
  into.reuse_port = from.flag(SOL_SOCKET, SO_REUSEPORT);
  into.send_buffer_bytes = from.number(SOL_SOCKET, SO_SNDBUF);
  into.receive_buffer_bytes = from.number(SOL_SOCKET, SO_RCVBUF);
  if (family == AF_INET6) into.v6_only = from.flag(IPPROTO_IPV6, IPV6_V6ONLY);
}

bool apply_options(flow& steps, int fd, int family, option_stage stage,
                   const socket_options& options) {
  const bool tcp = family != AF_UNIX;
  option_setter to(steps, fd);
  if (tcp && stage != option_stage::after_accept) {
    set_before_bind(to, family, stage == option_stage::before_listen, options);
    set_tcp(to, options);
  }
  if (!tcp || stage != option_stage::after_accept) {
    set_buffers(to, options);
    set_linger(to, options);
  }
  return to.ok();
}

void bound_unsent(int fd, int bytes) noexcept {
  sys::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

socket_options listening_options(const endpoint& at, const socket_options& options) {
  socket_options exact = options;
  const bool any_v6 = at.is_ip() && at.address().is_v6() && at.address().is_unspecified();
  if (any_v6 && !exact.v6_only) exact.v6_only = !at.is_wildcard();
  return exact;
}

socket_options effective_options(int fd, std::error_code& ec) {
  ec.clear();
  socket_options options;
  option_getter from(fd, ec);
  const int family = from.number(SOL_SOCKET, SO_DOMAIN).value_or(AF_UNSPEC);
  read_any_type(from, family, options);
  ::linger close_linger{};
  if (from.get(SOL_SOCKET, SO_LINGER, close_linger) && close_linger.l_onoff != 0) {
    options.linger = std::chrono::seconds(close_linger.l_linger);
  }
  if (family == AF_INET || family == AF_INET6) read_tcp(from, options);
  return options;
}

}  // namespace duet::os

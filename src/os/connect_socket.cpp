// SPDX-License-Identifier: MIT
#include "duet/os/connect_socket.hpp"

#include "duet/error.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// The wildcard is that of the family.
endpoint local_for(int family, const endpoint& local) {
  if (!local.is_wildcard()) return local;
  return local.with_address(family == AF_INET ? address::any_v4() : address::any_v6());
}

bool bind_local(flow& steps, int fd, int family, const endpoint& local) {
  std::error_code ec;
  if (local.is_unix() && !local.is_abstract()) ec = error::bad_endpoint;
  const socket_address own =
      ec ? socket_address() : to_socket_address(local_for(family, local), ec);
  if (ec) return steps.fail("bind", ec), false;
  if (local.is_ip()) {
    // A port of the kernel's choice: without the option each such socket has one of its own, whomever it connects to, and they run out.
    // A fixed port: two attempts have it at once, and a connection before may be in TIME_WAIT. What has no such option does without.
    const int on = 1;
    if (local.port() == 0) {
      sys::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    } else {
      sys::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
  }
  const int result = sys::bind(fd, &own.generic, own.size);
  return steps.took("bind", result, sys::outcome(result),
                    [&] { return describe(own, SOCK_STREAM); });
}

}  // namespace

unique_fd open_connecting_socket(flow& steps, const socket_address& to, int flags,
                                 const connect_options& options, std::string_view asio) {
  const int family = to.generic.sa_family;
  unique_fd fd = open_socket(steps, family, SOCK_STREAM, flags, asio);
  if (!fd || !apply_options(steps, fd.get(), family, option_stage::before_connect, options.socket))
    return {};
  if (options.local && !bind_local(steps, fd.get(), family, *options.local)) return {};
  return fd;
}

bool is_wanted(const endpoint& found, const connect_options& options) noexcept {
  if (!found.is_ip()) return true;
  const address::family its = found.address().get_family();
  if (options.family && its != *options.family) return false;
  const bool anything = !options.local || !options.local->is_ip() || options.local->is_wildcard();
  return anything || its == options.local->address().get_family();
}

}  // namespace duet::os

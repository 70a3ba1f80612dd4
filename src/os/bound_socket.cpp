// SPDX-License-Identifier: MIT
#include "duet/os/bound_socket.hpp"

#include <utility>

#include "duet/os/datagram_io.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// bind(2) and what belongs to it. False: the flow has failed.
bool bind(flow& steps, bound_socket& made, const endpoint& at, const socket_address& address,
          int type, const socket_options& options) {
  if (!prepare_socket_file(steps, made.fd.get(), at, options)) return false;
  const int result = sys::bind(made.fd.get(), &address.generic, address.size);
  if (!steps.took("bind", result, sys::outcome(result), [&] { return describe(address, type); }))
    return false;
  made.family = address.generic.sa_family;
  made.file = socket_file(at);
  return made.file.set_access(steps, options);
}

int option_of(int fd, int name, std::error_code& ec) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (!ec && sys::getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0) ec = sys::last_error();
  return value;
}

bool add_flag(int fd, int get, int set, int flag) {
  const int flags = sys::fcntl(fd, get, 0);
  if (flags < 0) return false;
  return (flags & flag) != 0 || sys::fcntl(fd, set, flags | flag) == 0;
}

}  // namespace

bound_socket open_listener(flow& steps, const endpoint& at, const socket_options& options) {
  auto [fd, address] = open_unbound_socket(steps, at, SOCK_NONBLOCK);
  if (!fd || !apply_options(steps, fd.get(), address.generic.sa_family, option_stage::before_listen,
                            listening_options(at, options)))
    return {};
  bound_socket made{std::move(fd)};
  if (!bind(steps, made, at, address, SOCK_STREAM, options)) return {};
  const int result = sys::listen(made.fd.get(), options.backlog);
  if (!steps.took("listen", result, sys::outcome(result),
                  [&] { return "backlog " + std::to_string(options.backlog); }))
    return {};
  return made;
}

bound_socket open_bound_datagram(flow& steps, const endpoint& at, const datagram_options& options) {
  auto [fd, address] = open_datagram(steps, at, SOCK_NONBLOCK, options);
  if (!fd) return {};
  bound_socket made{std::move(fd)};
  if (!bind(steps, made, at, address, SOCK_DGRAM, options.socket)) return {};
  return made;
}

inherited_socket inspect_socket(int fd, std::error_code& ec) {
  ec.clear();
  inherited_socket found;
  found.type = option_of(fd, SO_TYPE, ec);
  found.family = option_of(fd, SO_DOMAIN, ec);
  const bool listens = option_of(fd, SO_ACCEPTCONN, ec) != 0;
  const bool known = found.family == AF_INET || found.family == AF_INET6 || found.family == AF_UNIX;
  const bool fits = found.type == SOCK_STREAM ? listens : found.type == SOCK_DGRAM;
  if (!ec && !(known && fits)) ec = std::make_error_code(std::errc::invalid_argument);
  if (!ec) found.at = local_endpoint(fd, found.type, ec);
  return found;
}

namespace {

inherited_socket inspect_as(int type, int fd, std::error_code& ec) {
  inherited_socket found = inspect_socket(fd, ec);
  if (!ec && found.type != type) ec = std::make_error_code(std::errc::invalid_argument);
  if (!ec) prepare_inherited(fd, ec);
  return found;
}

}  // namespace

inherited_socket inspect_listener(int fd, std::error_code& ec) {
  return inspect_as(SOCK_STREAM, fd, ec);
}

inherited_socket inspect_datagram(int fd, std::error_code& ec) {
  return inspect_as(SOCK_DGRAM, fd, ec);
}

void prepare_inherited(int fd, std::error_code& ec) {
  ec.clear();
  const bool done =
      add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK) && add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
  if (!done) ec = sys::last_error();
}

}  // namespace duet::os

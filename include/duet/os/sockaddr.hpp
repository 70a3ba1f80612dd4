// SPDX-License-Identifier: MIT
// sockaddr: endpoint to and from the kernel's socket addresses, and the socket(2) arguments that go with an endpoint.
// Source: ip(7), ipv6(7), unix(7).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/peer_credentials.hpp"
#include "duet/stream_types.hpp"

namespace duet::os {

/// A kernel socket address of any family with its length in bytes. `size` starts as the capacity, so that the value can be
/// handed to accept4 or getsockname as it is.
struct socket_address {
  union {
    sockaddr generic;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  socklen_t size = capacity;

  static constexpr socklen_t capacity = sizeof(sockaddr_un);
  socket_address() noexcept;  ///< All bytes zero.
};

/// The kernel's form of a numeric endpoint. The dual-stack wildcard becomes [::].
/// Errors: error::bad_endpoint if the endpoint is a name that wants resolving or its scope names no interface of this host.
socket_address to_socket_address(const endpoint& from, std::error_code& ec);

/// A stream's peer as accept4 told it, kept small (32 bytes, against 112 of a socket_address): an IP address and its port. A UNIX
/// client has mostly no name, so that of one is asked for when wanted.
class peer_address {
 public:
  peer_address() noexcept = default;
  explicit peer_address(const socket_address& from) noexcept;
  /// Whether there is an address; otherwise getpeername(2) has to be asked.
  [[nodiscard]] bool known() const noexcept { return address_.sin6_family != AF_UNSPEC; }
  [[nodiscard]] endpoint to_endpoint(int type) const;

 private:
  sockaddr_in6 address_{};
};

/// The endpoint that the kernel's address stands for; `type` is SOCK_STREAM or SOCK_DGRAM. An unnamed UNIX address is a local
/// endpoint with an empty path. An interface index is turned into its name, or printed as a number if it has none any more.
endpoint to_endpoint(const socket_address& from, int type);

/// Whether the socket is connected, as getpeername(2) knows.
bool has_peer(int fd) noexcept;

/// Of a connected UNIX stream; others have none: operation_not_supported. Source: unix(7) SO_PEERCRED.
peer_credentials credentials_of(int fd, std::error_code& ec);

/// Arguments of socket(2) for an endpoint.
int family_of(const endpoint& of) noexcept;  ///< AF_INET, AF_INET6 or AF_UNIX; of a name AF_UNSPEC.
int family_of(
    int fd) noexcept;  ///< of an open socket; AF_UNSPEC if it is none (SO_DOMAIN, socket(7))
int type_of(const endpoint& of) noexcept;  ///< SOCK_STREAM or SOCK_DGRAM.

/// The argument of shutdown(2) and its name.
struct shutdown_flag {
  int value;
  const char* name;
};
shutdown_flag flag_of(shutdown_type what) noexcept;

/// The address a descriptor is bound to (of a dual-stack one the wildcard), or its peer's. Errors: getsockname(2)'s, getpeername(2)'s.
endpoint local_endpoint(int fd, int type, std::error_code& ec);
endpoint remote_endpoint(int fd, int type, std::error_code& ec);

/// Makes the coming close(2) discard what is unsent and reset the connection (SO_LINGER of zero seconds, socket(7)).
void reset_on_close(int fd) noexcept;

/// TCP's simultaneous open lets a socket connect to itself when its ephemeral port happens to be the port it asks for (RFC 9293, 3.5).
/// Nobody is listening then: connection_refused. No error if it is not so.
std::error_code connected_to_itself(int fd) noexcept;

}  // namespace duet::os

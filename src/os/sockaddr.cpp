// SPDX-License-Identifier: MIT
#include "duet/os/sockaddr.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string>

#include "duet/error.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

constexpr socklen_t path_offset = offsetof(sockaddr_un, sun_path);

/// The index behind a scope's text: a number, or the name of an interface of this host.
unsigned scope_index(std::string_view scope) {
  unsigned index = 0;
  const auto [end, status] = std::from_chars(scope.data(), scope.data() + scope.size(), index);
  if (status == std::errc{} && end == scope.data() + scope.size()) return index;
  return sys::if_nametoindex(std::string(scope).c_str());
}

void fill_v6(socket_address& to, const address& from, std::uint16_t port, std::error_code& ec) {
  to.v6.sin6_family = AF_INET6;
  to.v6.sin6_port = htons(port);
  const auto bytes = from.bytes();
  std::memcpy(&to.v6.sin6_addr, bytes.data(), bytes.size());
  to.size = sizeof(sockaddr_in6);
  if (from.scope().empty()) return;
  to.v6.sin6_scope_id = scope_index(from.scope());
  if (to.v6.sin6_scope_id == 0) ec = error::bad_endpoint;
}

void fill_local(socket_address& to, const std::string& path) {
  to.local.sun_family = AF_UNIX;
  const std::size_t length = std::min(path.size(), sizeof(to.local.sun_path));
  std::memcpy(to.local.sun_path, path.data(), length);
  // A file's path counts with its terminating NUL, an abstract name is its bytes and no more (unix(7)).
  const bool terminated = !path.empty() && path.front() != '\0';
  to.size = path_offset + static_cast<socklen_t>(length + (terminated ? 1 : 0));
}

endpoint from_v6(const sockaddr_in6& from, transport kind) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &from.sin6_addr, bytes.size());
  if (from.sin6_scope_id == 0) return {kind, address::v6(bytes), ntohs(from.sin6_port)};
  std::array<char, IF_NAMESIZE> name{};
  const bool named = sys::if_indextoname(from.sin6_scope_id, name.data()) != nullptr;
  if (!named || !address::is_scope(name.data())) {
    name = {};
    std::to_chars(name.data(), name.data() + name.size() - 1, from.sin6_scope_id);
  }
  return {kind, address::v6(bytes, name.data()), ntohs(from.sin6_port)};
}

/// Other programs' names go to the last byte of sun_path, or are nothing but a NUL; they are cut to what an endpoint can be.
endpoint from_local(transport kind, const std::string& path) {
  std::error_code ec;
  if (auto named = endpoint::local(kind, path, ec)) return *named;
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  return endpoint::local(kind, path.size() > longest ? path.substr(0, longest) : std::string());
}

std::string path_of(const socket_address& from) {
  if (from.size <= path_offset) return {};
  const std::size_t length =
      std::min<std::size_t>(from.size - path_offset, sizeof(from.local.sun_path));
  const char* const bytes = from.local.sun_path;
  return bytes[0] == '\0' ? std::string(bytes, length) : std::string(bytes, strnlen(bytes, length));
}

template <class Call>
endpoint name_of(Call call, int fd, int type, std::error_code& ec) {
  socket_address name;
  if (call(fd, &name.generic, &name.size) != 0) {
    ec = sys::last_error();
    return {};
  }
  ec.clear();
  return to_endpoint(name, type);
}

}  // namespace

socket_address::socket_address() noexcept : size(capacity) {
  std::memset(&local, 0, sizeof(local));
}

socket_address to_socket_address(const endpoint& from, std::error_code& ec) {
  ec.clear();
  socket_address to;
  if (!from.is_numeric()) {
    ec = error::bad_endpoint;
  } else if (from.is_unix()) {
    fill_local(to, from.path());
  } else if (from.is_wildcard()) {
    fill_v6(to, address::any_v6(), from.port(), ec);
  } else if (from.address().is_v6()) {
    fill_v6(to, from.address(), from.port(), ec);
  } else {
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = htons(from.port());
    to.v4.sin_addr.s_addr = htonl(from.address().to_v4_host_order());
    to.size = sizeof(sockaddr_in);
  }
  return to;
}

peer_address::peer_address(const socket_address& from) noexcept {
  const int family = from.generic.sa_family;
  if (family != AF_INET && family != AF_INET6) return;
  std::memcpy(&address_, &from.generic, std::min<std::size_t>(from.size, sizeof(address_)));
}

endpoint peer_address::to_endpoint(int type) const {
  socket_address whole;
  std::memcpy(&whole.v6, &address_, sizeof(address_));
  return os::to_endpoint(whole, type);
}

endpoint to_endpoint(const socket_address& from, int type) {
  const bool stream = type == SOCK_STREAM;
  const transport ip = stream ? transport::tcp : transport::udp;
  switch (from.generic.sa_family) {
    case AF_INET: return {ip, address::v4(ntohl(from.v4.sin_addr.s_addr)), ntohs(from.v4.sin_port)};
    case AF_INET6: return from_v6(from.v6, ip);
    default:
      return from_local(stream ? transport::unix_stream : transport::unix_datagram, path_of(from));
  }
}

int family_of(const endpoint& of) noexcept {
  if (of.is_unix()) return AF_UNIX;
  if (!of.is_numeric()) return AF_UNSPEC;
  return of.is_wildcard() || of.address().is_v6() ? AF_INET6 : AF_INET;
}

int family_of(int fd) noexcept {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  return sys::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 ? family : AF_UNSPEC;
}

int type_of(const endpoint& of) noexcept { return of.is_stream() ? SOCK_STREAM : SOCK_DGRAM; }

shutdown_flag flag_of(shutdown_type what) noexcept {
  switch (what) {
    case shutdown_type::receive: return {SHUT_RD, "SHUT_RD"};
    case shutdown_type::send: return {SHUT_WR, "SHUT_WR"};
    default: return {SHUT_RDWR, "SHUT_RDWR"};
  }
}

void reset_on_close(int fd) noexcept {
  const ::linger at_once{1, 0};
  sys::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

std::error_code connected_to_itself(int fd) noexcept {
  socket_address local;
  socket_address remote;
  if (sys::getsockname(fd, &local.generic, &local.size) != 0 || local.generic.sa_family == AF_UNIX)
    return {};
  if (sys::getpeername(fd, &remote.generic, &remote.size) != 0 || local.size != remote.size)
    return {};
  if (std::memcmp(&local.local, &remote.local, local.size) != 0) return {};
  return std::make_error_code(std::errc::connection_refused);
}

endpoint local_endpoint(int fd, int type, std::error_code& ec) {
  endpoint local = name_of(sys::getsockname, fd, type, ec);
  if (ec || !local.is_ip() || !local.address().is_v6() || !local.address().is_unspecified())
    return local;
  int v6_only = 1;
  socklen_t size = sizeof(v6_only);
  const bool known = sys::getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, &size) == 0;
  return known && v6_only == 0 ? endpoint::wildcard(local.transport(), local.port()) : local;
}

endpoint remote_endpoint(int fd, int type, std::error_code& ec) {
  return name_of(sys::getpeername, fd, type, ec);
}

bool has_peer(int fd) noexcept {
  socket_address peer;
  return sys::getpeername(fd, &peer.generic, &peer.size) == 0;
}

peer_credentials credentials_of(int fd, std::error_code& ec) {
  ec.clear();
  ucred peer{};
  socklen_t size = sizeof(peer);
  // The kernel answers for TCP too, with nobody's numbers.
  if (family_of(fd) != AF_UNIX) {
    ec = std::make_error_code(std::errc::operation_not_supported);
  } else if (sys::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    ec = sys::last_error();
  }
  return {peer.pid, peer.uid, peer.gid};
}

}  // namespace duet::os

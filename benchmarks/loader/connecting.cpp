// SPDX-License-Identifier: MIT
// See connecting.hpp. @see tcp(7), unix(7)
#include "loader/connecting.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <system_error>
#include <utility>

#include "loader/fail.hpp"

namespace duet::bench {

os::socket_address address_of(const endpoint& server) {
  std::error_code error;
  const auto address = os::to_socket_address(server, error);
  if (error) throw std::system_error(error, server.to_string());
  return address;
}

os::unique_fd open_stream_socket(const endpoint& server, const std::string& congestion_control,
                                 int flags) {
  os::unique_fd fd(::socket(os::family_of(server), SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) fail("socket");
  if (server.is_unix()) return fd;
  const int on = 1;
  if (::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    fail("setsockopt TCP_NODELAY");
  if (!congestion_control.empty() &&
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(),
                   static_cast<socklen_t>(congestion_control.size())) != 0) {
    fail("setsockopt TCP_CONGESTION");
  }
  return fd;
}

std::vector<os::unique_fd> connect_streams(const endpoint& server, std::size_t count,
                                           const std::string& congestion_control) {
  const auto address = address_of(server);
  std::vector<os::unique_fd> fds;
  fds.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    fds.push_back(open_stream_socket(server, congestion_control));
    if (::connect(fds.back().get(), &address.generic, address.size) != 0) fail("connect");
  }
  return fds;
}

std::string congestion_control_of(int fd) {
  std::array<char, 32> name{};
  socklen_t size = name.size() - 1;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
  return name.data();
}

void make_nonblocking(int fd) {
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl O_NONBLOCK");
}

}  // namespace duet::bench

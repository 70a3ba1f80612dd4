// SPDX-License-Identifier: MIT
// The other side of a test of datagrams: plain sockets that share nothing with duet but the conversion of addresses, and that no fault plan
// of the seam reaches. Receiving waits 15 s at most, and throws when nothing came. Every failure throws.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "bytes.hpp"
#include "duet/os/sockaddr.hpp"
#include "raw_socket.hpp"

namespace duet::test {

/// Waits until a socket is readable, or has an error to tell if `events` is 0. The loopback mostly delivers within the send, but not always.
inline void await_datagram(int fd, short events = POLLIN) {
  pollfd what{fd, events, 0};
  if (::poll(&what, 1, 15'000) != 1) throw std::runtime_error("nothing came in 15 s");
}

class raw_datagram {
 public:
  struct received {
    byte_vector bytes;
    endpoint peer;
  };

  raw_datagram() = default;
  raw_datagram(raw_datagram&&) = default;
  raw_datagram& operator=(raw_datagram&&) = default;

  /// Of the family of an endpoint, without an address.
  static raw_datagram opened(const endpoint& like) {
    raw_datagram made;
    made.socket_ = raw_socket(static_cast<int>(
        checked(::socket(os::family_of(like), SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")));
    const timeval limit{15, 0};
    checked(::setsockopt(made.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), "setsockopt");
    return made;
  }
  static raw_datagram bound(const endpoint& at) {
    raw_datagram made = opened(at);
    const os::socket_address address = address_of(at);
    checked(::bind(made.fd(), &address.generic, address.size), "bind");
    if (at.is_unix() && !at.is_abstract()) made.file_ = at.path();
    return made;
  }
  ~raw_datagram() { close(); }

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] int release() { return socket_.release(); }
  /// Removes the file that bound() has made, too.
  void close() {
    socket_.close();
    if (!file_.empty()) ::unlink(std::exchange(file_, {}).c_str());
  }

  void connect(const endpoint& to) const {
    const os::socket_address address = address_of(to);
    checked(::connect(fd(), &address.generic, address.size), "connect");
  }
  [[nodiscard]] endpoint local_endpoint() const {
    os::socket_address address;
    checked(::getsockname(fd(), &address.generic, &address.size), "getsockname");
    return os::to_endpoint(address, SOCK_DGRAM);
  }

  void send_to(std::span<const std::byte> bytes, const endpoint& to) const {
    errno = try_send_to(bytes, to);
    checked(errno == 0 ? 0 : -1, "sendto");
  }
  /// Returns errno, or 0.
  [[nodiscard]] int try_send_to(std::span<const std::byte> bytes, const endpoint& to) const {
    const os::socket_address address = address_of(to);
    const ssize_t sent =
        ::sendto(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL, &address.generic, address.size);
    return sent < 0 ? errno : 0;
  }
  void send(std::span<const std::byte> bytes) const {
    checked(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL), "send");
  }
  [[nodiscard]] received receive() const { return receive(0); }
  /// Whether there is one; it stays there.
  [[nodiscard]] bool anything() const { return socket_.readable_now(); }

  void set(int level, int name, int value) const { socket_.set(level, name, value); }

 private:
  [[nodiscard]] received receive(int flags) const {
    received got{byte_vector(262'144), {}};
    os::socket_address from;
    const ssize_t size = checked(
        ::recvfrom(fd(), got.bytes.data(), got.bytes.size(), flags, &from.generic, &from.size),
        "recvfrom");
    got.bytes.resize(static_cast<std::size_t>(size));
    if (from.size == 0) from.generic.sa_family = AF_UNIX;
    got.peer = os::to_endpoint(from, SOCK_DGRAM);
    return got;
  }
  static os::socket_address address_of(const endpoint& at) {
    std::error_code ec;
    os::socket_address address = os::to_socket_address(at, ec);
    if (ec) throw std::system_error(ec, at.to_string());
    return address;
  }

  raw_socket socket_;
  std::string file_;
};

}  // namespace duet::test

// SPDX-License-Identifier: MIT
// The other side of a test: plain blocking sockets that share nothing with duet but the conversion of addresses, and that no fault
// plan of the seam reaches. Every failure throws: a test whose peer does not work proves nothing.
#pragma once

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "duet/os/sockaddr.hpp"

namespace duet::test {

inline ssize_t checked(ssize_t result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

class raw_socket {
 public:
  raw_socket() = default;
  explicit raw_socket(int fd) : fd_(fd) {}
  raw_socket(raw_socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), file_(std::exchange(other.file_, {})) {}
  raw_socket& operator=(raw_socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(file_, other.file_);
    return *this;
  }
  ~raw_socket() { close(); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  /// Removes the file that bound() has made, too.
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    if (!file_.empty()) ::unlink(std::exchange(file_, {}).c_str());
  }

  static raw_socket opened(const endpoint& like, int flags = 0) {
    return raw_socket(static_cast<int>(
        checked(::socket(os::family_of(like), SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket")));
  }
  static raw_socket bound(const endpoint& at) {
    raw_socket made = opened(at);
    const os::socket_address address = address_of(at);
    checked(::bind(made.fd_, &address.generic, address.size), "bind");
    if (at.is_unix() && !at.is_abstract()) made.file_ = at.path();
    return made;
  }
  static raw_socket listening(const endpoint& at, int backlog = 16) {
    raw_socket made = bound(at);
    checked(::listen(made.fd_, backlog), "listen");
    return made;
  }
  static raw_socket connected(const endpoint& to) {
    raw_socket made = opened(to);
    const os::socket_address address = address_of(to);
    checked(::connect(made.fd_, &address.generic, address.size), "connect");
    return made;
  }
  /// A connect that was started and whose end nobody waits for. Returns errno, or 0.
  int start_connect(const endpoint& to) {
    const os::socket_address address = address_of(to);
    return ::connect(fd_, &address.generic, address.size) == 0 ? 0 : errno;
  }

  [[nodiscard]] raw_socket accept() const {
    return raw_socket(
        static_cast<int>(checked(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC), "accept4")));
  }
  [[nodiscard]] endpoint local_endpoint() const {
    os::socket_address address;
    checked(::getsockname(fd_, &address.generic, &address.size), "getsockname");
    return os::to_endpoint(address, SOCK_STREAM);
  }

  void send_all(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t size = checked(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), "send");
      bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
  }
  /// What is there, without waiting; -1 if nothing, 0 at the end.
  ssize_t receive_now(std::span<std::byte> to) const {
    const ssize_t size = ::recv(fd_, to.data(), to.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return -1;
    return checked(size, "recv");
  }
  /// Exactly `size` bytes, waiting for them; fewer if the stream ends before.
  [[nodiscard]] byte_vector receive(std::size_t size) const {
    byte_vector got(size);
    std::size_t have = 0;
    while (have < size) {
      const ssize_t more = checked(::recv(fd_, got.data() + have, size - have, 0), "recv");
      if (more == 0) break;
      have += static_cast<std::size_t>(more);
    }
    got.resize(have);
    return got;
  }
  void shut_down(int how) const { checked(::shutdown(fd_, how), "shutdown"); }
  void set(int level, int name, int value) const {
    checked(::setsockopt(fd_, level, name, &value, sizeof(value)), "setsockopt");
  }
  /// Closes so that the peer gets RST (TCP); UNIX sockets know no such thing and just end.
  void reset() {
    const linger at_once{1, 0};
    checked(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), "setsockopt");
    close();
  }
  [[nodiscard]] bool readable_now() const {
    pollfd what{fd_, POLLIN, 0};
    return ::poll(&what, 1, 0) > 0;
  }

 private:
  static os::socket_address address_of(const endpoint& at) {
    std::error_code ec;
    os::socket_address address = os::to_socket_address(at, ec);
    if (ec) throw std::system_error(ec, at.to_string());
    return address;
  }

  int fd_ = -1;
  std::string file_;
};

/// A listener that takes no connection any more: its queue is full and nobody accepts. A TCP connect to it hangs, for its SYN is
/// dropped; a UNIX one gets EAGAIN.
class full_listener {
 public:
  explicit full_listener(const endpoint& at) : listener_(raw_socket::listening(at, 0)) {
    if (at.is_unix()) {
      waiting_.push_back(raw_socket::connected(where()));
      return;
    }
    while (!full()) {
      waiting_.push_back(raw_socket::opened(at, SOCK_NONBLOCK));
      waiting_.back().start_connect(where());
      if (waiting_.size() > 64) throw std::runtime_error("the queue does not fill");
    }
  }

  [[nodiscard]] endpoint where() const { return listener_.local_endpoint(); }
  /// Takes one out of the queue.
  [[nodiscard]] raw_socket accept() const { return listener_.accept(); }

 private:
  /// Of a listening socket tcpi_unacked is the queue's length, tcpi_sacked its limit (tcp_get_info of Linux); one more fits.
  [[nodiscard]] bool full() const {
    tcp_info info{};
    socklen_t size = sizeof(info);
    checked(::getsockopt(listener_.fd(), IPPROTO_TCP, TCP_INFO, &info, &size), "getsockopt");
    return info.tcpi_unacked > info.tcpi_sacked;
  }

  raw_socket listener_;
  std::vector<raw_socket> waiting_;
};

/// Both ends of a pipe, close-on-exec.
struct raw_pipe {
  raw_pipe() {
    int ends[2];
    checked(::pipe2(ends, O_CLOEXEC), "pipe2");
    out = raw_socket(ends[0]);
    in = raw_socket(ends[1]);
  }
  raw_socket out;  ///< to read from
  raw_socket in;   ///< to write to
};

}  // namespace duet::test

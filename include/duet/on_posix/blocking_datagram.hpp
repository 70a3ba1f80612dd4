// SPDX-License-Identifier: MIT
// blocking_datagram: the documented flows of datagrams literally, one call after another, each of which blocks. Server: socket, bind,
// recvfrom/sendto, close. Client: socket, sendto/recvfrom, close. It retries nothing and loops over nothing.
// Counterpart: on_asio/blocking_datagram.hpp. Source: socket(2), bind(2), recvfrom(2), sendto(2).
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::on_posix::blocking {

/// One socket. recvfrom() and sendto() are the calls of their names, made once: a signal may interrupt them, and recvfrom() cuts what is
/// longer than its buffer without a word; with MSG_TRUNC it returns the whole length. Functions without an error_code throw
/// std::system_error. Destruction closes, and removes a UNIX socket's file if it is still ours.
class datagram_socket {
 public:
  datagram_socket() noexcept = default;
  datagram_socket(os::unique_fd socket, os::socket_file file, observer* watcher) noexcept
      : fd_(std::move(socket)), file_(std::move(file)), watcher_(observer_of_steps(watcher)) {}

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }
  [[nodiscard]] endpoint local_endpoint() const;

  /// `peer` is who sent it. `flags` of recv(2): MSG_PEEK, MSG_TRUNC.
  std::size_t recvfrom(std::span<std::byte> to, endpoint& peer, int flags = 0);
  std::size_t recvfrom(std::span<std::byte> to, endpoint& peer, int flags, std::error_code& ec);
  /// `flags` of send(2); MSG_NOSIGNAL is always among them.
  std::size_t sendto(std::span<const std::byte> from, const endpoint& to, int flags = 0);
  std::size_t sendto(std::span<const std::byte> from, const endpoint& to, int flags,
                     std::error_code& ec);

  void close();

 private:
  os::unique_fd fd_;
  os::socket_file file_;
  observer* watcher_ = nullptr;
};

/// A server's: socket, bind. Throws std::system_error that names the step and the endpoint.
datagram_socket bind_datagram(const endpoint& at, const datagram_options& options = {},
                              observer* watcher = nullptr);

/// A client's, for servers like `to`: socket. The kernel gives it an address with the first sendto; of UNIX it does not, so there it is
/// bound to an abstract name of the kernel's choice: without a name it would not be answered. Throws as above.
datagram_socket open_datagram(const endpoint& to, const datagram_options& options = {},
                              observer* watcher = nullptr);

}  // namespace duet::on_posix::blocking

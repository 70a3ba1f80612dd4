// SPDX-License-Identifier: MIT
// blocking: the documented flows literally, one call after another, each of which blocks. Server: socket, bind, listen, accept,
// read/write, close. Client: socket, connect, write/read, close. It is the text to learn from and the latency limit of the
// benchmarks; it retries nothing and loops over nothing. Counterpart: on_asio/blocking.hpp.
// Source: socket(2), bind(2), listen(2), accept(2), connect(2), read(2), write(2), recv(2), send(2).
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/socket_options.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_posix::blocking {

/// One connection. Every function is the call of its name, made once: read() and recv() return 0 at the end of the stream, any of
/// them may be interrupted by a signal or move fewer bytes than asked. Functions without an error_code throw std::system_error.
class connection {
 public:
  connection() noexcept = default;
  connection(os::unique_fd connected, observer* watcher) noexcept
      : fd_(std::move(connected)), watcher_(observer_of_steps(watcher)) {}

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }
  [[nodiscard]] endpoint local_endpoint() const;
  [[nodiscard]] endpoint remote_endpoint() const;

  std::size_t read(std::span<std::byte> to);
  std::size_t read(std::span<std::byte> to, std::error_code& ec);
  /// Parity: write(2) has no MSG_NOSIGNAL: a peer that is gone raises SIGPIPE, which kills the process unless it is ignored. on_asio's, and
  /// send() here, report broken_pipe.
  std::size_t write(std::span<const std::byte> from);
  std::size_t write(std::span<const std::byte> from, std::error_code& ec);
  /// `flags` of recv(2): MSG_PEEK, MSG_WAITALL.
  std::size_t recv(std::span<std::byte> to, int flags);
  std::size_t recv(std::span<std::byte> to, int flags, std::error_code& ec);
  /// `flags` of send(2); MSG_NOSIGNAL is always among them.
  std::size_t send(std::span<const std::byte> from, int flags);
  std::size_t send(std::span<const std::byte> from, int flags, std::error_code& ec);

  void shutdown(shutdown_type what);
  void shutdown(shutdown_type what, std::error_code& ec);
  void close();

 private:
  os::unique_fd fd_;
  observer* watcher_ = nullptr;
};

/// One listening socket.
class server {
 public:
  /// socket, bind, listen. Throws std::system_error that names the step and the endpoint.
  explicit server(const endpoint& at, const socket_options& options = {},
                  observer* watcher = nullptr);
  ~server();
  server(server&&) noexcept = default;
  server& operator=(server&&) = delete;

  [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }
  [[nodiscard]] endpoint local_endpoint() const;

  /// accept.
  connection accept();
  connection accept(std::error_code& ec);

  void close();
  /// Closes this process's copy of the socket, and leaves its file: what a child does with its parent's.
  void abandon();

 private:
  os::unique_fd fd_;
  os::socket_file file_;
  observer* watcher_ = nullptr;
};

/// socket, connect; for a name first getaddrinfo, and then each of its addresses until one answers. The options' times are not
/// looked at: these calls block as long as they block. Throws std::system_error.
connection connect(const endpoint& at, const connect_options& options = {});

}  // namespace duet::on_posix::blocking

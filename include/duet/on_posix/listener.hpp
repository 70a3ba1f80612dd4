// SPDX-License-Identifier: MIT
// listener: a listening socket, TCP or UNIX, on the epoll loop. Counterpart: on_asio/listener.hpp.
// Source: bind(2), listen(2), accept4(2), tcp(7), unix(7).
#pragma once

#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/stream.hpp"
#include "duet/os/accept.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/socket_options.hpp"

namespace duet::on_posix {

/// @see contract::listener for each member. Move-only. Parity: one accept at a time, a second is refused with operation_in_progress
/// (Asio queues it). Destruction closes, and removes a UNIX socket's file if it is still ours.
class listener {
 public:
  explicit listener(loop& owner) : io_(new detail::io_source(owner)) {}
  listener(listener&&) noexcept = default;
  listener& operator=(listener&& other) noexcept;
  ~listener();

  // Descriptor.
  void listen(const endpoint& at, const socket_options& options = {}, observer* watcher = nullptr);
  void listen(const endpoint& at, const socket_options& options, std::error_code& ec);
  void assign(os::unique_fd listening, const socket_options& options = {},
              observer* watcher = nullptr);
  [[nodiscard]] bool is_open() const noexcept { return io_->fd() >= 0; }
  [[nodiscard]] int native_handle() const noexcept { return io_->fd(); }

  // Endpoints.
  [[nodiscard]] endpoint local_endpoint() const;
  [[nodiscard]] endpoint local_endpoint(std::error_code& ec) const;

  // Operations.
  template <class Handler>
  void async_accept(Handler&& handler) {
    start(accept_handler(std::forward<Handler>(handler)));
  }
  std::optional<stream> try_accept(std::error_code& ec);

  // Ending.
  void cancel();
  void close();

 private:
  using accept_handler = detail::handler<void(std::error_code, stream)>;
  /// Shared with the operation in flight: the listener may be moved or closed meanwhile.
  using shared_setup = std::shared_ptr<const os::accept_setup>;
  void open(const endpoint& at, const socket_options& options, os::flow& steps);
  void take(os::bound_socket bound, const socket_options& options, observer* watcher);
  void start(accept_handler handler);
  static void wait_and_accept(const detail::source_ref<detail::io_source>& io, shared_setup with,
                              accept_handler handler);
  static std::error_code accept_into(stream& into, int fd, const os::accept_setup& with);

  detail::source_ref<detail::io_source> io_;
  os::socket_file file_;
  shared_setup setup_;
};

}  // namespace duet::on_posix

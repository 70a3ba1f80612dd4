// SPDX-License-Identifier: MIT
// datagram: a datagram socket, UDP or UNIX, on the epoll loop: single datagrams with all that is known of them, batches, groups.
// Counterpart: on_asio/datagram.hpp. Source: udp(7), unix(7), recvmsg(2), sendmsg(2), recvmmsg(2), sendmmsg(2).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/on_posix/detail/datagram_source.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/os/datagram_batch.hpp"
#include "duet/os/datagram_options.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_posix {

/// Memory for what one call receives, or sends; the same in both columns.
using incoming_batch = os::incoming_batch;
using outgoing_batch = os::outgoing_batch;

/// @see contract::datagram_socket for each member. Move-only; a moved-from socket may be assigned to or destroyed. Destruction closes.
/// Parity: one operation in each direction at a time, a second is refused with operation_in_progress (on_asio runs both).
class datagram_socket {
 public:
  explicit datagram_socket(loop& owner) : io_(new detail::datagram_source(owner)) {}
  datagram_socket(datagram_socket&&) noexcept = default;
  datagram_socket& operator=(datagram_socket&& other) noexcept;
  ~datagram_socket();

  [[nodiscard]] loop& get_loop() const noexcept { return io_->owner(); }

  // Descriptor.
  void open(const endpoint& like, const datagram_options& options = {},
            observer* watcher = nullptr);
  void open(const endpoint& like, const datagram_options& options, std::error_code& ec);
  void bind(const endpoint& at, const datagram_options& options = {}, observer* watcher = nullptr);
  void bind(const endpoint& at, const datagram_options& options, std::error_code& ec);
  void connect(const endpoint& to);
  void connect(const endpoint& to, std::error_code& ec);
  /// Takes a datagram socket. Precondition: not open.
  void assign(os::unique_fd socket, const datagram_options& options = {});
  /// Cancels what is in flight and gives the descriptor away.
  os::unique_fd release();
  [[nodiscard]] bool is_open() const noexcept { return io_->fd() >= 0; }
  [[nodiscard]] int native_handle() const noexcept { return io_->fd(); }

  // Endpoints.
  [[nodiscard]] endpoint local_endpoint() const;
  [[nodiscard]] endpoint local_endpoint(std::error_code& ec) const;
  [[nodiscard]] endpoint remote_endpoint() const;
  [[nodiscard]] endpoint remote_endpoint(std::error_code& ec) const;

  // Groups.
  void join(const multicast_group& group);
  void join(const multicast_group& group, std::error_code& ec);
  void leave(const multicast_group& group);
  void leave(const multicast_group& group, std::error_code& ec);

  // Operations.
  template <class Handler>
  void async_receive_from(std::span<std::byte> to, datagram_info& about, Handler&& handler) {
    io_->start(wait_type::read, {detail::datagram_call::receive, to, &about},
               std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_receive(std::span<std::byte> to, Handler&& handler) {
    io_->start(wait_type::read, {detail::datagram_call::receive, to},
               std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_send_to(std::span<const std::byte> from, const datagram_route& by, Handler&& handler) {
    start_send(from, by, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_send_to(std::span<const std::byte> from, const endpoint& to, Handler&& handler) {
    start_send(from, datagram_route{to}, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_send(std::span<const std::byte> from, Handler&& handler) {
    io_->start_send(from, os::message_route(), std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_receive_batch(incoming_batch& into, Handler&& handler) {
    io_->start(wait_type::read, {.call = detail::datagram_call::receive_batch, .incoming = &into},
               std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_send_batch(outgoing_batch& from, Handler&& handler) {
    io_->start(wait_type::write, {.call = detail::datagram_call::send_batch, .outgoing = &from},
               std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_wait(wait_type direction, Handler&& handler) {
    io_->start(direction, {},
               [handler = std::forward<Handler>(handler)](std::error_code ec, std::size_t) mutable {
                 handler(ec);
               });
  }
  std::optional<std::size_t> try_receive_from(std::span<std::byte> to, datagram_info& about,
                                              std::error_code& ec) {
    return io_->try_call({detail::datagram_call::receive, to, &about}, ec);
  }
  std::optional<std::size_t> try_receive(std::span<std::byte> to, std::error_code& ec) {
    return io_->try_call({detail::datagram_call::receive, to}, ec);
  }
  std::optional<std::size_t> try_send_to(std::span<const std::byte> from, const datagram_route& by,
                                         std::error_code& ec);
  std::optional<std::size_t> try_send_to(std::span<const std::byte> from, const endpoint& to,
                                         std::error_code& ec) {
    return try_send_to(from, datagram_route{to}, ec);
  }
  std::optional<std::size_t> try_send(std::span<const std::byte> from, std::error_code& ec) {
    return io_->try_send(from, os::message_route(), ec);
  }
  std::optional<std::size_t> try_receive_batch(incoming_batch& into, std::error_code& ec) {
    return io_->try_call({.call = detail::datagram_call::receive_batch, .incoming = &into}, ec);
  }
  std::optional<std::size_t> try_send_batch(outgoing_batch& from, std::error_code& ec) {
    return io_->try_call({.call = detail::datagram_call::send_batch, .outgoing = &from}, ec);
  }

  // Counting and ending.
  [[nodiscard]] const datagram_counters& counters() const noexcept { return io_->setup.counters; }
  void cancel();
  void cancel(wait_type direction);
  void close();

  /// Tells each call to `watcher` until it is replaced; nullptr: nobody. `watcher` outlives the socket.
  void set_observer(observer* watcher);

 private:
  void start_open(os::flow& steps, const endpoint& like, const datagram_options& options,
                  bool bind);
  os::flow change(os::membership what, const multicast_group& group);
  void start_send(std::span<const std::byte> from, const datagram_route& by,
                  detail::completion handler);

  detail::source_ref<detail::datagram_source> io_;
  os::socket_file file_;
};

}  // namespace duet::on_posix

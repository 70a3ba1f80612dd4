// SPDX-License-Identifier: MIT
// stream: a connected byte stream, TCP or UNIX, on the epoll loop. It is what a careful engineer writes by hand around recv(2) and
// send(2). Counterpart: on_asio/stream.hpp. Source: tcp(7), unix(7), recv(2), send(2), shutdown(2).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/os/descriptor_passing.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet {
struct connect_options;
struct connect_report;
}  // namespace duet

namespace duet::on_posix {

class stream;
namespace detail {
void start_connect(stream& to, const endpoint& at, const connect_options& options,
                   completion handler);
void start_race(stream& to, std::string_view host, std::string_view service,
                const connect_options& options,
                handler<void(std::error_code, connect_report)> handler);
}  // namespace detail

/// @see contract::stream for each member. Move-only; a moved-from stream may be assigned to or destroyed. Destruction closes.
/// Parity: one operation in each direction at a time, a second is refused with operation_in_progress (Asio would queue it).
class stream {
 public:
  explicit stream(loop& owner) : io_(new detail::io_source(owner)) {}
  stream(stream&&) noexcept = default;
  stream& operator=(stream&& other) noexcept;
  ~stream();

  [[nodiscard]] loop& get_loop() const noexcept { return io_->owner(); }

  // Descriptor.
  /// Takes a connected, non-blocking stream socket. `peer` as accept4(2) filled it in, if at hand. Precondition: not open.
  void assign(os::unique_fd connected);
  void assign(os::unique_fd connected, const os::socket_address& peer);
  /// Cancels what is in flight and gives the descriptor away.
  os::unique_fd release();
  [[nodiscard]] bool is_open() const noexcept { return io_->fd() >= 0; }
  [[nodiscard]] int native_handle() const noexcept { return io_->fd(); }

  // Endpoints.
  [[nodiscard]] endpoint local_endpoint() const;
  [[nodiscard]] endpoint local_endpoint(std::error_code& ec) const;
  [[nodiscard]] endpoint remote_endpoint() const;
  [[nodiscard]] endpoint remote_endpoint(std::error_code& ec) const;

  // Operations.
  template <class Handler>
  void async_read_some(std::span<std::byte> to, Handler&& handler) {
    io_->start(wait_type::read, detail::io_kind::read, to, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_write_some(std::span<const std::byte> from, Handler&& handler) {
    io_->start(wait_type::write, detail::io_kind::write_some, from, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_write(std::span<const std::byte> from, Handler&& handler) {
    io_->start(wait_type::write, detail::io_kind::write, from, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_wait(wait_type direction, Handler&& handler) {
    io_->start(direction, detail::io_kind::wait, {},
               [handler = std::forward<Handler>(handler)](std::error_code ec, std::size_t) mutable {
                 handler(ec);
               });
  }
  std::optional<std::size_t> try_read_some(std::span<std::byte> to, std::error_code& ec) {
    return io_->try_read(to, ec);
  }
  std::optional<std::size_t> try_write_some(std::span<const std::byte> from, std::error_code& ec) {
    return io_->try_write(from, ec);
  }
  std::optional<std::size_t> try_write_pieces(std::span<const std::span<const std::byte>> from,
                                              std::error_code& ec) {
    return io_->try_write(from, ec);
  }

  // UNIX streams only.
  /// Who is at the other end.
  [[nodiscard]] duet::peer_credentials peer_credentials() const;
  [[nodiscard]] duet::peer_credentials peer_credentials(std::error_code& ec) const {
    return os::credentials_of(native_handle(), ec);
  }
  std::optional<std::size_t> try_send_descriptors(std::span<const std::byte> from,
                                                  std::span<const int> descriptors,
                                                  std::error_code& ec) {
    return os::try_send_descriptors(native_handle(), from, descriptors, ec, {io_->get_observer()});
  }
  std::optional<std::size_t> try_receive_descriptors(std::span<std::byte> to,
                                                     std::vector<os::unique_fd>& into,
                                                     std::error_code& ec) {
    return os::try_receive_descriptors(native_handle(), to, into, ec, {io_->get_observer()});
  }

  // Ending.
  void shutdown(shutdown_type what);
  void shutdown(shutdown_type what, std::error_code& ec);
  void cancel();
  void cancel(wait_type direction);
  void close();

  /// Tells each call to `watcher` until it is replaced; nullptr: nobody. `watcher` outlives the stream.
  void set_observer(observer* watcher) { io_->set_observer(observer_of_steps(watcher)); }

  /// For server.hpp: tells what moves to `watch` until it is replaced; nullptr: nobody.
  void set_watch(os::stream_watch* watch) { io_->set_watch(watch); }

  /// For frame.hpp and relay.hpp: what operations hold.
  [[nodiscard]] detail::io_source& source() const noexcept { return *io_; }

 private:
  friend void detail::start_connect(stream&, const endpoint&, const connect_options&,
                                    detail::completion);
  friend void detail::start_race(stream&, std::string_view, std::string_view,
                                 const connect_options&,
                                 detail::handler<void(std::error_code, connect_report)>);
  detail::source_ref<detail::io_source> prepare_connect(observer* watcher);

  detail::source_ref<detail::io_source> io_;
  os::peer_address peer_;
};

}  // namespace duet::on_posix

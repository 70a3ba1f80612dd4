// SPDX-License-Identifier: MIT
// stream: a connected byte stream, TCP or UNIX, around Asio's socket. It models AsyncReadStream and AsyncWriteStream, so that
// asio::async_read, async_read_until, ssl::stream and composed operations work on it. Counterpart: on_posix/stream.hpp.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/on_asio/detail/buffers.hpp"
#include "duet/on_asio/detail/operations.hpp"
#include "duet/on_asio/detail/stream_state.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/os/descriptor_passing.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/stream_io.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio {
/// @see contract::stream for each member. Move-only; a moved-from stream may be assigned to or destroyed. Destruction closes.
/// Every asynchronous operation takes any completion token, last, and honours what is associated with its handler: executor,
/// allocator, cancellation slot. Parity: an operation whose handler has a slot of its own is cancelled through that slot, cancel() or
/// close(), not by cancel(direction).
template <class Executor = asio::any_io_executor>
class basic_stream {
 public:
  using executor_type = Executor;
  using lowest_layer_type = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
  using next_layer_type = lowest_layer_type;

  explicit basic_stream(const Executor& executor)
      : state_(std::make_shared<detail::stream_state<Executor>>(executor)) {}
  template <class Context>
    requires std::convertible_to<Context&, asio::execution_context&>
  explicit basic_stream(Context& context) : basic_stream(Executor(context.get_executor())) {}
  explicit basic_stream(loop& owner) : basic_stream(Executor(owner.get_executor())) {}
  /// Takes over a connected socket of the same context, of any stream protocol and executor: it is released and assigned.
  template <class Protocol, class OtherExecutor>
  basic_stream(const Executor& executor,
               asio::basic_stream_socket<Protocol, OtherExecutor>&& socket)
      : basic_stream(executor) {
    assign(os::unique_fd(socket.release()));
  }
  basic_stream(basic_stream&&) noexcept = default;
  basic_stream& operator=(basic_stream&& other) noexcept {
    if (this == &other) return *this;
    if (state_) close();
    state_ = std::move(other.state_);
    return *this;
  }
  ~basic_stream() {
    if (state_) close();
  }

  [[nodiscard]] executor_type get_executor() const noexcept {
    return state_->socket.get_executor();
  }
  [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return state_->socket; }
  [[nodiscard]] const lowest_layer_type& lowest_layer() const noexcept { return state_->socket; }
  [[nodiscard]] next_layer_type& next_layer() noexcept { return state_->socket; }

  // Descriptor.
  /// Takes a connected stream socket. `peer` as accept4(2) filled it in, if at hand. Precondition: not open.
  void assign(os::unique_fd connected) { assign_socket(std::move(connected), {}); }
  void assign(os::unique_fd connected, const os::socket_address& peer) {
    assign_socket(std::move(connected), os::peer_address(peer));
  }
  /// Cancels what is in flight and gives the descriptor away.
  os::unique_fd release() {
    if (!is_open()) return {};
    state_->cancel();
    state_->begin_life();
    return os::unique_fd(state_->socket.release());
  }
  [[nodiscard]] bool is_open() const noexcept { return state_->socket.is_open(); }
  [[nodiscard]] int native_handle() const noexcept {
    return is_open() ? state_->socket.native_handle() : -1;
  }

  // Endpoints.
  [[nodiscard]] endpoint local_endpoint() const {
    std::error_code ec;
    endpoint local = local_endpoint(ec);
    if (ec) throw_error(ec, "local_endpoint");
    return local;
  }
  [[nodiscard]] endpoint local_endpoint(std::error_code& ec) const {
    return os::local_endpoint(native_handle(), SOCK_STREAM, ec);
  }
  [[nodiscard]] endpoint remote_endpoint() const {
    std::error_code ec;
    endpoint remote = remote_endpoint(ec);
    if (ec) throw_error(ec, "remote_endpoint");
    return remote;
  }
  [[nodiscard]] endpoint remote_endpoint(std::error_code& ec) const {
    if (!is_open() || !state_->peer.known())
      return os::remote_endpoint(native_handle(), SOCK_STREAM, ec);
    ec.clear();
    return state_->peer.to_endpoint(SOCK_STREAM);
  }

  // Operations.
  template <asio::completion_token_for<void(std::error_code, std::size_t)> Token>
  auto async_read_some(std::span<std::byte> to, Token&& token) {
    return async_read_some(detail::as_buffer(to), std::forward<Token>(token));
  }
  template <detail::mutable_buffers Buffers,
            asio::completion_token_for<void(std::error_code, std::size_t)> Token>
  auto async_read_some(const Buffers& to, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, std::size_t)>(
        initiate<detail::read_some_operation>(), token, to);
  }
  template <asio::completion_token_for<void(std::error_code, std::size_t)> Token>
  auto async_write_some(std::span<const std::byte> from, Token&& token) {
    return async_write_some(detail::as_buffer(from), std::forward<Token>(token));
  }
  template <detail::const_buffers Buffers,
            asio::completion_token_for<void(std::error_code, std::size_t)> Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, std::size_t)>(
        initiate<detail::write_some_operation>(), token, from);
  }
  template <asio::completion_token_for<void(std::error_code, std::size_t)> Token>
  auto async_write(std::span<const std::byte> from, Token&& token) {
    return async_write(detail::as_buffer(from), std::forward<Token>(token));
  }
  template <detail::const_buffers Buffers,
            asio::completion_token_for<void(std::error_code, std::size_t)> Token>
  auto async_write(const Buffers& from, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, std::size_t)>(
        initiate<detail::write_operation>(), token, from);
  }
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_wait(wait_type direction, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code)>(
        detail::initiate_wait<Executor>{state_.get()}, token, direction);
  }
  std::optional<std::size_t> try_read_some(std::span<std::byte> to, std::error_code& ec) {
    const auto size =
        os::try_receive(native_handle(), to, ec, {state_->watcher, "socket.native_handle"});
    // TLS and Asio's composed operations know the end of a stream by Asio's own code.
    if (ec == error::end_of_stream) ec = asio::error::eof;
    state_->has_read(size.value_or(0));
    return size;
  }
  std::optional<std::size_t> try_write_some(std::span<const std::byte> from, std::error_code& ec) {
    return try_write(from, ec);
  }
  std::optional<std::size_t> try_write_pieces(std::span<const std::span<const std::byte>> from,
                                              std::error_code& ec) {
    return try_write(from, ec);
  }

  // UNIX streams only.
  /// Who is at the other end.
  [[nodiscard]] duet::peer_credentials peer_credentials() const {
    std::error_code ec;
    const duet::peer_credentials peer = peer_credentials(ec);
    if (ec) throw_error(ec, "peer_credentials");
    return peer;
  }
  [[nodiscard]] duet::peer_credentials peer_credentials(std::error_code& ec) const {
    return os::credentials_of(native_handle(), ec);
  }
  std::optional<std::size_t> try_send_descriptors(std::span<const std::byte> from,
                                                  std::span<const int> descriptors,
                                                  std::error_code& ec) {
    return os::try_send_descriptors(native_handle(), from, descriptors, ec, {state_->watcher, ""});
  }
  std::optional<std::size_t> try_receive_descriptors(std::span<std::byte> to,
                                                     std::vector<os::unique_fd>& into,
                                                     std::error_code& ec) {
    return os::try_receive_descriptors(native_handle(), to, into, ec, {state_->watcher, ""});
  }

  // Ending.
  void shutdown(shutdown_type what) {
    std::error_code ec;
    shutdown(what, ec);
    if (ec) throw_error(ec, "shutdown");
  }
  void shutdown(shutdown_type what, std::error_code& ec) {
    const os::shutdown_flag flag = os::flag_of(what);
    state_->socket.shutdown(static_cast<asio::socket_base::shutdown_type>(flag.value), ec);
    os::flow(state_->watcher)
        .took(
            "shutdown", ec ? -1 : 0, ec,
            [&] { return std::to_string(native_handle()) + ", " + flag.name; }, "socket.shutdown");
  }
  void cancel() { state_->cancel(); }
  void cancel(wait_type direction) { state_->cancel(direction); }
  void close() {
    const int fd = native_handle();
    state_->close();
    if (fd >= 0)
      os::flow(state_->watcher)
          .took(
              "close", 0, {}, [&] { return std::to_string(fd); }, "socket.close");
  }

  /// Tells each call to `watcher` until it is replaced; nullptr: nobody. `watcher` outlives the stream.
  void set_observer(observer* watcher) { state_->watcher = observer_of_steps(watcher); }

  /// For server.hpp: tells what moves to `watch` until it is replaced; nullptr: nobody.
  void set_watch(os::stream_watch* watch) noexcept { state_->bytes = watch; }

  /// For frame.hpp and relay.hpp: what operations hold.
  [[nodiscard]] const std::shared_ptr<detail::stream_state<Executor>>& state() const noexcept {
    return state_;
  }

  /// For connect.hpp: the state, closed and made ready for a new connection.
  std::shared_ptr<detail::stream_state<Executor>> prepare_connect(observer* watcher) {
    close();
    state_->peer = {};
    set_observer(watcher);
    return state_;
  }

 private:
  template <class Bytes>
  std::optional<std::size_t> try_write(Bytes from, std::error_code& ec) {
    const auto size =
        os::try_send(native_handle(), from, ec, {state_->watcher, "socket.native_handle"});
    state_->has_written(size.value_or(0));
    return size;
  }

  void assign_socket(os::unique_fd connected, os::peer_address peer) {
    state_->begin_life();
    state_->peer = peer;
    state_->socket.assign({os::family_of(connected.get()), 0}, connected.get());
    [[maybe_unused]] const int now_asios = connected.release();
  }

  template <class Operation>
  [[nodiscard]] detail::initiate_operation<Operation, Executor> initiate() const noexcept {
    return {state_.get()};
  }

  std::shared_ptr<detail::stream_state<Executor>> state_;
};

/// The lean one: on an io_context itself, nothing erased.
using stream = basic_stream<asio::io_context::executor_type>;

}  // namespace duet::on_asio

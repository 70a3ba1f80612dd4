// SPDX-License-Identifier: MIT
// datagram: a datagram socket, UDP or UNIX, around Asio's, with what Asio lacks: all that is known of a datagram, batches, groups by
// source. Asio opens nothing and waits for everything; the calls are recvmsg(2) and its like. Counterpart: on_posix/datagram.hpp.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/basic_datagram_socket.hpp>
#include <asio/compose.hpp>
#include <asio/generic/datagram_protocol.hpp>
#include <asio/io_context.hpp>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/on_asio/detail/buffers.hpp"
#include "duet/on_asio/detail/datagram_op.hpp"
#include "duet/on_asio/detail/datagram_state.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/os/datagram_batch.hpp"
#include "duet/os/datagram_io.hpp"
#include "duet/os/datagram_options.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/message_route.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio {

/// Memory for what one call receives, or sends; the same in both columns.
using incoming_batch = os::incoming_batch;
using outgoing_batch = os::outgoing_batch;

/// @see contract::datagram_socket for each member. Move-only; a moved-from socket may be assigned to or destroyed. Destruction closes.
/// Every asynchronous operation takes any completion token, last, and honours what is associated with its handler: executor,
/// allocator, cancellation slot. Several may be in flight in one direction. Asio buffer sequences of up to 16 pieces are taken, too.
template <class Executor = asio::any_io_executor>
class basic_datagram_socket {
 public:
  using executor_type = Executor;
  using lowest_layer_type = asio::basic_datagram_socket<asio::generic::datagram_protocol, Executor>;

  explicit basic_datagram_socket(const Executor& executor)
      : state_(std::make_shared<detail::datagram_state<Executor>>(executor)) {}
  template <class Context>
    requires std::convertible_to<Context&, asio::execution_context&>
  explicit basic_datagram_socket(Context& context)
      : basic_datagram_socket(Executor(context.get_executor())) {}
  explicit basic_datagram_socket(loop& owner)
      : basic_datagram_socket(Executor(owner.get_executor())) {}
  /// Takes over an open socket of the same context, of any datagram protocol and executor: it is released and assigned.
  template <class Protocol, class OtherExecutor>
  basic_datagram_socket(const Executor& executor,
                        asio::basic_datagram_socket<Protocol, OtherExecutor>&& socket)
      : basic_datagram_socket(executor) {
    assign(os::unique_fd(socket.release()));
  }
  basic_datagram_socket(basic_datagram_socket&&) noexcept = default;
  basic_datagram_socket& operator=(basic_datagram_socket&& other) noexcept {
    if (this == &other) return *this;
    if (state_) close();
    state_ = std::move(other.state_);
    file_ = std::move(other.file_);
    return *this;
  }
  ~basic_datagram_socket() {
    if (state_) close();
  }

  [[nodiscard]] executor_type get_executor() const noexcept {
    return state_->socket.get_executor();
  }
  [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return state_->socket; }
  [[nodiscard]] const lowest_layer_type& lowest_layer() const noexcept { return state_->socket; }

  // Descriptor.
  void open(const endpoint& like, const datagram_options& options = {},
            observer* watcher = nullptr) {
    os::flow steps(watcher);
    start_open(steps, like, options, false);
    check(steps, like);
  }
  void open(const endpoint& like, const datagram_options& options, std::error_code& ec) {
    os::flow steps(state_->setup.watcher);
    start_open(steps, like, options, false);
    ec = steps.error();
  }
  void bind(const endpoint& at, const datagram_options& options = {}, observer* watcher = nullptr) {
    os::flow steps(watcher);
    start_open(steps, at, options, true);
    check(steps, at);
  }
  void bind(const endpoint& at, const datagram_options& options, std::error_code& ec) {
    os::flow steps(state_->setup.watcher);
    start_open(steps, at, options, true);
    ec = steps.error();
  }
  void connect(const endpoint& to) {
    std::error_code ec;
    connect(to, ec);
    if (ec) throw_error(ec, "connect", &to);
  }
  void connect(const endpoint& to, std::error_code& ec) {
    if (!is_open()) {
      open(to, {}, ec);
      if (ec) return;
    }
    const os::socket_address address = os::to_socket_address(to, ec);
    if (ec) return;
    state_->socket.connect({&address.generic, address.size}, ec);
    os::flow(state_->setup.watcher)
        .took(
            "connect", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_DGRAM); },
            "socket.connect");
  }
  /// Takes a datagram socket. Precondition: not open.
  void assign(os::unique_fd socket, const datagram_options& options = {}) {
    const int family = os::family_of(socket.get());
    state_->socket.assign({family, 0}, socket.get());
    [[maybe_unused]] const int now_asios = socket.release();
    state_->setup = {family, static_cast<std::size_t>(options.segment_bytes.value_or(0)),
                     state_->setup.watcher};
  }
  /// Cancels what is in flight and gives the descriptor away.
  os::unique_fd release() {
    if (!is_open()) return {};
    state_->cancel();
    file_.release();
    return os::unique_fd(state_->socket.release());
  }
  [[nodiscard]] bool is_open() const noexcept { return state_->socket.is_open(); }
  [[nodiscard]] int native_handle() const noexcept { return state_->fd(); }

  // Endpoints.
  [[nodiscard]] endpoint local_endpoint() const {
    std::error_code ec;
    endpoint local = local_endpoint(ec);
    if (ec) throw_error(ec, "local_endpoint");
    return local;
  }
  [[nodiscard]] endpoint local_endpoint(std::error_code& ec) const {
    return os::local_endpoint(native_handle(), SOCK_DGRAM, ec);
  }
  [[nodiscard]] endpoint remote_endpoint() const {
    std::error_code ec;
    endpoint remote = remote_endpoint(ec);
    if (ec) throw_error(ec, "remote_endpoint");
    return remote;
  }
  [[nodiscard]] endpoint remote_endpoint(std::error_code& ec) const {
    return os::remote_endpoint(native_handle(), SOCK_DGRAM, ec);
  }

  // Groups.
  void join(const multicast_group& group) {
    check(change(os::membership::join, group), {transport::udp, group.group, 0});
  }
  void join(const multicast_group& group, std::error_code& ec) {
    ec = change(os::membership::join, group).error();
  }
  void leave(const multicast_group& group) {
    check(change(os::membership::leave, group), {transport::udp, group.group, 0});
  }
  void leave(const multicast_group& group, std::error_code& ec) {
    ec = change(os::membership::leave, group).error();
  }

  // Operations.
  template <detail::size_token Token>
  auto async_receive_from(std::span<std::byte> to, datagram_info& about, Token&& token) {
    return async_receive_from(detail::as_buffer(to), about, std::forward<Token>(token));
  }
  template <detail::mutable_buffers Buffers, detail::size_token Token>
  auto async_receive_from(const Buffers& to, datagram_info& about, Token&& token) {
    return compose(detail::receive_call<Buffers>{to, &about}, token);
  }
  template <detail::size_token Token>
  auto async_receive(std::span<std::byte> to, Token&& token) {
    return async_receive(detail::as_buffer(to), std::forward<Token>(token));
  }
  template <detail::mutable_buffers Buffers, detail::size_token Token>
  auto async_receive(const Buffers& to, Token&& token) {
    return compose(detail::receive_call<Buffers>{to, nullptr}, token);
  }
  template <detail::size_token Token>
  auto async_send_to(std::span<const std::byte> from, const datagram_route& by, Token&& token) {
    return async_send_to(detail::as_buffer(from), by, std::forward<Token>(token));
  }
  template <detail::size_token Token>
  auto async_send_to(std::span<const std::byte> from, const endpoint& to, Token&& token) {
    return async_send_to(detail::as_buffer(from), datagram_route{to}, std::forward<Token>(token));
  }
  template <detail::const_buffers Buffers, detail::size_token Token>
  auto async_send_to(const Buffers& from, const datagram_route& by, Token&& token) {
    std::error_code ec;
    const os::message_route route(by, ec);
    return compose(detail::send_call<Buffers>{from, route}, token, ec);
  }
  template <detail::const_buffers Buffers, detail::size_token Token>
  auto async_send_to(const Buffers& from, const endpoint& to, Token&& token) {
    return async_send_to(from, datagram_route{to}, std::forward<Token>(token));
  }
  template <detail::size_token Token>
  auto async_send(std::span<const std::byte> from, Token&& token) {
    return async_send(detail::as_buffer(from), std::forward<Token>(token));
  }
  template <detail::const_buffers Buffers, detail::size_token Token>
  auto async_send(const Buffers& from, Token&& token) {
    return compose(detail::send_call<Buffers>{from, {}}, token);
  }
  template <detail::size_token Token>
  auto async_receive_batch(incoming_batch& into, Token&& token) {
    return compose(detail::receive_batch_call{&into}, token);
  }
  template <detail::size_token Token>
  auto async_send_batch(outgoing_batch& from, Token&& token) {
    return compose(detail::send_batch_call{&from}, token);
  }
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_wait(wait_type direction, Token&& token) {
    return asio::async_compose<Token, void(std::error_code)>(
        detail::datagram_op<Executor, detail::wait_call>(state_, {direction}), token,
        state_->socket);
  }
  std::optional<std::size_t> try_receive_from(std::span<std::byte> to, datagram_info& about,
                                              std::error_code& ec) {
    return try_call(detail::receive_call<asio::mutable_buffer>{detail::as_buffer(to), &about}, ec);
  }
  std::optional<std::size_t> try_receive(std::span<std::byte> to, std::error_code& ec) {
    return try_call(detail::receive_call<asio::mutable_buffer>{detail::as_buffer(to), nullptr}, ec);
  }
  std::optional<std::size_t> try_send_to(std::span<const std::byte> from, const datagram_route& by,
                                         std::error_code& ec) {
    const os::message_route route(by, ec);
    if (ec) return 0;
    return try_send_call(from, route, ec);
  }
  std::optional<std::size_t> try_send_to(std::span<const std::byte> from, const endpoint& to,
                                         std::error_code& ec) {
    return try_send_to(from, datagram_route{to}, ec);
  }
  std::optional<std::size_t> try_send(std::span<const std::byte> from, std::error_code& ec) {
    return try_send_call(from, {}, ec);
  }
  std::optional<std::size_t> try_receive_batch(incoming_batch& into, std::error_code& ec) {
    return try_call(detail::receive_batch_call{&into}, ec);
  }
  std::optional<std::size_t> try_send_batch(outgoing_batch& from, std::error_code& ec) {
    return try_call(detail::send_batch_call{&from}, ec);
  }

  // Counting and ending.
  [[nodiscard]] const datagram_counters& counters() const noexcept {
    return state_->setup.counters;
  }
  void cancel() { state_->cancel(); }
  void cancel(wait_type direction) { state_->cancel(direction); }
  void close() {
    const int fd = native_handle();
    state_->close();
    if (fd >= 0)
      os::flow(state_->setup.watcher)
          .took(
              "close", 0, {}, [&] { return std::to_string(fd); }, "socket.close");
    file_.remove();
  }

  /// Tells each call to `watcher` until it is replaced; nullptr: nobody. `watcher` outlives the socket.
  void set_observer(observer* watcher) { state_->setup.watcher = observer_of_steps(watcher); }

 private:
  static void check(const os::flow& steps, const endpoint& where) {
    if (steps.error()) throw_error(steps.error(), steps.failed_step(), &where);
  }

  void start_open(os::flow& steps, const endpoint& like, const datagram_options& options,
                  bool bind) {
    close();
    auto [fd, address] = os::open_datagram(steps, like, SOCK_NONBLOCK, options, "socket.assign");
    if (!fd) return;
    set_observer(steps.watcher());
    assign(std::move(fd), options);
    if (bind && !start_bind(steps, like, address, options.socket)) state_->close();
  }

  bool start_bind(os::flow& steps, const endpoint& at, const os::socket_address& address,
                  const socket_options& options) {
    if (!os::prepare_socket_file(steps, native_handle(), at, options)) return false;
    std::error_code ec;
    state_->socket.bind({&address.generic, address.size}, ec);
    if (!steps.took(
            "bind", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_DGRAM); },
            "socket.bind"))
      return false;
    os::socket_file file(at);
    if (!file.set_access(steps, options)) return false;
    file_ = std::move(file);
    return true;
  }

  os::flow change(os::membership what, const multicast_group& group) {
    os::flow steps(state_->setup.watcher);
    os::change_membership(steps, native_handle(), what, group);
    return steps;
  }

  template <class Call, class Token>
  auto compose(Call call, Token& token, std::error_code ec = {}) {
    return asio::async_compose<Token, void(std::error_code, std::size_t)>(
        detail::datagram_op<Executor, Call>(state_, std::move(call), ec), token, state_->socket);
  }

  template <class Call>
  std::optional<std::size_t> try_call(Call call, std::error_code& ec) {
    std::size_t moved = 0;
    state_->setup.asio = "socket.native_handle";
    const bool done = call(native_handle(), state_->setup, moved, ec);
    return done ? std::optional(moved) : std::nullopt;
  }
  /// Of several segments some may go before there is no room.
  std::optional<std::size_t> try_send_call(std::span<const std::byte> from,
                                           const os::message_route& by, std::error_code& ec) {
    detail::send_call<asio::const_buffer> call{detail::as_buffer(from), by};
    std::size_t moved = 0;
    state_->setup.asio = "socket.native_handle";
    const bool done = call(native_handle(), state_->setup, moved, ec);
    return done || moved > 0 ? std::optional(moved) : std::nullopt;
  }

  std::shared_ptr<detail::datagram_state<Executor>> state_;
  os::socket_file file_;
};

/// The lean one: on an io_context itself, nothing erased.
using datagram_socket = basic_datagram_socket<asio::io_context::executor_type>;

}  // namespace duet::on_asio

// SPDX-License-Identifier: MIT
// listener: a listening socket, TCP or UNIX, around Asio's acceptor. Asio binds, listens and waits; accepting itself is accept4(2), so that
// descriptors are close-on-exec from birth. Counterpart: on_posix/listener.hpp.
#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/compose.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/post.hpp>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/accept.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/policy/accept_policy.hpp"
#include "duet/socket_options.hpp"

namespace duet::on_asio {
namespace detail {

template <class Executor>
struct listener_state {
  explicit listener_state(const Executor& executor) : acceptor(executor) {}

  asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor> acceptor;
  os::accept_setup setup;
  /// Bumped by cancel() and close(): one that comes between readiness and accept4 meets no operation of Asio's.
  std::uint32_t cancels = 0;
};

/// Accept at once if a connection is queued, else wait and try again.
template <class Executor>
class accept_op {
 public:
  explicit accept_op(std::shared_ptr<listener_state<Executor>> of) : of_(std::move(of)) {}

  template <class Self>
  void operator()(Self& self, std::error_code ec = {}) {
    if (finished_) return complete(self);
    // A connection that is left alone is not lost: any kind of cancellation will do.
    if (!started_) {
      self.reset_cancellation_state(asio::enable_total_cancellation());
      cancels_ = of_->cancels;  // a deferred accept begins long after it was made
    }
    ec_ = ec;
    const bool given_up = cancels_ != of_->cancels || self.get_cancellation_state().cancelled() !=
                                                          asio::cancellation_type::none;
    if (started_ && given_up) ec_ = asio::error::operation_aborted;
    if (!ec_ && !of_->acceptor.is_open()) ec_ = asio::error::bad_descriptor;
    if (!ec_) connected_ = os::accept_one(of_->acceptor.native_handle(), of_->setup, peer_, ec_);
    auto& acceptor = of_->acceptor;
    const bool wait = policy::judge_accept_error(ec_) == policy::accept_action::wait;
    if (wait) {
      started_ = true;
      return acceptor.async_wait(acceptor.wait_read, std::move(self));
    }
    if (started_) return complete(self);
    finished_ =
        true;  // known at once, but a handler is never called from inside the initiating function
    asio::post(acceptor.get_executor(), std::move(self));
  }

 private:
  template <class Self>
  void complete(Self& self) {
    basic_stream<Executor> accepted(of_->acceptor.get_executor());
    if (connected_) {
      accepted.assign(std::move(connected_), peer_);
      accepted.set_observer(of_->setup.watcher);
    }
    of_.reset();
    self.complete(ec_, std::move(accepted));
  }

  std::shared_ptr<listener_state<Executor>> of_;
  std::uint32_t cancels_ = 0;
  std::error_code ec_;
  os::unique_fd connected_;
  os::socket_address peer_;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace detail

/// @see contract::listener for each member. Move-only. Several accepts may be in flight; they take connections in their order. Destruction closes, and removes a UNIX socket's file if it is still ours.
template <class Executor = asio::any_io_executor>
class basic_listener {
 public:
  using executor_type = Executor;

  explicit basic_listener(const Executor& executor)
      : state_(std::make_shared<detail::listener_state<Executor>>(executor)) {}
  template <class Context>
    requires std::convertible_to<Context&, asio::execution_context&>
  explicit basic_listener(Context& context) : basic_listener(Executor(context.get_executor())) {}
  explicit basic_listener(loop& owner) : basic_listener(Executor(owner.get_executor())) {}
  basic_listener(basic_listener&&) noexcept = default;
  basic_listener& operator=(basic_listener&& other) noexcept {
    if (this == &other) return *this;
    if (state_) close();
    state_ = std::move(other.state_);
    file_ = std::move(other.file_);
    return *this;
  }
  ~basic_listener() {
    if (state_) close();
  }

  [[nodiscard]] executor_type get_executor() const noexcept {
    return state_->acceptor.get_executor();
  }

  // Descriptor.
  void listen(const endpoint& at, const socket_options& options = {}, observer* watcher = nullptr) {
    close();
    os::flow steps(watcher);
    open(at, options, steps);
    if (steps.error()) throw_error(steps.error(), steps.failed_step(), &at);
  }
  void listen(const endpoint& at, const socket_options& options, std::error_code& ec) {
    close();
    os::flow steps(nullptr);
    open(at, options, steps);
    ec = steps.error();
  }
  void assign(os::unique_fd listening, const socket_options& options = {},
              observer* watcher = nullptr) {
    close();
    std::error_code ec;
    const os::inherited_socket found = os::inspect_listener(listening.get(), ec);
    if (!ec) state_->acceptor.assign({found.family, 0}, listening.get(), ec);
    if (ec) throw_error(ec, "assign");
    [[maybe_unused]] const int now_asios = listening.release();  // which knows of duplicates then
    state_->setup = {found.family, options, observer_of_steps(watcher), "acceptor.async_wait"};
  }
  [[nodiscard]] bool is_open() const noexcept { return state_->acceptor.is_open(); }
  [[nodiscard]] int native_handle() const noexcept {
    return is_open() ? state_->acceptor.native_handle() : -1;
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

  // Operations.
  template <asio::completion_token_for<void(std::error_code, basic_stream<Executor>)> Token>
  auto async_accept(Token&& token) {
    return asio::async_compose<Token, void(std::error_code, basic_stream<Executor>)>(
        detail::accept_op<Executor>(state_), token, state_->acceptor);
  }
  std::optional<basic_stream<Executor>> try_accept(std::error_code& ec) {
    os::socket_address peer;
    os::unique_fd connected = os::accept_one(native_handle(), state_->setup, peer, ec);
    if (policy::judge_accept_error(ec) == policy::accept_action::wait) ec.clear();
    if (!connected || ec) return std::nullopt;
    std::optional<basic_stream<Executor>> accepted(get_executor());
    accepted->assign(std::move(connected), peer);
    accepted->set_observer(state_->setup.watcher);
    return accepted;
  }

  // Ending.
  void cancel() {
    ++state_->cancels;
    std::error_code ignored;
    state_->acceptor.cancel(ignored);
  }
  void close() {
    ++state_->cancels;
    if (is_open())
      os::flow(state_->setup.watcher)
          .took(
              "close", 0, {}, [&] { return std::to_string(native_handle()); }, "acceptor.close");
    std::error_code ignored;
    state_->acceptor.close(ignored);
    file_.remove();
  }

 private:
  void open(const endpoint& at, const socket_options& options, os::flow& steps) {
    auto [fd, address] = os::open_unbound_socket(steps, at, SOCK_NONBLOCK, "acceptor.assign");
    const int family = address.generic.sa_family;
    if (!fd || !os::apply_options(steps, fd.get(), family, os::option_stage::before_listen,
                                  os::listening_options(at, options)))
      return;
    auto& acceptor = state_->acceptor;
    std::error_code ec;
    acceptor.assign({family, 0}, fd.get(), ec);
    if (ec) return steps.fail("acceptor.assign", ec);
    [[maybe_unused]] const int now_asios = fd.release();
    const auto close_again = [&] { acceptor.close(ec); };
    if (!os::prepare_socket_file(steps, acceptor.native_handle(), at, options))
      return close_again();
    acceptor.bind({&address.generic, address.size}, ec);
    if (!steps.took(
            "bind", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_STREAM); },
            "acceptor.bind"))
      return close_again();
    os::socket_file file(at);
    if (!file.set_access(steps, options)) return close_again();
    acceptor.listen(options.backlog, ec);
    if (!steps.took(
            "listen", ec ? -1 : 0, ec, [&] { return "backlog " + std::to_string(options.backlog); },
            "acceptor.listen"))
      return close_again();
    file_ = std::move(file);
    state_->setup = {family, options, steps.watcher(), "acceptor.async_wait"};
  }

  std::shared_ptr<detail::listener_state<Executor>> state_;
  os::socket_file file_;
};

using listener = basic_listener<asio::io_context::executor_type>;

}  // namespace duet::on_asio

// SPDX-License-Identifier: MIT
// blocking: the documented flows with Asio's synchronous calls, one after another, each of which blocks. Server: open, bind, listen,
// accept, read/write, close. Client: open, connect, write/read, close. It retries nothing and loops over nothing.
// Counterpart: on_posix/blocking.hpp, which names the same steps as the system calls they are.
#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/os/connect_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/lookup.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/sys.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/socket_options.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio::blocking {

using executor_type = asio::io_context::executor_type;

/// One connection. Every function is one synchronous Asio call: read() and recv() return 0 at the end of the stream (Asio's own error::eof is
/// turned into it, as read(2) does), any may move fewer bytes than asked. Functions without an error_code throw std::system_error.
class connection {
 public:
  using socket_type = asio::basic_stream_socket<asio::generic::stream_protocol, executor_type>;

  connection() = default;
  connection(std::shared_ptr<asio::io_context> context, socket_type socket, observer* watcher)
      : context_(std::move(context)),
        socket_(std::make_unique<socket_type>(std::move(socket))),
        watcher_(observer_of_steps(watcher)) {}
  /// A connection made elsewhere.
  static connection adopt(std::shared_ptr<asio::io_context> context, os::unique_fd connected,
                          observer* watcher, std::error_code& ec) {
    socket_type socket(context->get_executor());
    const int family = os::family_of(connected.get());
    socket.assign({family, 0}, connected.get(), ec);
    [[maybe_unused]] const int now_asios = ec ? -1 : connected.release();
    return {std::move(context), std::move(socket), watcher};
  }
  connection(connection&&) noexcept = default;
  connection& operator=(connection&& other) noexcept {
    if (this == &other) return *this;
    socket_ = std::move(other.socket_);  // first: the one that goes needs its context
    context_ = std::move(other.context_);
    watcher_ = other.watcher_;
    return *this;
  }

  [[nodiscard]] bool is_open() const noexcept { return socket_ && socket_->is_open(); }
  [[nodiscard]] int native_handle() const noexcept {
    return is_open() ? socket_->native_handle() : -1;
  }
  [[nodiscard]] endpoint local_endpoint() const {
    std::error_code ec;
    endpoint local = os::local_endpoint(native_handle(), SOCK_STREAM, ec);
    if (ec) throw_error(ec, "local_endpoint");
    return local;
  }
  [[nodiscard]] endpoint remote_endpoint() const {
    std::error_code ec;
    endpoint remote = os::remote_endpoint(native_handle(), SOCK_STREAM, ec);
    if (ec) throw_error(ec, "remote_endpoint");
    return remote;
  }

  std::size_t read(std::span<std::byte> to) {
    return checked("read", [&](std::error_code& ec) { return read(to, ec); });
  }
  std::size_t read(std::span<std::byte> to, std::error_code& ec) {
    return move("read", "socket.read_some", to.size(), 0, ec,
                [&] { return socket_->read_some(asio::mutable_buffer(to.data(), to.size()), ec); });
  }
  std::size_t write(std::span<const std::byte> from) {
    return checked("write", [&](std::error_code& ec) { return write(from, ec); });
  }
  std::size_t write(std::span<const std::byte> from, std::error_code& ec) {
    return move("write", "socket.write_some", from.size(), 0, ec, [&] {
      return socket_->write_some(asio::const_buffer(from.data(), from.size()), ec);
    });
  }
  /// `flags` of recv(2): MSG_PEEK, MSG_WAITALL. Parity: MSG_DONTWAIT does nothing, Asio waits and receives again.
  std::size_t recv(std::span<std::byte> to, int flags) {
    return checked("recv", [&](std::error_code& ec) { return recv(to, flags, ec); });
  }
  std::size_t recv(std::span<std::byte> to, int flags, std::error_code& ec) {
    return move("recv", "socket.receive", to.size(), flags, ec, [&] {
      return socket_->receive(asio::mutable_buffer(to.data(), to.size()), flags, ec);
    });
  }
  /// `flags` of send(2); Asio adds MSG_NOSIGNAL.
  std::size_t send(std::span<const std::byte> from, int flags) {
    return checked("send", [&](std::error_code& ec) { return send(from, flags, ec); });
  }
  std::size_t send(std::span<const std::byte> from, int flags, std::error_code& ec) {
    return move("send", "socket.send", from.size(), flags | MSG_NOSIGNAL, ec, [&] {
      return socket_->send(asio::const_buffer(from.data(), from.size()), flags, ec);
    });
  }

  void shutdown(shutdown_type what) {
    std::error_code ec;
    shutdown(what, ec);
    if (ec) throw_error(ec, "shutdown");
  }
  void shutdown(shutdown_type what, std::error_code& ec) {
    const os::shutdown_flag flag = os::flag_of(what);
    if (!is_open()) {
      ec = asio::error::bad_descriptor;
      return;
    }
    socket_->shutdown(static_cast<asio::socket_base::shutdown_type>(flag.value), ec);
    os::flow(watcher_).took(
        "shutdown", ec ? -1 : 0, ec,
        [&] { return std::to_string(native_handle()) + ", " + flag.name; }, "socket.shutdown");
  }
  void close() {
    if (!is_open()) return;
    if (watcher_ != nullptr)
      watcher_->on_step({"close", std::to_string(native_handle()), 0, {}, "socket.close"});
    std::error_code ignored;
    socket_->close(ignored);
  }

 private:
  template <class Call>
  std::size_t move(const char* call, const char* name, std::size_t asked, int flags,
                   std::error_code& ec, Call&& make) {
    if (!is_open()) {
      ec = asio::error::bad_descriptor;
      return 0;
    }
    const std::size_t size = make();
    if (ec == asio::error::eof) ec.clear();
    if (watcher_ != nullptr) {
      watcher_->on_step({call, os::describe_transfer(native_handle(), asked, flags),
                         ec ? -1 : static_cast<long>(size), ec, name});
    }
    return size;
  }

  template <class Call>
  static std::size_t checked(const char* operation, Call&& make) {
    std::error_code ec;
    const std::size_t size = make(ec);
    if (ec) throw_error(ec, operation);
    return size;
  }

  std::shared_ptr<asio::io_context> context_;
  std::unique_ptr<socket_type> socket_;
  observer* watcher_ = nullptr;
};

/// One listening socket.
class server {
 public:
  /// open, bind, listen. Throws std::system_error that names the step and the endpoint.
  explicit server(const endpoint& at, const socket_options& options = {},
                  observer* watcher = nullptr)
      : context_(std::make_shared<asio::io_context>(1)),
        acceptor_(std::make_unique<acceptor_type>(context_->get_executor())),
        watcher_(observer_of_steps(watcher)) {
    os::flow steps(watcher);
    open(at, options, steps);
    if (steps.error()) throw_error(steps.error(), steps.failed_step(), &at);
  }
  server(server&&) noexcept = default;
  server& operator=(server&&) = delete;

  [[nodiscard]] int native_handle() const noexcept {
    return acceptor_->is_open() ? acceptor_->native_handle() : -1;
  }
  [[nodiscard]] endpoint local_endpoint() const {
    std::error_code ec;
    endpoint local = os::local_endpoint(native_handle(), SOCK_STREAM, ec);
    if (ec) throw_error(ec, "local_endpoint");
    return local;
  }

  /// accept. The call itself is accept4(2), because Asio's would leave the descriptor open across exec.
  connection accept() {
    std::error_code ec;
    connection accepted = accept(ec);
    if (ec) throw_error(ec, "accept");
    return accepted;
  }
  connection accept(std::error_code& ec) {
    os::unique_fd fd = accept_descriptor(ec, "socket.assign");
    if (!fd) return {context_, connection::socket_type(context_->get_executor()), watcher_};
    return connection::adopt(context_, std::move(fd), watcher_, ec);
  }
  /// accept, without Asio: what another process is to serve has no business in this one's reactor. `asio` is for traces.
  os::unique_fd accept_descriptor(std::error_code& ec, std::string_view asio = {}) {
    os::socket_address peer;
    os::unique_fd fd(os::sys::accept4(native_handle(), &peer.generic, &peer.size, SOCK_CLOEXEC));
    ec = fd ? std::error_code() : os::sys::last_error();
    os::flow(watcher_).took(
        "accept4", fd.get(), ec,
        [&] { return ec ? std::string("no peer") : os::describe(peer, SOCK_STREAM); }, asio);
    return fd;
  }

  void close() {
    if (native_handle() >= 0 && watcher_ != nullptr)
      watcher_->on_step({"close", std::to_string(native_handle()), 0, {}, "acceptor.close"});
    std::error_code ignored;
    acceptor_->close(ignored);
    file_.remove();
  }
  /// Closes this process's copy of the socket, and leaves its file: what a child does with its parent's, after context().notify_fork.
  void abandon() {
    file_.release();
    close();
  }

  /// The io_context of its socket and of what it accepts.
  [[nodiscard]] asio::io_context& context() noexcept { return *context_; }

 private:
  using acceptor_type = asio::basic_socket_acceptor<asio::generic::stream_protocol, executor_type>;

  void open(const endpoint& at, const socket_options& options, os::flow& steps) {
    auto [fd, address] = os::open_unbound_socket(steps, at, 0, "acceptor.assign");
    const int family = address.generic.sa_family;
    if (!fd || !os::apply_options(steps, fd.get(), family, os::option_stage::before_listen,
                                  os::listening_options(at, options)))
      return;
    std::error_code ec;
    acceptor_->assign({family, 0}, fd.get(), ec);
    if (ec) return steps.fail("acceptor.assign", ec);
    [[maybe_unused]] const int now_asios = fd.release();
    if (!os::prepare_socket_file(steps, acceptor_->native_handle(), at, options)) return;
    acceptor_->bind({&address.generic, address.size}, ec);
    if (!steps.took(
            "bind", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_STREAM); },
            "acceptor.bind"))
      return;
    file_ = os::socket_file(at);
    if (!file_.set_access(steps, options)) return;
    acceptor_->listen(options.backlog, ec);
    steps.took(
        "listen", ec ? -1 : 0, ec, [&] { return "backlog " + std::to_string(options.backlog); },
        "acceptor.listen");
  }

  std::shared_ptr<asio::io_context> context_;
  std::unique_ptr<acceptor_type> acceptor_;
  os::socket_file file_;
  observer* watcher_ = nullptr;
};

namespace detail {

/// Opens a socket and connects it; an error is in the flow.
inline void connect_one(connection::socket_type& socket, const endpoint& target,
                        const connect_options& options, os::flow& steps) {
  std::error_code ec;
  const os::socket_address address = os::to_socket_address(target, ec);
  if (ec) return steps.fail("connect", ec);
  const int family = address.generic.sa_family;
  os::unique_fd fd = os::open_connecting_socket(steps, address, 0, options, "socket.assign");
  if (!fd) return;
  socket.assign({family, 0}, fd.get(), ec);
  if (ec) return steps.fail("socket.assign", ec);
  [[maybe_unused]] const int now_asios = fd.release();
  socket.connect({&address.generic, address.size}, ec);
  steps.took(
      "connect", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_STREAM); },
      "socket.connect");
  if (!ec) ec = os::connected_to_itself(socket.native_handle());
  if (ec && !steps.error()) steps.fail("connect", ec);
}

}  // namespace detail

/// open, connect; for a name first getaddrinfo, and then each of its addresses until one answers. The options' times are not looked at:
/// these calls block as long as they block. Throws std::system_error.
inline connection connect(const endpoint& at, const connect_options& options = {}) {
  std::error_code ec;
  const std::vector<endpoint> targets = os::resolve(at, ec);
  if (!at.is_numeric())
    os::flow(options.watcher).took("getaddrinfo", static_cast<long>(targets.size()), ec, [&] {
      return at.to_string();
    });
  if (ec) throw_error(ec, "getaddrinfo", &at);
  auto context = std::make_shared<asio::io_context>(1);
  ec = error::name_no_data;
  std::string failed = "connect";
  for (const endpoint& target : targets) {
    if (!at.is_numeric() && !os::is_wanted(target, options)) continue;
    os::flow steps(options.watcher);
    connection::socket_type socket(context->get_executor());
    detail::connect_one(socket, target, options, steps);
    if (!steps.error()) return {std::move(context), std::move(socket), options.watcher};
    failed = steps.failed_step();
    ec = steps.error();
  }
  throw_error(ec, failed, &at);
}

}  // namespace duet::on_asio::blocking

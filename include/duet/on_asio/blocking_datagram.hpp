// SPDX-License-Identifier: MIT
// blocking_datagram: the documented flows of datagrams with Asio's synchronous calls, one after another, each of which blocks. Server: open,
// bind, receive_from/send_to, close. Client: open, send_to/receive_from, close. It retries nothing and loops over nothing.
// Counterpart: on_posix/blocking_datagram.hpp, which names the same steps as the system calls they are.
#pragma once

#include <algorithm>
#include <asio/basic_datagram_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/datagram_protocol.hpp>
#include <asio/io_context.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "duet/datagram_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/os/datagram_io.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/socket_file.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::on_asio::blocking {

/// One socket. recvfrom() and sendto() are one synchronous call of Asio each: recvfrom() cuts what is longer than its buffer without a
/// word; with MSG_TRUNC it returns the whole length. Functions without an error_code throw std::system_error. Destruction closes, and
/// removes a UNIX socket's file if it is still ours.
class datagram_socket {
 public:
  datagram_socket() = default;
  datagram_socket(os::unique_fd socket, int family, observer* watcher)
      : context_(std::make_unique<asio::io_context>(1)),
        socket_(std::make_unique<socket_type>(context_->get_executor())),
        watcher_(observer_of_steps(watcher)) {
    socket_->assign({family, 0}, socket.get());
    [[maybe_unused]] const int now_asios = socket.release();
  }
  datagram_socket(datagram_socket&&) noexcept = default;
  datagram_socket& operator=(datagram_socket&& other) noexcept {
    if (this == &other) return *this;
    socket_ = std::move(other.socket_);  // first: the one that goes needs its context
    context_ = std::move(other.context_);
    file_ = std::move(other.file_);
    watcher_ = other.watcher_;
    return *this;
  }

  [[nodiscard]] bool is_open() const noexcept { return socket_ && socket_->is_open(); }
  [[nodiscard]] int native_handle() const noexcept {
    return is_open() ? socket_->native_handle() : -1;
  }
  [[nodiscard]] endpoint local_endpoint() const {
    std::error_code ec;
    endpoint local = os::local_endpoint(native_handle(), SOCK_DGRAM, ec);
    if (ec) throw_error(ec, "local_endpoint");
    return local;
  }

  /// `peer` is who sent it. `flags` of recv(2): MSG_PEEK, MSG_TRUNC. Parity: MSG_DONTWAIT does nothing, Asio waits and receives again.
  std::size_t recvfrom(std::span<std::byte> to, endpoint& peer, int flags = 0) {
    std::error_code ec;
    const std::size_t size = recvfrom(to, peer, flags, ec);
    if (ec) throw_error(ec, "recvfrom");
    return size;
  }
  std::size_t recvfrom(std::span<std::byte> to, endpoint& peer, int flags, std::error_code& ec) {
    if (!refuse_closed(ec)) return 0;
    asio::generic::datagram_protocol::endpoint sender;
    const std::size_t size =
        socket_->receive_from(asio::mutable_buffer(to.data(), to.size()), sender, flags, ec);
    os::socket_address from;
    from.size =
        static_cast<socklen_t>(std::min<std::size_t>(sender.size(), os::socket_address::capacity));
    std::memcpy(&from.generic, sender.data(), from.size);
    tell("recvfrom", "socket.receive_from", to.size(), ec ? nullptr : &from, flags, size, ec);
    if (ec) return 0;
    peer = os::to_endpoint(from, SOCK_DGRAM);
    return size;
  }
  /// `flags` of send(2); Asio adds MSG_NOSIGNAL.
  std::size_t sendto(std::span<const std::byte> from, const endpoint& to, int flags = 0) {
    std::error_code ec;
    const std::size_t size = sendto(from, to, flags, ec);
    if (ec) throw_error(ec, "sendto", &to);
    return size;
  }
  std::size_t sendto(std::span<const std::byte> from, const endpoint& to, int flags,
                     std::error_code& ec) {
    if (!refuse_closed(ec)) return 0;
    const os::socket_address address = os::to_socket_address(to, ec);
    if (ec) return 0;
    const std::size_t size = socket_->send_to(asio::const_buffer(from.data(), from.size()),
                                              {&address.generic, address.size}, flags, ec);
    tell("sendto", "socket.send_to", from.size(), &address, flags | MSG_NOSIGNAL, size, ec);
    return size;
  }

  void close() {
    if (is_open()) {
      if (watcher_ != nullptr)
        watcher_->on_step({"close", std::to_string(native_handle()), 0, {}, "socket.close"});
      std::error_code ignored;
      socket_->close(ignored);
    }
    file_.remove();
  }

 private:
  friend datagram_socket bind_datagram(const endpoint&, const datagram_options&, observer*);
  using socket_type = asio::basic_datagram_socket<asio::generic::datagram_protocol,
                                                  asio::io_context::executor_type>;

  bool refuse_closed(std::error_code& ec) const {
    if (!is_open()) ec = asio::error::bad_descriptor;
    return is_open();
  }

  void bind(os::flow& steps, const endpoint& at, const os::socket_address& address,
            const socket_options& options) {
    if (!os::prepare_socket_file(steps, native_handle(), at, options)) return;
    std::error_code ec;
    socket_->bind({&address.generic, address.size}, ec);
    if (!steps.took(
            "bind", ec ? -1 : 0, ec, [&] { return os::describe(address, SOCK_DGRAM); },
            "socket.bind"))
      return;
    file_ = os::socket_file(at);
    file_.set_access(steps, options);
  }

  void tell(const char* call, const char* asio, std::size_t asked, const os::socket_address* peer,
            int flags, std::size_t size, std::error_code ec) const {
    if (watcher_ == nullptr) return;
    watcher_->on_step({call, os::describe_message(native_handle(), asked, peer, flags),
                       ec ? -1 : static_cast<long>(size), ec, asio});
  }

  std::unique_ptr<asio::io_context> context_;
  std::unique_ptr<socket_type> socket_;
  os::socket_file file_;
  observer* watcher_ = nullptr;
};

/// A server's: open, bind. Throws std::system_error that names the step and the endpoint.
inline datagram_socket bind_datagram(const endpoint& at, const datagram_options& options = {},
                                     observer* watcher = nullptr) {
  os::flow steps(watcher);
  auto [fd, address] = os::open_datagram(steps, at, 0, options, "socket.assign");
  if (!fd) throw_error(steps.error(), steps.failed_step(), &at);
  datagram_socket made(std::move(fd), address.generic.sa_family, watcher);
  made.bind(steps, at, address, options.socket);
  if (steps.error()) throw_error(steps.error(), steps.failed_step(), &at);
  return made;
}

/// A client's, for servers like `to`: open. The kernel gives it an address with the first send_to; of UNIX it does not, so there it is
/// bound to an abstract name of the kernel's choice: without a name it would not be answered. Throws as above.
inline datagram_socket open_datagram(const endpoint& to, const datagram_options& options = {},
                                     observer* watcher = nullptr) {
  if (to.is_unix()) return bind_datagram(endpoint::local(to.transport(), {}), options, watcher);
  os::flow steps(watcher);
  auto [fd, address] = os::open_datagram(steps, to, 0, options, "socket.assign");
  if (!fd) throw_error(steps.error(), steps.failed_step(), &to);
  return {std::move(fd), address.generic.sa_family, watcher};
}

}  // namespace duet::on_asio::blocking

// SPDX-License-Identifier: MIT
#include "duet/on_posix/datagram.hpp"

#include <string>

#include "duet/error.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/datagram_io.hpp"
#include "duet/os/sys.hpp"
#include "outcome.hpp"

namespace duet::on_posix {
namespace {

void check(const os::flow& steps, const endpoint& where) {
  if (steps.error()) throw_error(steps.error(), steps.failed_step(), &where);
}

}  // namespace

datagram_socket& datagram_socket::operator=(datagram_socket&& other) noexcept {
  if (this == &other) return *this;
  if (io_) close();
  io_ = std::move(other.io_);
  file_ = std::move(other.file_);
  return *this;
}

datagram_socket::~datagram_socket() {
  if (io_) close();
}

void datagram_socket::start_open(os::flow& steps, const endpoint& like,
                                 const datagram_options& options, bool bind) {
  close();
  os::bound_socket made;
  if (bind) {
    made = os::open_bound_datagram(steps, like, options);
  } else {
    made.fd = os::open_datagram(steps, like, SOCK_NONBLOCK, options).fd;
  }
  if (!made.fd) return;
  file_ = std::move(made.file);
  set_observer(steps.watcher());
  assign(std::move(made.fd), options);
}

void datagram_socket::open(const endpoint& like, const datagram_options& options,
                           observer* watcher) {
  os::flow steps(watcher);
  start_open(steps, like, options, false);
  check(steps, like);
}

void datagram_socket::open(const endpoint& like, const datagram_options& options,
                           std::error_code& ec) {
  os::flow steps(io_->get_observer());
  start_open(steps, like, options, false);
  ec = steps.error();
}

void datagram_socket::bind(const endpoint& at, const datagram_options& options, observer* watcher) {
  os::flow steps(watcher);
  start_open(steps, at, options, true);
  check(steps, at);
}

void datagram_socket::bind(const endpoint& at, const datagram_options& options,
                           std::error_code& ec) {
  os::flow steps(io_->get_observer());
  start_open(steps, at, options, true);
  ec = steps.error();
}

void datagram_socket::connect(const endpoint& to, std::error_code& ec) {
  if (!is_open()) {
    open(to, {}, ec);
    if (ec) return;
  }
  const os::socket_address address = os::to_socket_address(to, ec);
  if (ec) return;
  const int result = os::sys::connect(native_handle(), &address.generic, address.size);
  ec = outcome(result);
  os::flow(io_->get_observer()).took("connect", result, ec, [&] {
    return os::describe(address, SOCK_DGRAM);
  });
}

void datagram_socket::connect(const endpoint& to) {
  std::error_code ec;
  connect(to, ec);
  if (ec) throw_error(ec, "connect", &to);
}

void datagram_socket::assign(os::unique_fd socket, const datagram_options& options) {
  io_->setup = {os::family_of(socket.get()),
                static_cast<std::size_t>(options.segment_bytes.value_or(0)), io_->get_observer()};
  io_->assign(std::move(socket));
}

os::unique_fd datagram_socket::release() {
  file_.release();
  return io_->release();
}

endpoint datagram_socket::local_endpoint(std::error_code& ec) const {
  return os::local_endpoint(native_handle(), SOCK_DGRAM, ec);
}

endpoint datagram_socket::local_endpoint() const {
  std::error_code ec;
  endpoint local = local_endpoint(ec);
  if (ec) throw_error(ec, "local_endpoint");
  return local;
}

endpoint datagram_socket::remote_endpoint(std::error_code& ec) const {
  return os::remote_endpoint(native_handle(), SOCK_DGRAM, ec);
}

endpoint datagram_socket::remote_endpoint() const {
  std::error_code ec;
  endpoint remote = remote_endpoint(ec);
  if (ec) throw_error(ec, "remote_endpoint");
  return remote;
}

os::flow datagram_socket::change(os::membership what, const multicast_group& group) {
  os::flow steps(io_->get_observer());
  os::change_membership(steps, native_handle(), what, group);
  return steps;
}

void datagram_socket::join(const multicast_group& group) {
  check(change(os::membership::join, group), {transport::udp, group.group, 0});
}

void datagram_socket::join(const multicast_group& group, std::error_code& ec) {
  ec = change(os::membership::join, group).error();
}

void datagram_socket::leave(const multicast_group& group) {
  check(change(os::membership::leave, group), {transport::udp, group.group, 0});
}

void datagram_socket::leave(const multicast_group& group, std::error_code& ec) {
  ec = change(os::membership::leave, group).error();
}

void datagram_socket::start_send(std::span<const std::byte> from, const datagram_route& by,
                                 detail::completion handler) {
  std::error_code ec;
  const os::message_route route(by, ec);
  if (ec) return io_->finish(ec, std::move(handler));
  io_->start_send(from, route, std::move(handler));
}

std::optional<std::size_t> datagram_socket::try_send_to(std::span<const std::byte> from,
                                                        const datagram_route& by,
                                                        std::error_code& ec) {
  const os::message_route route(by, ec);
  if (ec) return 0;
  return io_->try_send(from, route, ec);
}

void datagram_socket::cancel() {
  cancel(wait_type::read);
  cancel(wait_type::write);
}

void datagram_socket::cancel(wait_type direction) { io_->cancel(direction); }

void datagram_socket::close() {
  io_->close();
  file_.remove();
}

void datagram_socket::set_observer(observer* watcher) {
  io_->set_observer(observer_of_steps(watcher));
  io_->setup.watcher = observer_of_steps(watcher);
}

}  // namespace duet::on_posix

// SPDX-License-Identifier: MIT
#include "duet/on_posix/stream.hpp"

#include "duet/error.hpp"
#include "duet/os/sys.hpp"

namespace duet::on_posix {
stream& stream::operator=(stream&& other) noexcept {
  if (this == &other) return *this;
  if (io_) io_->close();
  io_ = std::move(other.io_);
  peer_ = other.peer_;
  return *this;
}

stream::~stream() {
  if (io_) io_->close();
}

void stream::assign(os::unique_fd connected) {
  peer_ = {};
  io_->assign(std::move(connected));
}

void stream::assign(os::unique_fd connected, const os::socket_address& peer) {
  peer_ = os::peer_address(peer);
  io_->assign(std::move(connected));
}

os::unique_fd stream::release() { return io_->release(); }

endpoint stream::local_endpoint(std::error_code& ec) const {
  return os::local_endpoint(native_handle(), SOCK_STREAM, ec);
}

endpoint stream::local_endpoint() const {
  std::error_code ec;
  endpoint local = local_endpoint(ec);
  if (ec) throw_error(ec, "local_endpoint");
  return local;
}

endpoint stream::remote_endpoint(std::error_code& ec) const {
  if (!is_open() || !peer_.known()) return os::remote_endpoint(native_handle(), SOCK_STREAM, ec);
  ec.clear();
  return peer_.to_endpoint(SOCK_STREAM);
}

endpoint stream::remote_endpoint() const {
  std::error_code ec;
  endpoint remote = remote_endpoint(ec);
  if (ec) throw_error(ec, "remote_endpoint");
  return remote;
}

duet::peer_credentials stream::peer_credentials() const {
  std::error_code ec;
  const duet::peer_credentials peer = peer_credentials(ec);
  if (ec) throw_error(ec, "peer_credentials");
  return peer;
}

void stream::shutdown(shutdown_type what, std::error_code& ec) {
  const os::shutdown_flag flag = os::flag_of(what);
  const int result = os::sys::shutdown(native_handle(), flag.value);
  ec = result == 0 ? std::error_code() : os::sys::last_error();
  if (observer* const watcher = io_->get_observer()) {
    watcher->on_step(
        {"shutdown", std::to_string(native_handle()) + ", " + flag.name, result, ec, {}});
  }
}

void stream::shutdown(shutdown_type what) {
  std::error_code ec;
  shutdown(what, ec);
  if (ec) throw_error(ec, "shutdown");
}

void stream::cancel() {
  cancel(wait_type::read);
  cancel(wait_type::write);
}

void stream::cancel(wait_type direction) { io_->cancel(direction); }

void stream::close() { io_->close(); }

}  // namespace duet::on_posix

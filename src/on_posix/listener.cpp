// SPDX-License-Identifier: MIT
#include "duet/on_posix/listener.hpp"

#include <memory>

#include "duet/error.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/policy/accept_policy.hpp"

namespace duet::on_posix {

listener& listener::operator=(listener&& other) noexcept {
  if (this == &other) return *this;
  if (io_) close();
  io_ = std::move(other.io_);
  file_ = std::move(other.file_);
  setup_ = std::move(other.setup_);
  return *this;
}

listener::~listener() {
  if (io_) close();
}

void listener::open(const endpoint& at, const socket_options& options, os::flow& steps) {
  os::bound_socket bound = os::open_listener(steps, at, options);
  if (!bound.fd) return;
  take(std::move(bound), options, steps.watcher());
}

void listener::take(os::bound_socket bound, const socket_options& options, observer* watcher) {
  file_ = std::move(bound.file);
  setup_ = std::make_shared<const os::accept_setup>(
      os::accept_setup{bound.family, options, watcher, ""});
  io_->set_observer(watcher);
  io_->assign(std::move(bound.fd));
}

void listener::listen(const endpoint& at, const socket_options& options, observer* watcher) {
  close();
  os::flow steps(watcher);
  open(at, options, steps);
  if (steps.error()) throw_error(steps.error(), steps.failed_step(), &at);
}

void listener::listen(const endpoint& at, const socket_options& options, std::error_code& ec) {
  close();
  os::flow steps(nullptr);
  open(at, options, steps);
  ec = steps.error();
}

void listener::assign(os::unique_fd listening, const socket_options& options, observer* watcher) {
  close();
  std::error_code ec;
  const os::inherited_socket found = os::inspect_listener(listening.get(), ec);
  if (ec) throw_error(ec, "assign");
  take({std::move(listening), found.family}, options, observer_of_steps(watcher));
}

endpoint listener::local_endpoint(std::error_code& ec) const {
  return os::local_endpoint(native_handle(), SOCK_STREAM, ec);
}

endpoint listener::local_endpoint() const {
  std::error_code ec;
  endpoint local = local_endpoint(ec);
  if (ec) throw_error(ec, "local_endpoint");
  return local;
}

void listener::start(accept_handler handler) { wait_and_accept(io_, setup_, std::move(handler)); }

void listener::wait_and_accept(const detail::source_ref<detail::io_source>& io, shared_setup with,
                               accept_handler handler) {
  io->start(wait_type::read, detail::io_kind::wait, {},
            [self = detail::source_ref(&*io), with = std::move(with), handler = std::move(handler)](
                std::error_code ec, std::size_t) mutable {
              stream accepted(self->owner());
              if (!ec && self->fd() < 0) ec = std::make_error_code(std::errc::operation_canceled);
              if (!ec) ec = accept_into(accepted, self->fd(), *with);
              if (policy::judge_accept_error(ec) != policy::accept_action::wait)
                return handler(ec, std::move(accepted));
              // Another process that shares the listener was faster.
              const detail::source_ref io_again(&*self);
              wait_and_accept(io_again, std::move(with), std::move(handler));
            });
}

std::error_code listener::accept_into(stream& into, int fd, const os::accept_setup& with) {
  std::error_code ec;
  os::socket_address peer;
  os::unique_fd connected = os::accept_one(fd, with, peer, ec);
  if (!connected) return ec;
  into.assign(std::move(connected), peer);
  into.set_observer(with.watcher);
  return ec;
}

std::optional<stream> listener::try_accept(std::error_code& ec) {
  std::optional<stream> accepted(io_->owner());
  ec = is_open() ? accept_into(*accepted, native_handle(), *setup_)
                 : std::make_error_code(std::errc::bad_file_descriptor);
  if (!ec) return accepted;
  if (policy::judge_accept_error(ec) == policy::accept_action::wait) ec.clear();
  return std::nullopt;
}

void listener::cancel() { io_->cancel(wait_type::read); }

void listener::close() {
  io_->close();
  file_.remove();
}

}  // namespace duet::on_posix

// SPDX-License-Identifier: MIT
#include "duet/on_posix/blocking.hpp"

#include "duet/error.hpp"
#include "duet/os/connect_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/lookup.hpp"
#include "duet/os/sys.hpp"
#include "outcome.hpp"

namespace duet::on_posix::blocking {
namespace {

/// Tells a call that moves bytes, and returns how many it moved.
std::size_t moved(observer* watcher, const char* call, int fd, std::size_t asked, int flags,
                  ssize_t result, std::error_code& ec) {
  ec = outcome(result);
  if (watcher != nullptr)
    watcher->on_step({call, os::describe_transfer(fd, asked, flags), result, ec, {}});
  return result > 0 ? static_cast<std::size_t>(result) : 0;
}

template <class Value>
Value checked(Value value, std::error_code ec, const char* operation) {
  if (ec) throw_error(ec, operation);
  return value;
}

os::unique_fd connect_one(os::flow& steps, const endpoint& target, const connect_options& options) {
  std::error_code ec;
  const os::socket_address address = os::to_socket_address(target, ec);
  if (ec) return steps.fail("connect", ec), os::unique_fd();
  os::unique_fd fd = os::open_connecting_socket(steps, address, 0, options);
  if (!fd) return {};
  const int result = os::sys::connect(fd.get(), &address.generic, address.size);
  ec = outcome(result);
  if (!steps.took("connect", result, ec, [&] { return os::describe(address, SOCK_STREAM); }))
    return {};
  if (const std::error_code self = os::connected_to_itself(fd.get()))
    return steps.fail("connect", self), os::unique_fd();
  return fd;
}

}  // namespace

endpoint connection::local_endpoint() const {
  std::error_code ec;
  endpoint local = os::local_endpoint(fd_.get(), SOCK_STREAM, ec);
  return checked(std::move(local), ec, "local_endpoint");
}

endpoint connection::remote_endpoint() const {
  std::error_code ec;
  endpoint remote = os::remote_endpoint(fd_.get(), SOCK_STREAM, ec);
  return checked(std::move(remote), ec, "remote_endpoint");
}

std::size_t connection::read(std::span<std::byte> to, std::error_code& ec) {
  const ssize_t result = os::sys::read(fd_.get(), to.data(), to.size());
  return moved(watcher_, "read", fd_.get(), to.size(), 0, result, ec);
}

std::size_t connection::write(std::span<const std::byte> from, std::error_code& ec) {
  const ssize_t result = os::sys::write(fd_.get(), from.data(), from.size());
  return moved(watcher_, "write", fd_.get(), from.size(), 0, result, ec);
}

std::size_t connection::recv(std::span<std::byte> to, int flags, std::error_code& ec) {
  const ssize_t result = os::sys::recv(fd_.get(), to.data(), to.size(), flags);
  return moved(watcher_, "recv", fd_.get(), to.size(), flags, result, ec);
}

std::size_t connection::send(std::span<const std::byte> from, int flags, std::error_code& ec) {
  flags |= MSG_NOSIGNAL;
  const ssize_t result = os::sys::send(fd_.get(), from.data(), from.size(), flags);
  return moved(watcher_, "send", fd_.get(), from.size(), flags, result, ec);
}

std::size_t connection::read(std::span<std::byte> to) {
  std::error_code ec;
  const std::size_t size = read(to, ec);
  return checked(size, ec, "read");
}

std::size_t connection::write(std::span<const std::byte> from) {
  std::error_code ec;
  const std::size_t size = write(from, ec);
  return checked(size, ec, "write");
}

std::size_t connection::recv(std::span<std::byte> to, int flags) {
  std::error_code ec;
  const std::size_t size = recv(to, flags, ec);
  return checked(size, ec, "recv");
}

std::size_t connection::send(std::span<const std::byte> from, int flags) {
  std::error_code ec;
  const std::size_t size = send(from, flags, ec);
  return checked(size, ec, "send");
}

void connection::shutdown(shutdown_type what, std::error_code& ec) {
  const os::shutdown_flag flag = os::flag_of(what);
  os::flow steps(watcher_);
  const int result = os::sys::shutdown(fd_.get(), flag.value);
  ec = outcome(result);
  steps.took("shutdown", result, ec, [&] { return std::to_string(fd_.get()) + ", " + flag.name; });
}

void connection::shutdown(shutdown_type what) {
  std::error_code ec;
  shutdown(what, ec);
  if (ec) throw_error(ec, "shutdown");
}

void connection::close() {
  if (fd_ && watcher_ != nullptr)
    watcher_->on_step({"close", std::to_string(fd_.get()), 0, {}, {}});
  fd_.reset();
}

server::server(const endpoint& at, const socket_options& options, observer* watcher)
    : watcher_(observer_of_steps(watcher)) {
  os::flow steps(watcher);
  const auto check = [&](bool ok) {
    if (!ok) throw_error(steps.error(), steps.failed_step(), &at);
  };
  auto [fd, address] = os::open_unbound_socket(steps, at, 0);
  fd_ = std::move(fd);
  check(static_cast<bool>(fd_));
  const int family = address.generic.sa_family;
  check(os::apply_options(steps, fd_.get(), family, os::option_stage::before_listen,
                          os::listening_options(at, options)));
  check(os::prepare_socket_file(steps, fd_.get(), at, options));
  int result = os::sys::bind(fd_.get(), &address.generic, address.size);
  check(steps.took("bind", result, outcome(result),
                   [&] { return os::describe(address, SOCK_STREAM); }));
  file_ = os::socket_file(at);
  check(file_.set_access(steps, options));
  result = os::sys::listen(fd_.get(), options.backlog);
  check(steps.took("listen", result, outcome(result),
                   [&] { return "backlog " + std::to_string(options.backlog); }));
}

server::~server() = default;

endpoint server::local_endpoint() const {
  std::error_code ec;
  endpoint local = os::local_endpoint(fd_.get(), SOCK_STREAM, ec);
  return checked(std::move(local), ec, "local_endpoint");
}

connection server::accept(std::error_code& ec) {
  os::socket_address peer;
  os::unique_fd accepted(os::sys::accept4(fd_.get(), &peer.generic, &peer.size, SOCK_CLOEXEC));
  ec = outcome(accepted.get());
  os::flow steps(watcher_);
  steps.took("accept4", accepted.get(), ec,
             [&] { return ec ? std::string("no peer") : os::describe(peer, SOCK_STREAM); });
  return {std::move(accepted), watcher_};
}

connection server::accept() {
  std::error_code ec;
  connection accepted = accept(ec);
  if (ec) throw_error(ec, "accept");
  return accepted;
}

void server::close() {
  if (fd_ && watcher_ != nullptr)
    watcher_->on_step({"close", std::to_string(fd_.get()), 0, {}, {}});
  fd_.reset();
  file_.remove();
}

void server::abandon() {
  file_.release();
  close();
}

connection connect(const endpoint& at, const connect_options& options) {
  std::error_code ec;
  const std::vector<endpoint> targets = os::resolve(at, ec);
  if (!at.is_numeric()) {
    os::flow steps(options.watcher);
    steps.took("getaddrinfo", static_cast<long>(targets.size()), ec,
               [&] { return at.to_string(); });
  }
  if (ec) throw_error(ec, "getaddrinfo", &at);
  ec = error::name_no_data;
  std::string failed = "connect";
  for (const endpoint& target : targets) {
    if (!at.is_numeric() && !os::is_wanted(target, options)) continue;
    os::flow steps(options.watcher);
    if (os::unique_fd fd = connect_one(steps, target, options))
      return {std::move(fd), options.watcher};
    failed = steps.failed_step();
    ec = steps.error();
  }
  throw_error(ec, failed, &at);
}

}  // namespace duet::on_posix::blocking

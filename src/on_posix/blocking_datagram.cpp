// SPDX-License-Identifier: MIT
#include "duet/on_posix/blocking_datagram.hpp"

#include <string>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/datagram_io.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"
#include "outcome.hpp"

namespace duet::on_posix::blocking {
namespace {

void check(bool ok, const os::flow& steps, const endpoint& at) {
  if (!ok) throw_error(steps.error(), steps.failed_step(), &at);
}

}  // namespace

endpoint datagram_socket::local_endpoint() const {
  std::error_code ec;
  endpoint local = os::local_endpoint(fd_.get(), SOCK_DGRAM, ec);
  if (ec) throw_error(ec, "local_endpoint");
  return local;
}

std::size_t datagram_socket::recvfrom(std::span<std::byte> to, endpoint& peer, int flags,
                                      std::error_code& ec) {
  os::socket_address from;
  const ssize_t size =
      os::sys::recvfrom(fd_.get(), to.data(), to.size(), flags, &from.generic, &from.size);
  ec = outcome(size);
  if (watcher_ != nullptr) {
    watcher_->on_step({"recvfrom",
                       os::describe_message(fd_.get(), to.size(), ec ? nullptr : &from, flags),
                       size,
                       ec,
                       {}});
  }
  if (ec) return 0;
  peer = os::to_endpoint(from, SOCK_DGRAM);
  return static_cast<std::size_t>(size);
}

std::size_t datagram_socket::recvfrom(std::span<std::byte> to, endpoint& peer, int flags) {
  std::error_code ec;
  const std::size_t size = recvfrom(to, peer, flags, ec);
  if (ec) throw_error(ec, "recvfrom");
  return size;
}

std::size_t datagram_socket::sendto(std::span<const std::byte> from, const endpoint& to, int flags,
                                    std::error_code& ec) {
  flags |= MSG_NOSIGNAL;
  const os::socket_address address = os::to_socket_address(to, ec);
  if (ec) return 0;
  const ssize_t size =
      os::sys::sendto(fd_.get(), from.data(), from.size(), flags, &address.generic, address.size);
  ec = outcome(size);
  if (watcher_ != nullptr) {
    watcher_->on_step(
        {"sendto", os::describe_message(fd_.get(), from.size(), &address, flags), size, ec, {}});
  }
  return ec ? 0 : static_cast<std::size_t>(size);
}

std::size_t datagram_socket::sendto(std::span<const std::byte> from, const endpoint& to,
                                    int flags) {
  std::error_code ec;
  const std::size_t size = sendto(from, to, flags, ec);
  if (ec) throw_error(ec, "sendto", &to);
  return size;
}

void datagram_socket::close() {
  if (fd_ && watcher_ != nullptr)
    watcher_->on_step({"close", std::to_string(fd_.get()), 0, {}, {}});
  fd_.reset();
  file_.remove();
}

datagram_socket bind_datagram(const endpoint& at, const datagram_options& options,
                              observer* watcher) {
  os::flow steps(watcher);
  auto [fd, address] = os::open_datagram(steps, at, 0, options);
  check(static_cast<bool>(fd), steps, at);
  check(os::prepare_socket_file(steps, fd.get(), at, options.socket), steps, at);
  const int result = os::sys::bind(fd.get(), &address.generic, address.size);
  check(steps.took("bind", result, outcome(result),
                   [&] { return os::describe(address, SOCK_DGRAM); }),
        steps, at);
  os::socket_file file(at);
  check(file.set_access(steps, options.socket), steps, at);
  return {std::move(fd), std::move(file), watcher};
}

datagram_socket open_datagram(const endpoint& to, const datagram_options& options,
                              observer* watcher) {
  if (to.is_unix()) return bind_datagram(endpoint::local(to.transport(), {}), options, watcher);
  os::flow steps(watcher);
  os::unique_fd fd = os::open_datagram(steps, to, 0, options).fd;
  check(static_cast<bool>(fd), steps, to);
  return {std::move(fd), {}, watcher};
}

}  // namespace duet::on_posix::blocking

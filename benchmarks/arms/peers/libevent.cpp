// SPDX-License-Identifier: MIT
// The peer `libevent`: an echo server on libevent's bare events, which say when a socket is ready; receiving and sending are its own. Not on
// bufferevents, which read at most 4096 bytes at a time. What the kernel does not take at once stops the reading until it is sent.
// @see libevent.org, event(3)
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "arms/arm_options.hpp"
#include "arms/listen.hpp"
#include "duet/endpoint.hpp"

namespace {

struct server {
  event_base* base;
  std::size_t buffer_bytes;
  bool is_unix;
};

struct connection {
  event* readable = nullptr;
  event* writable = nullptr;
  std::vector<char> buffer;
  std::size_t received = 0, sent = 0;

  explicit connection(std::size_t bytes) : buffer(bytes) {}
};

void close(int fd, connection* which) {
  event_free(which->readable);
  event_free(which->writable);
  ::close(fd);
  delete which;
}

/// @return false if the connection has failed
bool send_some(int fd, connection& to) {
  while (to.sent < to.received) {
    const auto n = ::send(fd, to.buffer.data() + to.sent, to.received - to.sent, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    to.sent += static_cast<std::size_t>(n);
  }
  return true;
}

void on_readable(int fd, short, void* data) {
  auto* const from = static_cast<connection*>(data);
  const auto n = ::recv(fd, from->buffer.data(), from->buffer.size(), 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return close(fd, from);
  from->received = static_cast<std::size_t>(n);
  from->sent = 0;
  if (!send_some(fd, *from)) return close(fd, from);
  if (from->sent == from->received) return;
  event_del(from->readable);
  event_add(from->writable, nullptr);
}

void on_writable(int fd, short, void* data) {
  auto* const to = static_cast<connection*>(data);
  if (!send_some(fd, *to)) return close(fd, to);
  if (to->sent < to->received) return;
  event_del(to->writable);
  event_add(to->readable, nullptr);
}

void on_connection(int listener, short, void* data) {
  const auto& owner = *static_cast<const server*>(data);
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED)) return;
  duet::bench::check(fd, "accept4");
  const int on = 1;
  if (!owner.is_unix)
    duet::bench::check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  auto* const accepted = new connection(owner.buffer_bytes);
  accepted->readable = event_new(owner.base, fd, EV_READ | EV_PERSIST, on_readable, accepted);
  accepted->writable = event_new(owner.base, fd, EV_WRITE | EV_PERSIST, on_writable, accepted);
  event_add(accepted->readable, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = duet::bench::parse_arm_options(argc, argv);
  server owner{event_base_new(), options.buffer_bytes,
               duet::endpoint::parse(options.listen).is_unix()};
  const int listener = duet::bench::listen_as(options, SOCK_CLOEXEC | SOCK_NONBLOCK);
  event* const arrivals =
      event_new(owner.base, listener, EV_READ | EV_PERSIST, on_connection, &owner);
  event_add(arrivals, nullptr);
  return event_base_dispatch(owner.base);
}

// SPDX-License-Identifier: MIT
// The arm `limit`: the barest code that could do the job. One connection is served by blocking read and write, many by
// one epoll loop with blocking writes. Not a server to copy: it trusts its only client, and a failing call
// ends it. What it lacks is what a real server pays for. @see read(2), epoll(7), tcp(7)
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/sockaddr.hpp"

namespace {

using duet::bench::arm_options;

int check(long result, const char* call) {
  if (result >= 0) return static_cast<int>(result);
  std::perror(call);
  std::exit(1);
}

int listen_as(const arm_options& options) {
  const auto where = duet::endpoint::parse(options.listen);
  std::error_code error;
  const auto address = duet::os::to_socket_address(where, error);
  const int fd =
      check(::socket(duet::os::family_of(where), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  check(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, options.congestion_control.data(),
                     static_cast<socklen_t>(options.congestion_control.size())),
        "TCP_CONGESTION");
  check(::bind(fd, &address.generic, address.size), "bind");
  check(::listen(fd, 4096), "listen");
  duet::bench::announce(duet::os::local_endpoint(fd, SOCK_STREAM, error).to_string());
  return fd;
}

int accept_one(int listener) {
  const int fd = check(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
  const int on = 1;
  check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  return fd;
}

/// Echoes what one read gives. @return false once the peer has closed
bool echo_once(int fd, std::vector<char>& buffer) {
  const auto got = ::read(fd, buffer.data(), buffer.size());
  if (got <= 0) return false;
  for (ssize_t sent = 0; sent < got;) {
    const auto n =
        ::send(fd, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (n < 0) return false;
    sent += n;
  }
  return true;
}

void serve_one_by_one(int listener, std::vector<char>& buffer) {
  while (true) {
    const int fd = accept_one(listener);
    while (echo_once(fd, buffer)) {
    }
    ::close(fd);
  }
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void serve_many(int listener, std::vector<char>& buffer) {
  const int epoll = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener);
  std::array<epoll_event, 128> events;
  while (true) {
    const int ready = ::epoll_wait(epoll, events.data(), events.size(), -1);
    if (ready < 0 && errno == EINTR) continue;  // a tracer attached, signal(7)
    check(ready, "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        watch(epoll, accept_one(listener));
      } else if (!echo_once(fd, buffer)) {
        ::close(fd);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = duet::bench::parse_arm_options(argc, argv);
  std::vector<char> buffer(options.buffer_bytes);
  const int listener = listen_as(options);
  if (options.connections == 1) {
    serve_one_by_one(listener, buffer);
  } else {
    serve_many(listener, buffer);
  }
}

// SPDX-License-Identifier: MIT
// The arm `limit`: the barest code that could do the job. One connection is served by blocking read and write, many by
// one epoll loop with blocking writes. Not a server to copy: it trusts its only client, and a failing call
// ends it. What it lacks is what a real server pays for. @see read(2), epoll(7), tcp(7)
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "arms/arm_options.hpp"
#include "arms/listen.hpp"
#include "duet/endpoint.hpp"

namespace {

using duet::bench::check;

int accept_one(int listener, bool is_tcp) {
  const int fd = check(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
  const int on = 1;
  if (is_tcp) check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  return fd;
}

/// What is served, and with what.
struct service {
  int listener;
  bool is_tcp;
  int receive_flags;  ///< MSG_DONTWAIT to spin
  std::size_t sink_bytes;
  std::vector<char> buffer;
};

bool send_whole(int fd, const char* bytes, std::size_t size) {
  for (std::size_t sent = 0; sent < size;) {
    const auto n = ::send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
    if (n < 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

/// Answers what one receive gives. @return false once the peer has closed
bool serve_once(int fd, service& with, duet::bench::sink_counter& counter) {
  ssize_t got = 0;
  do {
    got = ::recv(fd, with.buffer.data(), with.buffer.size(), with.receive_flags);
  } while (got < 0 && errno == EAGAIN);
  if (got <= 0) return false;
  const auto size = static_cast<std::size_t>(got);
  return send_whole(fd, with.buffer.data(), with.sink_bytes > 0 ? counter.take(size) : size);
}

void serve_one_by_one(service& with) {
  while (true) {
    const int fd = accept_one(with.listener, with.is_tcp);
    duet::bench::sink_counter counter(with.sink_bytes);
    while (serve_once(fd, with, counter)) {
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

void serve_many(service& with) {
  const int epoll = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, with.listener);
  std::vector<duet::bench::sink_counter> counters;  // by descriptor
  std::array<epoll_event, 128> events;
  while (true) {
    const int ready = ::epoll_wait(epoll, events.data(), events.size(), -1);
    if (ready < 0 && errno == EINTR) continue;  // a tracer attached, signal(7)
    check(ready, "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      const auto place = static_cast<std::size_t>(fd);
      if (fd == with.listener) {
        const int accepted = accept_one(with.listener, with.is_tcp);
        const duet::bench::sink_counter fresh(with.sink_bytes);
        counters.resize(std::max(counters.size(), static_cast<std::size_t>(accepted) + 1), fresh);
        counters[static_cast<std::size_t>(accepted)] = fresh;
        watch(epoll, accepted);
      } else if (!serve_once(fd, with, counters[place])) {
        ::close(fd);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = duet::bench::parse_arm_options(argc, argv);
  const bool is_tcp = !duet::endpoint::parse(options.listen).is_unix();
  service with{duet::bench::listen_as(options), is_tcp, options.spin ? MSG_DONTWAIT : 0,
               options.sink_bytes, std::vector<char>(options.buffer_bytes)};
  options.connections == 1 ? serve_one_by_one(with) : serve_many(with);
}

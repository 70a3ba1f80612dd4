// SPDX-License-Identifier: MIT
// See traffic.hpp. @see epoll(7), tcp(7)
#include "loader/traffic.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "duet/os/sockaddr.hpp"
#include "loader/clock.hpp"
#include "loader/datagrams.hpp"
#include "loader/fail.hpp"

namespace duet::bench {

namespace {

using os::unique_fd;
using bytes = std::vector<char>;

/// The message's number in its first bytes: an echo that is late, doubled or shifted is noticed.
void stamp(bytes& message, std::uint64_t number) noexcept {
  std::memcpy(message.data(), &number, std::min(message.size(), sizeof number));
}

void check_stamp(const bytes& echo, const bytes& message) {
  if (std::memcmp(echo.data(), message.data(), std::min(message.size(), sizeof(std::uint64_t))) !=
      0) {
    throw std::runtime_error("the echo is not what was sent");
  }
}

void send_whole(int fd, const bytes& message) {
  std::size_t sent = 0;
  while (sent < message.size()) {
    const auto n = ::send(fd, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (n < 0) fail("send");
    sent += static_cast<std::size_t>(n);
  }
}

/// At least one byte, at most what is missing of the echo.
std::size_t receive_some(int fd, bytes& echo, std::size_t received) {
  const auto n = ::recv(fd, echo.data() + received, echo.size() - received, 0);
  if (n < 0) fail("recv");
  if (n == 0) throw std::runtime_error("the server closed the connection");
  return received + static_cast<std::size_t>(n);
}

class one_connection final : public traffic {
 public:
  one_connection(unique_fd fd, std::size_t message_bytes)
      : fd_(std::move(fd)), message_(message_bytes, 'd'), echo_(message_bytes) {}

  phase_result run(const phase& until, histogram& round_trips) override {
    const std::uint64_t start = now_ns();
    std::uint64_t before = start;
    std::uint64_t done = 0;
    do {
      stamp(message_, ++number_);
      send_whole(fd_.get(), message_);
      for (std::size_t received = 0; received < echo_.size();) {
        received = receive_some(fd_.get(), echo_, received);
      }
      check_stamp(echo_, message_);
      const std::uint64_t after = now_ns();
      round_trips.record(after - before);
      before = after;
      ++done;
    } while (done < until.messages && before - start < until.duration_ns);
    return {done, before - start};
  }

 private:
  unique_fd fd_;
  bytes message_, echo_;
  std::uint64_t number_ = 0;
};

class many_connections final : public traffic {
 public:
  many_connections(std::vector<unique_fd> fds, std::size_t message_bytes)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), message_(message_bytes, 'd') {
    if (!epoll_) fail("epoll_create1");
    peers_.reserve(fds.size());  // epoll keeps pointers into it
    for (auto& fd : fds) {
      peers_.push_back({std::move(fd), bytes(message_bytes)});
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &peers_.back();
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peers_.back().fd.get(), &event) != 0)
        fail("epoll_ctl");
    }
  }

  phase_result run(const phase& until, histogram& round_trips) override {
    const std::uint64_t start = now_ns();
    std::uint64_t now = start;
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    for (peer& p : peers_) {
      if (started == until.messages) break;
      send_next(p, now_ns());
      ++started;
    }
    std::array<epoll_event, 64> events;
    while (done < started) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      if (ready < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < ready; ++i) {
        peer& p = *static_cast<peer*>(events[static_cast<std::size_t>(i)].data.ptr);
        p.received = receive_some(p.fd.get(), p.echo, p.received);
        if (p.received < p.echo.size()) continue;
        now = now_ns();
        finish(p, now, round_trips);
        ++done;
        if (started == until.messages || now - start >= until.duration_ns) continue;
        send_next(p, now);
        ++started;
      }
    }
    return {done, now - start};
  }

 private:
  struct peer {
    unique_fd fd;
    bytes echo;
    std::size_t received = 0;
    std::uint64_t sent_at_ns = 0;
    std::uint64_t number = 0;
  };

  void send_next(peer& p, std::uint64_t now) {
    p.sent_at_ns = now;
    p.received = 0;
    stamp(message_, ++p.number);
    send_whole(p.fd.get(), message_);
  }

  void finish(peer& p, std::uint64_t now, histogram& round_trips) {
    stamp(message_, p.number);
    check_stamp(p.echo, message_);
    round_trips.record(now - p.sent_at_ns);
  }

  unique_fd epoll_;
  bytes message_;
  std::vector<peer> peers_;
};

/// The effective name, which the kernel may have answered otherwise than asked.
std::string set_options(int fd, const std::string& congestion_control) {
  const int on = 1;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    fail("setsockopt TCP_NODELAY");
  if (!congestion_control.empty() &&
      ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(),
                   static_cast<socklen_t>(congestion_control.size())) != 0) {
    fail("setsockopt TCP_CONGESTION");
  }
  std::array<char, 32> name{};
  socklen_t size = name.size() - 1;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
  return name.data();
}

}  // namespace

opened_traffic open_traffic(const endpoint& server, const connection_settings& settings) {
  if (!server.is_stream()) return {open_datagrams(server, settings), {}};
  if (server.transport() != transport::tcp) {
    throw std::runtime_error("not a TCP endpoint: " + server.to_string());
  }
  std::error_code error;
  const auto address = os::to_socket_address(server, error);
  if (error) throw std::system_error(error, server.to_string());
  opened_traffic result;
  std::vector<unique_fd> fds;
  for (std::size_t i = 0; i < settings.connections; ++i) {
    unique_fd fd(::socket(os::family_of(server), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) fail("socket");
    result.congestion_control = set_options(fd.get(), settings.congestion_control);
    if (::connect(fd.get(), &address.generic, address.size) != 0) fail("connect");
    fds.push_back(std::move(fd));
  }
  if (fds.size() == 1) {
    result.flow = std::make_unique<one_connection>(std::move(fds.front()), settings.message_bytes);
  } else {
    result.flow = std::make_unique<many_connections>(std::move(fds), settings.message_bytes);
  }
  return result;
}

}  // namespace duet::bench

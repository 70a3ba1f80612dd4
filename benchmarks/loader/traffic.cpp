// SPDX-License-Identifier: MIT
// See traffic.hpp. @see epoll(7), tcp(7)
#include "loader/traffic.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "loader/arrivals.hpp"
#include "loader/clock.hpp"
#include "loader/connecting.hpp"
#include "loader/datagrams.hpp"
#include "loader/fail.hpp"
#include "loader/open_loop.hpp"
#include "loader/pipeline.hpp"

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
/// @param flags MSG_DONTWAIT asks until there is something
std::size_t receive_some(int fd, bytes& echo, std::size_t received, int flags = 0) {
  ssize_t n = 0;
  do {
    n = ::recv(fd, echo.data() + received, echo.size() - received, flags);
  } while (n < 0 && errno == EAGAIN && flags == MSG_DONTWAIT);
  if (n < 0) fail("recv");
  if (n == 0) throw std::runtime_error("the server closed the connection");
  return received + static_cast<std::size_t>(n);
}

class one_connection final : public traffic {
 public:
  one_connection(unique_fd fd, std::size_t message_bytes, bool spin)
      : fd_(std::move(fd)),
        message_(message_bytes, 'd'),
        echo_(message_bytes),
        flags_(spin ? MSG_DONTWAIT : 0) {}

  phase_result run(const phase& until, histogram& round_trips) override {
    const std::uint64_t start = now_ns();
    std::uint64_t before = start;
    std::uint64_t done = 0;
    do {
      stamp(message_, ++number_);
      send_whole(fd_.get(), message_);
      for (std::size_t received = 0; received < echo_.size();) {
        received = receive_some(fd_.get(), echo_, received, flags_);
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
  int flags_;
  std::uint64_t number_ = 0;
};

class many_connections final : public traffic {
 public:
  many_connections(std::vector<unique_fd> fds, std::size_t active, std::size_t message_bytes)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), active_(active), message_(message_bytes, 'd') {
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
    for (; started < active_ && started < until.messages; ++started)
      send_next(peers_[spread(started, active_, peers_.size())], now_ns());
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
  std::size_t active_;
  bytes message_;
  std::vector<peer> peers_;
};

}  // namespace

std::size_t spread(std::size_t which, std::size_t active, std::size_t all) noexcept {
  return which * all / active;
}

std::unique_ptr<traffic> make_pingpong(unique_fd connected, const connection_settings& settings) {
  return std::make_unique<one_connection>(std::move(connected), settings.message_bytes,
                                          settings.spin);
}

opened_traffic open_traffic(const endpoint& server, const connection_settings& settings) {
  if (!server.is_stream()) return {open_datagrams(server, settings), {}};
  if (settings.kind == traffic_kind::arrivals) return open_arrivals(server, settings);
  opened_traffic result;
  auto fds = connect_streams(server, settings.connections, settings.congestion_control);
  result.congestion_control = congestion_control_of(fds.front().get());
  const std::size_t active = settings.active > 0 ? settings.active : fds.size();
  if (settings.kind == traffic_kind::open) {
    result.flow = make_open_loop(std::move(fds), settings);
  } else if (settings.depth > 1 || settings.kind == traffic_kind::one_way ||
             settings.kind == traffic_kind::framed) {
    result.flow = make_pipeline(std::move(fds), active, settings);
  } else if (fds.size() == 1) {
    result.flow = make_pingpong(std::move(fds.front()), settings);
  } else {
    result.flow =
        std::make_unique<many_connections>(std::move(fds), active, settings.message_bytes);
  }
  return result;
}

}  // namespace duet::bench

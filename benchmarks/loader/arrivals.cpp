// SPDX-License-Identifier: MIT
// See arrivals.hpp. @see ip(7) IP_BIND_ADDRESS_NO_PORT, connect(2), epoll(7)
#include "loader/arrivals.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "duet/os/unique_fd.hpp"
#include "loader/clock.hpp"
#include "loader/connecting.hpp"
#include "loader/fail.hpp"

namespace duet::bench {

namespace {

using os::unique_fd;

/// 127.0.0.2 to 127.0.3.255: with 28 000 ports each, more than a minute of TIME_WAIT.
constexpr std::uint32_t first_source = 0x7f000002;
constexpr std::uint32_t sources = 1022;

class arrivals final : public traffic {
 public:
  arrivals(const endpoint& server, const connection_settings& settings)
      : server_(server),
        address_(address_of(server)),
        rotates_(address_.generic.sa_family == AF_INET),
        congestion_control_(settings.congestion_control),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        message_(settings.message_bytes, 'd'),
        callers_(settings.connections) {
    if (!epoll_) fail("epoll_create1");
    for (caller& each : callers_) each.echo.resize(settings.message_bytes);
  }

  phase_result run(const phase& until, histogram& round_trips) override {
    const std::uint64_t start = now_ns();
    std::uint64_t now = start;
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    if (callers_.size() == 1) {
      do {
        const std::uint64_t before = now;
        call(callers_.front());
        now = now_ns();
        round_trips.record(now - before);
        ++done;
      } while (done < until.messages && now - start < until.duration_ns);
      return {done, now - start};
    }
    for (; started < callers_.size() && started < until.messages; ++started)
      begin(callers_[started], now_ns());
    std::array<epoll_event, 64> events;
    while (done < started) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      if (ready < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < ready; ++i) {
        caller& each = *static_cast<caller*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (!go_on(each)) continue;
        now = now_ns();
        round_trips.record(now - each.began_ns);
        ++done;
        if (started == until.messages || now - start >= until.duration_ns) continue;
        begin(each, now);
        ++started;
      }
    }
    return {done, now - start};
  }

 private:
  struct caller {
    unique_fd fd;
    std::vector<char> echo;
    std::size_t received = 0;
    std::uint64_t began_ns = 0;
    bool connected = false;
  };

  unique_fd open_socket(int flags) {
    unique_fd fd = open_stream_socket(server_, congestion_control_, flags);
    if (!rotates_) return fd;
    const int on = 1;
    if (::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0)
      fail("setsockopt IP_BIND_ADDRESS_NO_PORT");
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(first_source + next_source_++ % sources);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
      fail("bind");
    return fd;
  }

  /// The whole of one, blocking.
  void call(caller& each) {
    each.fd = open_socket(0);
    if (::connect(each.fd.get(), &address_.generic, address_.size) != 0) fail("connect");
    each.received = 0;
    send_message(each);
    while (!receive_some(each)) {
    }
    each.fd.reset();
  }

  void begin(caller& each, std::uint64_t now) {
    each.fd = open_socket(SOCK_NONBLOCK);
    each.began_ns = now;
    each.received = 0;
    // A full backlog of a UNIX socket refuses for the moment; TCP's waits by itself.
    while (::connect(each.fd.get(), &address_.generic, address_.size) != 0) {
      if (errno == EINPROGRESS) break;
      if (errno != EAGAIN) fail("connect");
    }
    each.connected = false;
    watch(each, EPOLL_CTL_ADD, EPOLLOUT);
  }

  /// @return whether it has had its echo and is closed
  bool go_on(caller& each) {
    if (!each.connected) {
      check_connected(each.fd.get());
      each.connected = true;
      send_message(each);
      watch(each, EPOLL_CTL_MOD, EPOLLIN);
      return false;
    }
    if (!receive_some(each)) return false;
    each.fd.reset();
    return true;
  }

  static void check_connected(int fd) {
    socklen_t size = sizeof errno;
    int error = 0;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) fail("getsockopt SO_ERROR");
    errno = error;
    if (error != 0) fail("connect");
  }

  /// Short enough for a fresh socket's buffer.
  void send_message(caller& each) {
    const auto n = ::send(each.fd.get(), message_.data(), message_.size(), MSG_NOSIGNAL);
    if (n < 0) fail("send");
    if (static_cast<std::size_t>(n) != message_.size())
      throw std::runtime_error("the message does not fit into a fresh socket's buffer");
  }

  bool receive_some(caller& each) {
    const auto n = ::recv(each.fd.get(), each.echo.data() + each.received,
                          each.echo.size() - each.received, 0);
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) fail("recv");
    if (n == 0) throw std::runtime_error("the server closed the connection");
    each.received += static_cast<std::size_t>(n);
    if (each.received < each.echo.size()) return false;
    if (each.echo != message_) throw std::runtime_error("the echo is not what was sent");
    return true;
  }

  void watch(caller& each, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &each;
    if (::epoll_ctl(epoll_.get(), operation, each.fd.get(), &event) != 0) fail("epoll_ctl");
  }

  endpoint server_;
  os::socket_address address_;
  bool rotates_;
  std::string congestion_control_;
  unique_fd epoll_;
  std::vector<char> message_;
  std::vector<caller> callers_;
  std::uint32_t next_source_ = 0;
};

}  // namespace

opened_traffic open_arrivals(const endpoint& server, const connection_settings& settings) {
  opened_traffic result;
  if (!server.is_unix()) {
    const unique_fd one = open_stream_socket(server, settings.congestion_control);
    result.congestion_control = congestion_control_of(one.get());
  }
  result.flow = std::make_unique<arrivals>(server, settings);
  return result;
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See open_loop.hpp. @see epoll(7)
#include "loader/open_loop.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "loader/clock.hpp"
#include "loader/connecting.hpp"
#include "loader/fail.hpp"

namespace duet::bench {

namespace {

using os::unique_fd;

/// Messages under way on one connection; a server further behind than that has lost, and sending waits for it.
constexpr std::size_t most_under_way = 1024;
constexpr std::uint64_t ns_per_s = 1'000'000'000;

struct message_times {
  std::uint64_t intended_ns = 0;
  std::uint64_t sent_ns = 0;
};

struct peer {
  unique_fd fd;
  std::vector<char> echo;
  std::vector<message_times> times = std::vector<message_times>(most_under_way);
  std::size_t received = 0;  ///< of the echo under way
  std::uint64_t sent = 0, done = 0;

  [[nodiscard]] bool is_full() const noexcept { return sent - done == most_under_way; }
};

/// When each message of a phase is due. Without a rate every message is due when its connection is free.
class schedule {
 public:
  schedule(std::uint64_t start_ns, const phase& until)
      : start_ns_(start_ns),
        interval_ns_(static_cast<double>(ns_per_s) / static_cast<double>(until.rate_per_s)),
        messages_(std::min(until.messages, messages_within(until))) {}

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  [[nodiscard]] std::uint64_t due_ns(std::uint64_t which) const noexcept {
    return start_ns_ + static_cast<std::uint64_t>(static_cast<double>(which) * interval_ns_);
  }

 private:
  static std::uint64_t messages_within(const phase& until) noexcept {
    const double seconds = static_cast<double>(until.duration_ns) / static_cast<double>(ns_per_s);
    return std::max<std::uint64_t>(
        static_cast<std::uint64_t>(seconds * static_cast<double>(until.rate_per_s)), 1);
  }

  std::uint64_t start_ns_;
  double interval_ns_;
  std::uint64_t messages_;
};

class open_loop final : public traffic {
 public:
  open_loop(std::vector<unique_fd> fds, const connection_settings& settings)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        message_(settings.message_bytes, 'd'),
        lag_(std::make_unique<histogram>()),
        from_send_(std::make_unique<histogram>()) {
    if (!epoll_) fail("epoll_create1");
    peers_.reserve(fds.size());  // epoll keeps pointers into it
    for (auto& fd : fds) {
      make_nonblocking(fd.get());
      peers_.push_back({std::move(fd), std::vector<char>(settings.message_bytes)});
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &peers_.back();
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peers_.back().fd.get(), &event) != 0)
        fail("epoll_ctl");
    }
  }

  phase_result run(const phase& until, histogram& round_trips) override {
    lag_->clear();
    from_send_->clear();
    return until.rate_per_s > 0 ? run_at_rate(until, round_trips) : run_closed(until, round_trips);
  }

 private:
  phase_result run_at_rate(const phase& until, histogram& round_trips) {
    const std::uint64_t start = now_ns();
    const schedule due(start, until);
    std::uint64_t sent = 0;
    std::uint64_t last_send = start;
    begin(start);
    const auto send_what_is_due = [&] {
      while (sent < due.messages() && due.due_ns(sent) <= now_) {
        peer& p = peers_[sent % peers_.size()];
        if (p.is_full()) break;
        lag_->record(now_ - due.due_ns(sent));
        last_send = now_;
        send_next(p, due.due_ns(sent++), round_trips);
        now_ = now_ns();
      }
    };
    std::array<epoll_event, 64> events;
    while (done_ < due.messages()) {
      now_ = now_ns();
      send_what_is_due();
      const int ready = wait(events, 0);
      for (int i = 0; i < ready; ++i) {
        receive(*static_cast<peer*>(events[static_cast<std::size_t>(i)].data.ptr), round_trips);
        send_what_is_due();  // a full hand of events must not make it late
      }
    }
    return {done_, now_ - start,
            open_loop_figures{.rate_per_s = until.rate_per_s,
                              .sending_ns = last_send - start,
                              .lag_p99_ns = lag_->percentile(0.99).value_or(lag_->max()),
                              .from_send_p50_ns = from_send_->percentile(0.5).value_or(0),
                              .from_send_p99_ns = from_send_->percentile(0.99).value_or(0)}};
  }

  phase_result run_closed(const phase& until, histogram& round_trips) {
    const std::uint64_t start = now_ns();
    std::uint64_t sent = 0;
    begin(start);
    for (; sent < peers_.size() && sent < until.messages; ++sent)
      send_next(peers_[sent], now_, round_trips);
    std::array<epoll_event, 64> events;
    while (done_ < sent) {
      const int ready = wait(events, -1);
      for (int i = 0; i < ready; ++i) {
        peer& p = *static_cast<peer*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (!receive(p, round_trips)) continue;
        if (sent == until.messages || now_ - start >= until.duration_ns) continue;
        send_next(p, now_, round_trips);
        ++sent;
      }
    }
    return {done_, now_ - start};
  }

  void begin(std::uint64_t now) noexcept {
    now_ = now;
    done_ = 0;
  }

  int wait(std::array<epoll_event, 64>& events, int timeout_ms) {
    const int ready =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    return ready;
  }

  void send_next(peer& p, std::uint64_t intended_ns, histogram& round_trips) {
    p.times[p.sent % most_under_way] = {intended_ns, now_};
    const std::uint64_t number = ++p.sent;
    std::memcpy(message_.data(), &number, stamp_bytes());
    for (std::size_t sent = 0; sent < message_.size();) {
      const auto n =
          ::send(p.fd.get(), message_.data() + sent, message_.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) fail("send");
      if (n >= 0) {
        sent += static_cast<std::size_t>(n);
      } else {
        receive(p, round_trips);  // both directions may be full; the lag tells
      }
    }
  }

  /// At most the rest of one echo. @return whether that ends it; then it is now anew
  bool receive(peer& p, histogram& round_trips) {
    const auto n = ::recv(p.fd.get(), p.echo.data() + p.received, p.echo.size() - p.received, 0);
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) fail("recv");
    if (n == 0) throw std::runtime_error("the server closed the connection");
    p.received += static_cast<std::size_t>(n);
    if (p.received < p.echo.size()) return false;
    now_ = now_ns();
    const message_times& times = p.times[p.done % most_under_way];
    const std::uint64_t number = ++p.done;
    if (std::memcmp(p.echo.data(), &number, stamp_bytes()) != 0)
      throw std::runtime_error("the echo is not what was sent");
    p.received = 0;
    ++done_;
    round_trips.record(now_ - times.intended_ns);
    from_send_->record(now_ - times.sent_ns);
    return true;
  }

  [[nodiscard]] std::size_t stamp_bytes() const noexcept {
    return std::min(message_.size(), sizeof(std::uint64_t));
  }

  unique_fd epoll_;
  std::vector<char> message_;
  std::vector<peer> peers_;
  std::unique_ptr<histogram> lag_, from_send_;
  std::uint64_t now_ = 0, done_ = 0;  ///< of the phase
};

}  // namespace

std::unique_ptr<traffic> make_open_loop(std::vector<unique_fd> connected,
                                        const connection_settings& settings) {
  return std::make_unique<open_loop>(std::move(connected), settings);
}

}  // namespace duet::bench

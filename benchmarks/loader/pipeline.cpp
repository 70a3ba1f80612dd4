// SPDX-License-Identifier: MIT
// See pipeline.hpp. @see epoll(7)
#include "loader/pipeline.hpp"

#include <arpa/inet.h>
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

constexpr std::size_t stamp_bytes = sizeof(std::uint64_t);

/// One connection. Positions are bytes of its stream; the ring holds what is under way, so that echoes are compared with it.
class pipe_end {
 public:
  pipe_end(unique_fd fd, const connection_settings& settings)
      : fd_(std::move(fd)),
        message_bytes_(settings.message_bytes),
        depth_(settings.depth),
        answer_bytes_(settings.kind == traffic_kind::one_way ? 1 : settings.message_bytes),
        stamp_at_(settings.kind == traffic_kind::framed ? frame_head_bytes : 0),
        ring_(settings.message_bytes * settings.depth, 'd'),
        sent_at_(settings.depth) {
    if (stamp_at_ == 0) return;
    if (message_bytes_ < stamp_at_ + stamp_bytes)
      throw std::runtime_error("a frame is too short for its head and its number");
    const std::uint32_t length = htonl(static_cast<std::uint32_t>(message_bytes_ - stamp_at_));
    for (std::size_t at = 0; at < ring_.size(); at += message_bytes_)
      std::memcpy(&ring_[at], &length, sizeof(length));
  }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] bool is_full() const noexcept { return started_ - done_ == depth_; }
  [[nodiscard]] bool has_unsent() const noexcept { return sent_ < started_ * message_bytes_; }

  /// @pre not full
  void start_message(std::uint64_t now) noexcept {
    const std::size_t slot = started_ % depth_;
    const std::uint64_t number = started_ + 1;
    std::memcpy(&ring_[slot * message_bytes_ + stamp_at_], &number,
                std::min(message_bytes_, stamp_bytes));
    sent_at_[slot] = now;
    ++started_;
  }

  /// Sends what the kernel takes at once.
  void send_some() {
    while (has_unsent()) {
      const std::size_t at = sent_ % ring_.size();
      const std::size_t size = std::min(started_ * message_bytes_ - sent_, ring_.size() - at);
      const auto n = ::send(fd_.get(), &ring_[at], size, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) fail("send");
      sent_ += static_cast<std::size_t>(n);
    }
  }

  /// Takes what one receive gives. @return messages that are answered by it
  std::size_t receive_some(std::vector<char>& into, histogram& round_trips) {
    const auto n = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0) fail("recv");
    if (n == 0) throw std::runtime_error("the server closed the connection");
    const std::size_t before = received_;
    received_ += static_cast<std::size_t>(n);
    if (received_ > started_ * answer_bytes_)
      throw std::runtime_error("the server answered more than was sent");
    if (answer_bytes_ == message_bytes_) check_stamps(into.data(), before);
    const std::uint64_t now = now_ns();
    const std::size_t answered = received_ / answer_bytes_ - done_;
    for (std::size_t i = 0; i < answered; ++i, ++done_)
      round_trips.record(now - sent_at_[done_ % depth_]);
    return answered;
  }

 private:
  /// The stamp of each message and what is before it, as far as it lies in what has just come.
  void check_stamps(const char* bytes, std::size_t from) const {
    for (std::size_t message = from / message_bytes_; message * message_bytes_ < received_;
         ++message) {
      const std::size_t start = message * message_bytes_;
      const std::size_t first = std::max(from, start);
      const std::size_t end =
          std::min(received_, start + std::min(message_bytes_, stamp_at_ + stamp_bytes));
      if (first >= end) continue;
      if (std::memcmp(bytes + (first - from), &ring_[first % ring_.size()], end - first) != 0)
        throw std::runtime_error("the echo is not what was sent");
    }
  }

  unique_fd fd_;
  std::size_t message_bytes_, depth_, answer_bytes_, stamp_at_;
  std::vector<char> ring_;
  std::vector<std::uint64_t> sent_at_;
  std::size_t started_ = 0, done_ = 0;  ///< messages
  std::size_t sent_ = 0, received_ = 0;
};

class pipeline final : public traffic {
 public:
  pipeline(std::vector<unique_fd> fds, std::size_t active, const connection_settings& settings)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        active_(active),
        into_(std::max<std::size_t>(settings.message_bytes, 65536)) {
    if (!epoll_) fail("epoll_create1");
    peers_.reserve(fds.size());  // epoll keeps pointers into it
    for (auto& fd : fds) {
      make_nonblocking(fd.get());
      peers_.push_back({pipe_end(std::move(fd), settings)});
      watch(peers_.back(), EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  phase_result run(const phase& until, histogram& round_trips) override {
    const std::uint64_t start = now_ns();
    std::uint64_t now = start;
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    const auto fill = [&](peer& p) {
      for (; !p.end.is_full() && started < until.messages && now - start < until.duration_ns;
           ++started)
        p.end.start_message(now);
      send(p);
    };
    for (std::size_t i = 0; i < active_; ++i) fill(peers_[spread(i, active_, peers_.size())]);
    std::array<epoll_event, 64> events;
    while (done < started) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      if (ready < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        peer& p = *static_cast<peer*>(event.data.ptr);
        if (event.events != EPOLLOUT) done += p.end.receive_some(into_, round_trips);
        now = now_ns();
        fill(p);
      }
    }
    return {done, now - start};
  }

 private:
  struct peer {
    pipe_end end;
    bool waits_to_send = false;
  };

  void send(peer& p) {
    p.end.send_some();
    if (p.end.has_unsent() == p.waits_to_send) return;
    p.waits_to_send = !p.waits_to_send;
    watch(p, EPOLL_CTL_MOD, p.waits_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void watch(peer& p, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &p;
    if (::epoll_ctl(epoll_.get(), operation, p.end.fd(), &event) != 0) fail("epoll_ctl");
  }

  unique_fd epoll_;
  std::size_t active_;
  std::vector<char> into_;
  std::vector<peer> peers_;
};

}  // namespace

std::unique_ptr<traffic> make_pipeline(std::vector<unique_fd> connected, std::size_t active,
                                       const connection_settings& settings) {
  return std::make_unique<pipeline>(std::move(connected), active, settings);
}

}  // namespace duet::bench

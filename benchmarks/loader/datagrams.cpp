// SPDX-License-Identifier: MIT
// See datagrams.hpp. @see sendmmsg(2), recvmmsg(2), udp(7) UDP_SEGMENT and UDP_GRO, unix(7)
#include "loader/datagrams.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "loader/clock.hpp"
#include "loader/connecting.hpp"
#include "loader/fail.hpp"

namespace duet::bench {

namespace {

using os::unique_fd;

constexpr std::size_t longest_burst = 64;
constexpr std::size_t longest_packet = 65507;
/// Behind the number: this one is answered whatever the direction.
constexpr std::size_t mark_at = sizeof(std::uint64_t);

void set(int fd, int level, int name, const char* text, int value) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0) fail(text);
}

/// Two bursts wait in one queue at most: half of what it holds.
std::size_t burst_of(const endpoint& server) {
  if (!server.is_unix()) return longest_burst;
  std::size_t queue = 0;
  std::ifstream("/proc/sys/net/unix/max_dgram_qlen") >> queue;
  return std::clamp<std::size_t>(queue / 2, 1, longest_burst);
}

/// As many datagrams side by side in one memory, each with its header.
class block {
 public:
  block(std::size_t count, std::size_t bytes_each)
      : bytes_each_(bytes_each), memory_(count * bytes_each, 'd'), pieces_(count), headers_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      pieces_[i] = {at(i), bytes_each};
      headers_[i].msg_hdr.msg_iov = &pieces_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  char* at(std::size_t which) noexcept { return memory_.data() + which * bytes_each_; }
  [[nodiscard]] std::size_t size() const noexcept { return memory_.size(); }
  mmsghdr* headers() noexcept { return headers_.data(); }

 private:
  std::size_t bytes_each_;
  std::vector<char> memory_;
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
};

/// What of a burst goes through one socket.
struct share {
  std::uint64_t first = 0;  ///< the number of its first datagram
  std::size_t count = 0;
  bool is_last = false;  ///< of its burst: what is answered one way
};

/// A socket of its own, whose datagrams have numbers of their own.
class datagram_peer {
 public:
  datagram_peer(unique_fd fd, std::size_t most, bool cuts, const connection_settings& settings)
      : fd_(std::move(fd)),
        cuts_(cuts),
        settings_(settings),
        out_(most, settings.message_bytes),
        // What the kernel has coalesced is one long datagram.
        in_(settings.segments ? 1 : most,
            settings.segments ? longest_packet : settings.message_bytes + 1) {}

  share send(std::size_t count, bool is_last) {
    const share sent{number_, count, is_last};
    number_ += count;
    send(sent);
    return sent;
  }

  /// Its answers: of every datagram, or one way of the burst's last.
  void await(const share& what) {
    if (what.count == 0 || (settings_.one_way && !what.is_last)) return;
    std::uint64_t next = settings_.one_way ? what.first + what.count - 1 : what.first;
    const std::uint64_t end = what.first + what.count;
    while (next < end) {
      const std::size_t most = settings_.segments ? 1 : static_cast<std::size_t>(end - next);
      // Without MSG_WAITFORONE: it returns when all are there.
      const int n = ::recvmmsg(fd_.get(), in_.headers(), static_cast<unsigned>(most), 0, nullptr);
      if (n < 0 && errno == EAGAIN)
        throw std::runtime_error(
            "datagrams were lost (the kernel may allow too small receive buffers: "
            "net.core.rmem_max)");
      if (n < 0) fail("recvmmsg");
      for (int i = 0; i < n; ++i) check(static_cast<std::size_t>(i), next);
    }
  }

 private:
  void send(const share& what) {
    for (std::size_t i = 0; i < what.count; ++i) {
      const std::uint64_t number = what.first + i;
      std::memcpy(out_.at(i), &number, sizeof number);
      out_.at(i)[mark_at] = what.is_last && i + 1 == what.count ? 1 : 0;
    }
    cuts_ ? send_long(what.count) : send_each(what.count);
  }

  void send_each(std::size_t count) {
    for (std::size_t sent = 0; sent < count;) {
      const int n = ::sendmmsg(fd_.get(), out_.headers() + sent,
                               static_cast<unsigned>(count - sent), MSG_NOSIGNAL);
      if (n < 0) fail("sendmmsg");
      sent += static_cast<std::size_t>(n);
    }
  }

  /// The socket's UDP_SEGMENT cuts them.
  void send_long(std::size_t count) {
    const std::size_t at_once = longest_packet / settings_.message_bytes;
    for (std::size_t sent = 0; sent < count;) {
      const std::size_t n = std::min(at_once, count - sent);
      if (::send(fd_.get(), out_.at(sent), n * settings_.message_bytes, MSG_NOSIGNAL) < 0)
        fail("send");
      sent += n;
    }
  }

  void check(std::size_t which, std::uint64_t& next) {
    const std::size_t size = in_.headers()[which].msg_len;
    if (size == 0 || size % settings_.message_bytes != 0)
      throw std::runtime_error("the answer has another length");
    for (std::size_t at = 0; at < size; at += settings_.message_bytes, ++next) {
      if (std::memcmp(in_.at(which) + at, &next, sizeof next) != 0)
        throw std::runtime_error("the answer is not to what was sent");
    }
  }

  unique_fd fd_;
  bool cuts_;  ///< the kernel cuts one long send into datagrams
  connection_settings settings_;
  block out_, in_;
  std::uint64_t number_ = 0;
};

/// Bursts, each shared by all peers.
class datagram_flow final : public traffic {
 public:
  datagram_flow(std::vector<datagram_peer> peers, std::size_t burst_size)
      : peers_(std::move(peers)),
        burst_size_(burst_size),
        bursts_{std::vector<share>(peers_.size()), std::vector<share>(peers_.size())} {}

  phase_result run(const phase& until, histogram& round_trips) override {
    const std::uint64_t start = now_ns();
    std::uint64_t now = start;
    std::uint64_t started = 0;
    std::array<std::uint64_t, 2> sent_at_ns{};
    std::size_t newer = 0;
    for (bool is_owed = false;; newer = 1 - newer) {
      const bool goes_on = started < until.messages && now - start < until.duration_ns;
      if (goes_on) {
        const std::uint64_t left = until.messages - started;
        const std::size_t count = std::min<std::uint64_t>(burst_size_, left);
        started += count;
        sent_at_ns[newer] = now_ns();
        send(bursts_[newer], count);
      }
      if (is_owed) {
        for (std::size_t i = 0; i < peers_.size(); ++i) peers_[i].await(bursts_[1 - newer][i]);
        now = now_ns();
        round_trips.record(now - sent_at_ns[1 - newer]);
      }
      if (!goes_on) return {started, now - start};
      is_owed = true;
    }
  }

 private:
  /// Where there are more peers than datagrams the next burst goes on with those who had none.
  void send(std::vector<share>& shares, std::size_t count) {
    std::fill(shares.begin(), shares.end(), share{});
    const std::size_t used = std::min(peers_.size(), count);
    for (std::size_t each = 0; each < used; ++each) {
      const std::size_t one = count / used + (each < count % used ? 1 : 0);
      shares[next_] = peers_[next_].send(one, each + 1 == used);
      next_ = (next_ + 1) % peers_.size();
    }
  }

  std::vector<datagram_peer> peers_;
  std::size_t burst_size_;
  std::array<std::vector<share>, 2> bursts_;
  std::size_t next_ = 0;
};

/// Named by the kernel, so that it can be answered.
void bind_unix(int fd) {
  sockaddr_un nameless{};
  nameless.sun_family = AF_UNIX;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&nameless), sizeof(sa_family_t)) != 0)
    fail("bind");
}

unique_fd connected_socket(const endpoint& server, const connection_settings& settings) {
  const auto address = address_of(server);
  unique_fd fd(::socket(os::family_of(server), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  if (server.is_unix()) bind_unix(fd.get());
  set(fd.get(), SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF",
      static_cast<int>(settings.receive_buffer_bytes));
  if (settings.segments) set(fd.get(), IPPROTO_UDP, UDP_GRO, "UDP_GRO", 1);
  const timeval silence{1, 0};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) != 0)
    fail("SO_RCVTIMEO");
  if (::connect(fd.get(), &address.generic, address.size) != 0) fail("connect");
  return fd;
}

}  // namespace

std::unique_ptr<traffic> open_datagrams(const endpoint& server,
                                        const connection_settings& settings) {
  if (!settings.pingpong && settings.message_bytes <= mark_at)
    throw std::runtime_error("a datagram needs more than 8 bytes, for its number and a mark");
  if (settings.pingpong) return make_pingpong(connected_socket(server, settings), settings);
  const std::size_t burst_size = burst_of(server);
  const std::size_t most = (burst_size + settings.connections - 1) / settings.connections;
  std::vector<datagram_peer> peers;
  for (std::size_t each = 0; each < settings.connections; ++each) {
    unique_fd fd = connected_socket(server, settings);
    // One call a burst: else the server, where it shares the core, is woken by the first datagram and takes them one by one.
    const int bytes = static_cast<int>(settings.message_bytes);
    const bool cuts = !server.is_unix() &&
                      ::setsockopt(fd.get(), IPPROTO_UDP, UDP_SEGMENT, &bytes, sizeof bytes) == 0;
    peers.emplace_back(std::move(fd), most, cuts, settings);
  }
  return std::make_unique<datagram_flow>(std::move(peers), burst_size);
}

}  // namespace duet::bench

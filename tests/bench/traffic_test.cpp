// SPDX-License-Identifier: MIT
// The loader's traffic against servers made here, on threads: how many messages, in which order, what is noticed. No speed.
#include "loader/traffic.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "loader/open_loop.hpp"
#include "loader/pipeline.hpp"

using namespace duet::bench;
using duet::os::unique_fd;

namespace {

/// What a server does with the bytes of one read.
using answer = std::function<void(int fd, const std::vector<char>& bytes)>;

void write_whole(int fd, const char* bytes, std::size_t size) {
  for (std::size_t sent = 0; sent < size;) {
    const auto n = ::send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
    if (n < 0) return;  // the loader has seen enough
    sent += static_cast<std::size_t>(n);
  }
}

void echo_bytes(int fd, const std::vector<char>& bytes) {
  write_whole(fd, bytes.data(), bytes.size());
}

/// A thread for each of so many connections, until the loader's ends are closed.
class made_server {
 public:
  made_server(std::size_t connections, std::size_t piece, const answer& how) : bytes_(connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      int fds[2];
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
      loader_ends.emplace_back(fds[0]);
      threads_.emplace_back([this, i, fd = std::make_shared<unique_fd>(fds[1]), piece, how] {
        std::vector<char> buffer(piece);
        while (true) {
          const auto n = ::read(fd->get(), buffer.data(), buffer.size());
          if (n <= 0) return;
          bytes_[i] += static_cast<std::size_t>(n);
          how(fd->get(), {buffer.begin(), buffer.begin() + n});
        }
      });
    }
  }

  std::vector<unique_fd> loader_ends;
  [[nodiscard]] std::size_t bytes_of(std::size_t connection) const { return bytes_[connection]; }

 private:
  std::vector<std::atomic<std::size_t>> bytes_;
  std::vector<std::jthread> threads_;
};

connection_settings pipelined(std::size_t bytes, std::size_t depth,
                              traffic_kind kind = traffic_kind::closed) {
  connection_settings settings;
  settings.message_bytes = bytes;
  settings.depth = depth;
  settings.kind = kind;
  return settings;
}

constexpr std::uint64_t no_limit = UINT64_MAX;

std::unique_ptr<histogram> made_histogram() { return std::make_unique<histogram>(); }

}  // namespace

TEST_CASE("pipeline: every message is answered once and in order whatever the pieces") {
  for (const std::size_t bytes : {1U, 5U, 100U}) {
    for (const std::size_t piece : {1U, 7U, 65536U}) {
      CAPTURE(bytes);
      CAPTURE(piece);
      made_server server(2, piece, echo_bytes);
      const auto flow = make_pipeline(std::move(server.loader_ends), 2, pipelined(bytes, 3));
      const auto trips = made_histogram();
      CHECK(flow->run({no_limit, 50}, *trips).messages == 50);
      CHECK(flow->run({no_limit, 1}, *trips).messages == 1);
      CHECK(trips->count() == 51);
      CHECK(server.bytes_of(0) + server.bytes_of(1) == 51 * bytes);
    }
  }
}

TEST_CASE("pipeline: large messages flow both ways at once") {
  made_server server(2, 65536, echo_bytes);
  const auto flow = make_pipeline(std::move(server.loader_ends), 2, pipelined(1 << 20, 2));
  const auto trips = made_histogram();
  CHECK(flow->run({no_limit, 8}, *trips).messages == 8);
  CHECK(server.bytes_of(0) + server.bytes_of(1) == 8U << 20);
}

TEST_CASE("pipeline: one way a byte answers each message") {
  std::size_t seen = 0;
  made_server server(1, 65536, [&](int fd, const std::vector<char>& bytes) {
    const std::string answers((seen % 1000 + bytes.size()) / 1000, 'x');
    seen += bytes.size();
    write_whole(fd, answers.data(), answers.size());
  });
  const auto flow =
      make_pipeline(std::move(server.loader_ends), 1, pipelined(1000, 2, traffic_kind::one_way));
  const auto trips = made_histogram();
  CHECK(flow->run({no_limit, 20}, *trips).messages == 20);
  CHECK(server.bytes_of(0) == 20'000);
}

TEST_CASE("pipeline: framed messages begin with their length") {
  std::string seen;
  {
    made_server server(1, 65536, [&](int fd, const std::vector<char>& bytes) {
      seen.append(bytes.begin(), bytes.end());
      echo_bytes(fd, bytes);
    });
    const auto flow =
        make_pipeline(std::move(server.loader_ends), 1, pipelined(20, 3, traffic_kind::framed));
    const auto trips = made_histogram();
    CHECK(flow->run({no_limit, 7}, *trips).messages == 7);
  }
  REQUIRE(seen.size() == 7 * 20);
  for (std::size_t each = 0; each < 7; ++each) {
    CHECK(seen.substr(20 * each, 4) == std::string("\0\0\0\x10", 4));
    CHECK(seen[20 * each + 4] == static_cast<char>(each + 1));
  }
  made_server other(1, 65536, echo_bytes);
  CHECK_THROWS_AS(
      make_pipeline(std::move(other.loader_ends), 1, pipelined(11, 1, traffic_kind::framed)),
      std::runtime_error);
}

TEST_CASE("pipeline: only the active connections send and they are spread") {
  made_server server(4, 65536, echo_bytes);
  const auto flow = make_pipeline(std::move(server.loader_ends), 2, pipelined(10, 2));
  const auto trips = made_histogram();
  CHECK(flow->run({no_limit, 40}, *trips).messages == 40);
  CHECK(server.bytes_of(0) > 0);
  CHECK(server.bytes_of(1) == 0);
  CHECK(server.bytes_of(2) > 0);
  CHECK(server.bytes_of(3) == 0);
}

TEST_CASE("pipeline: a wrong answer and one too many are noticed") {
  const auto run_against = [](const answer& how) {
    made_server server(1, 65536, how);
    const auto flow = make_pipeline(std::move(server.loader_ends), 1, pipelined(16, 2));
    const auto trips = made_histogram();
    flow->run({no_limit, 100}, *trips);
  };
  CHECK_THROWS_WITH_AS(run_against([](int fd, std::vector<char> bytes) {
                         bytes[7] ^= 1;
                         echo_bytes(fd, bytes);
                       }),
                       "the echo is not what was sent", std::runtime_error);
  CHECK_THROWS_WITH_AS(run_against([](int fd, std::vector<char> bytes) {
                         bytes.resize(bytes.size() + 64);
                         echo_bytes(fd, bytes);
                       }),
                       "the server answered more than was sent", std::runtime_error);
  CHECK_THROWS_WITH_AS(
      run_against([](int fd, const std::vector<char>&) { ::shutdown(fd, SHUT_RDWR); }),
      doctest::Contains("the server closed the connection"), std::runtime_error);
}

TEST_CASE("open loop: so many messages as rate and time say on every connection in turn") {
  made_server server(4, 65536, echo_bytes);
  const auto flow =
      make_open_loop(std::move(server.loader_ends), pipelined(10, 1, traffic_kind::open));
  const auto trips = made_histogram();
  const auto result = flow->run({20'000'000, no_limit, 10'000}, *trips);
  CHECK(result.messages == 200);
  REQUIRE(result.open);
  CHECK(result.open->rate_per_s == 10'000);
  CHECK(result.open->sending_ns >= 19'900'000 - 1);
  CHECK(trips->count() == 200);
  for (std::size_t i = 0; i < 4; ++i) CHECK(server.bytes_of(i) == 500);
}

TEST_CASE(
    "open loop: latency counts from the intended time though the server kept us from sending") {
  // What does not fit into the socket's buffers waits for a server that stalls for 20 ms; all ten are due within 10 ms.
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds stall(20);
  steady_clock::time_point reads_from;
  made_server server(1, 1, [&](int fd, const std::vector<char>& first) {
    while (steady_clock::now() < reads_from) std::this_thread::yield();
    std::vector<char> rest(1 << 20);
    echo_bytes(fd, first);
    for (ssize_t n = 0; (n = ::read(fd, rest.data(), rest.size())) > 0;)
      write_whole(fd, rest.data(), static_cast<std::size_t>(n));
  });
  const auto flow =
      make_open_loop(std::move(server.loader_ends), pipelined(1 << 20, 1, traffic_kind::open));
  const auto trips = made_histogram();
  reads_from = steady_clock::now() + stall;
  const auto result = flow->run({10'000'000, no_limit, 1000}, *trips);
  CHECK(result.messages == 10);
  std::uint64_t late = 0;
  for (const auto& [bucket, count] : trips->to_sparse())
    late += histogram::middle_of(bucket) >= 9'900'000 ? count : 0;
  CHECK(late == 10);
  REQUIRE(result.open);
  CHECK(result.open->lag_p99_ns >= 9'900'000);
}

TEST_CASE("open loop: without a rate it is closed") {
  made_server server(2, 65536, echo_bytes);
  const auto flow =
      make_open_loop(std::move(server.loader_ends), pipelined(10, 1, traffic_kind::open));
  const auto trips = made_histogram();
  const auto result = flow->run({no_limit, 30}, *trips);
  CHECK(result.messages == 30);
  CHECK_FALSE(result.open);
  CHECK(server.bytes_of(0) + server.bytes_of(1) == 300);
}

namespace {

/// Accepts and echoes one read of each, until its listener is shut down.
class made_listener {
 public:
  explicit made_listener(const duet::endpoint& at) {
    std::error_code ec;
    const auto address = duet::os::to_socket_address(at, ec);
    fd_ = unique_fd(::socket(address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(fd_.get(), &address.generic, address.size) == 0);
    REQUIRE(::listen(fd_.get(), 64) == 0);
    where = duet::os::local_endpoint(fd_.get(), SOCK_STREAM, ec);
    thread_ = std::jthread([this] { serve(); });
  }
  ~made_listener() { stop(); }

  void stop() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  duet::endpoint where;
  std::size_t accepted = 0;
  std::set<std::uint32_t> sources;

 private:
  void serve() {
    while (true) {
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      const unique_fd fd(::accept(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size));
      if (!fd) return;
      ++accepted;
      if (peer.ss_family == AF_INET)
        sources.insert(ntohl(reinterpret_cast<const sockaddr_in&>(peer).sin_addr.s_addr));
      char byte = 0;
      if (::read(fd.get(), &byte, 1) != 1) continue;
      write_whole(fd.get(), &byte, 1);
      while (::read(fd.get(), &byte, 1) > 0) {
      }
    }
  }

  unique_fd fd_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("arrivals: each message is a connection of its own") {
  for (const std::string& text :
       {std::string("tcp://127.0.0.1:0"), "unix:@duet-traffic-" + std::to_string(::getpid())}) {
    for (const std::size_t in_flight : {1U, 4U}) {
      CAPTURE(text);
      CAPTURE(in_flight);
      made_listener server(duet::endpoint::parse(text));
      connection_settings settings = pipelined(1, 1, traffic_kind::arrivals);
      settings.connections = in_flight;
      auto opened = open_traffic(server.where, settings);
      const auto trips = made_histogram();
      CHECK(opened.flow->run({no_limit, 20}, *trips).messages == 20);
      opened.flow.reset();
      server.stop();
      CHECK(server.accepted == 20);
      CHECK(trips->count() == 20);
      if (text.starts_with("tcp")) CHECK(server.sources.size() == 20);
    }
  }
}

TEST_CASE("traffic: the senders are spread over all connections") {
  CHECK(spread(0, 410, 4096) == 0);
  CHECK(spread(1, 410, 4096) == 9);
  CHECK(spread(409, 410, 4096) == 4086);
  for (std::size_t i = 0; i < 7; ++i) CHECK(spread(i, 7, 7) == i);
}

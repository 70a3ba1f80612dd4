// SPDX-License-Identifier: MIT
// relay_channel: what it takes of this process, and the signal that it does not raise. That bytes arrive is in conformance/relay_test.cpp.
#include "duet/os/relay_channel.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <csignal>
#include <ostream>
#include <string_view>
#include <vector>

#include "bytes.hpp"
#include "duet/error.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct raw_pair {
  raw_pair() {
    int ends[2];
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
            "socketpair");
    near = raw_socket(ends[0]);
    far = raw_socket(ends[1]);
  }
  /// Instead: with as little room as there may be.
  void connect_by_tcp(int buffer_bytes) {
    const raw_socket listener = raw_socket::listening(endpoint::parse("tcp://127.0.0.1:0"));
    listener.set(SOL_SOCKET, SO_RCVBUF, buffer_bytes);
    near = raw_socket::connected(listener.local_endpoint());
    near.set(SOL_SOCKET, SO_SNDBUF, buffer_bytes);
    checked(::fcntl(near.fd(), F_SETFL, O_NONBLOCK), "fcntl");
    far = listener.accept();
  }

  raw_socket near;
  raw_socket far;
};

volatile std::sig_atomic_t pipe_signals = 0;

/// Counts SIGPIPE instead of dying of it.
class counted_sigpipe {
 public:
  counted_sigpipe() {
    pipe_signals = 0;
    struct sigaction count {};
    count.sa_handler = [](int) { pipe_signals = pipe_signals + 1; };
    checked(::sigaction(SIGPIPE, &count, &former_), "sigaction");
  }
  counted_sigpipe(const counted_sigpipe&) = delete;
  counted_sigpipe& operator=(const counted_sigpipe&) = delete;
  ~counted_sigpipe() { ::sigaction(SIGPIPE, &former_, nullptr); }

 private:
  struct sigaction former_ {};
};

/// Raises the signal within each splice, as the second of its sends does whose peer has gone behind the first.
struct raising : observer {
  void on_step(const flow_step& step) override {
    if (step.call != "splice") return;
    results.push_back(step.result);
    ::pthread_kill(::pthread_self(), SIGPIPE);
  }
  std::vector<long> results;
};

/// Has it splice: a fill that its memory is full of, drained.
void warm_up(os::relay_channel& channel, const raw_pair& from, const raw_pair& to,
             std::size_t memory) {
  std::error_code ec;
  from.far.send_all(some_bytes(memory));
  REQUIRE(channel.fill(from.near.fd(), ec) == memory);
  REQUIRE(channel.drain(to.near.fd(), ec) == memory);
  REQUIRE(to.far.receive(memory).size() == memory);
}

}  // namespace

TEST_CASE("relay channel: it has memory while bytes are in it and no longer") {
  relay_options options;
  options.buffer_bytes = 1024;
  SUBCASE("that may splice") {}
  SUBCASE("that may not") { options.splice = false; }
  os::relay_channel channel(options);
  const raw_pair from;
  const raw_pair to;
  std::error_code ec;
  CHECK_FALSE(channel.has_memory());
  for (int each = 0; each < 3; ++each) {
    from.far.send_all(some_bytes(100));
    CHECK(channel.fill(from.near.fd(), ec) == 100U);
    CHECK(channel.has_memory());
    CHECK(channel.drain(to.near.fd(), ec) == 100U);
    CHECK_FALSE(channel.has_memory());
    CHECK_FALSE(channel.fill(from.near.fd(), ec));
    CHECK_FALSE(channel.has_memory());
  }
  from.far.shut_down(SHUT_WR);
  CHECK(channel.fill(from.near.fd(), ec) == 0U);
  CHECK(ec == error::end_of_stream);
  CHECK_FALSE(channel.has_memory());
}

TEST_CASE("relay channel: a splice that is cut short by the peer's end raises no signal") {
  relay_options options;
  options.buffer_bytes = 1024;
  os::relay_channel channel(options);
  const raw_pair from;
  raw_pair to;
  to.connect_by_tcp(4096);
  warm_up(channel, from, to, options.buffer_bytes);
  from.far.send_all(some_bytes(60'000));
  std::error_code ec;
  const auto filled = channel.fill(from.near.fd(), ec);
  REQUIRE(filled.value_or(0) > 16'384);
  const counted_sigpipe guard;
  raising step;
  const auto drained = channel.drain(to.near.fd(), ec, {&step});
  REQUIRE(step.results.size() == 1);
  CHECK_FALSE(ec);
  CHECK(drained.value_or(0) > 0);
  CHECK(channel.held() > 0);
  CHECK(pipe_signals == 0);
}

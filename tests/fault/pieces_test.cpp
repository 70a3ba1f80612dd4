// SPDX-License-Identifier: MIT
// Calls that do less than they were asked for: one byte each, or nothing at all although something is there. A false would-block hangs
// any edge-triggered loop, by design; so that one is for the level-triggered column only.
#include <fcntl.h>

#include <cerrno>
#include <random>
#include <string>

#include "duet/error.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

constexpr std::size_t total = 20'000;

/// Sends `total` bytes through an echo server and compares what comes back. `turn` is called before each read.
template <class Fixture, class Backend, class Turn>
void echo_some(Fixture& f, Turn turn) {
  typename Backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  typename Backend::stream client(f.loop());
  result connect;
  Backend::async_connect(client, where, {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  REQUIRE_FALSE(connect.ec);
  const byte_vector bytes = some_bytes(total);
  digest sent;
  digest got;
  sent.add(bytes);
  result write;
  client.async_write(bytes, f.into(write, "write"));
  byte_vector buffer(512);
  std::error_code end;
  while (!end) {
    turn();
    result read;
    client.async_read_some(buffer, f.into(read, "read"));
    f.run_until([&] { return read.done; });
    got.add(std::span(buffer).first(read.size));
    end = read.ec;
    if (got.size() == total && !end) client.shutdown(shutdown_type::send);
  }
  CHECK(write.size == total);
  CHECK(end == condition::end_of_stream);
  CHECK(got == sent);
  CHECK(server.counters().bytes_echoed == total);
  server.stop();
}

template <class Fixture, class Backend>
void echo_some(Fixture& f) {
  echo_some<Fixture, Backend>(f, [] {});
}

/// A new fault at each turn: which call, from where on, how often, and how much it still moves, or nothing at all.
class random_pieces {
 public:
  explicit random_pieces(unsigned seed, bool would_block)
      : random_(seed), would_block_(would_block) {
    os::faults::clear();
  }
  random_pieces(const random_pieces&) = delete;
  random_pieces& operator=(const random_pieces&) = delete;
  ~random_pieces() { os::faults::clear(); }

  void plan() {
    const os::call which = up_to(2) == 1 ? os::call::recv : os::call::send;
    const int error = would_block_ && up_to(3) == 1 ? EAGAIN : 0;
    os::faults::plan(which, {up_to(3), up_to(5), error, up_to(600)});
  }

 private:
  std::size_t up_to(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(1, most)(random_);
  }

  std::mt19937 random_;
  bool would_block_;
};

}  // namespace

TEST_CASE_TEMPLATE("pieces: calls cut at random and the echo is whole", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    fixture_of<Row> f;
    random_pieces pieces(seed, false);
    echo_some<fixture_of<Row>, typename Row::backend>(f, [&] { pieces.plan(); });
  }
}

TEST_CASE_TEMPLATE("pieces: calls cut and false would-blocks at random", Row, duet::test::posix_tcp,
                   duet::test::posix_unix) {
  DUET_NEEDS_SEAM();
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    fixture_of<Row> f;
    random_pieces pieces(seed, true);
    echo_some<fixture_of<Row>, typename Row::backend>(f, [&] { pieces.plan(); });
  }
}

TEST_CASE_TEMPLATE("pieces: a byte a call and the echo is whole", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const os::call which : {os::call::recv, os::call::send}) {
    fixture_of<Row> f;
    const planned fault(which, one_byte_each());
    echo_some<fixture_of<Row>, typename Row::backend>(f);
    CHECK(fault.calls() >= total);
  }
}

TEST_CASE_TEMPLATE("pieces: an echo client that moves a byte a call", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  raw_pipe input;
  raw_pipe output;
  const byte_vector bytes = some_bytes(4000);
  checked(::write(input.in.fd(), bytes.data(), bytes.size()), "write");
  input.in.close();
  typename Row::backend::stream stream(f.loop());
  result connect;
  Row::backend::async_connect(stream, where, {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });

  os::faults::clear();
  for (const os::call each : {os::call::read, os::call::write, os::call::recv, os::call::send})
    os::faults::plan(each, one_byte_each());
  echo_client_options options;
  options.verify = true;
  typename Row::backend::echo_client client(f.loop(), options);
  bool done = false;
  client.async_run(std::move(stream), input.out.fd(), output.in.fd(),
                   f.once("run", [&](std::error_code ec, echo_result moved) {
                     CHECK_FALSE(ec);
                     CHECK(moved.sent == bytes.size());
                     CHECK(moved.received == bytes.size());
                     CHECK_FALSE(moved.mismatch_at);
                     done = true;
                   }));
  f.run_until([&] { return done; });
  // Twice each: the server's half and the client's.
  CHECK(os::faults::count(os::call::recv) >= 2 * bytes.size());
  CHECK(os::faults::count(os::call::send) >= 2 * bytes.size());
  CHECK(os::faults::count(os::call::read) >= bytes.size());
  CHECK(os::faults::count(os::call::write) >= bytes.size());
  os::faults::clear();
  byte_vector got(bytes.size());
  CHECK(::read(output.out.fd(), got.data(), got.size()) == static_cast<ssize_t>(got.size()));
  CHECK(got == bytes);
}

TEST_CASE_TEMPLATE("pieces: without IPv6 the wildcard is 0.0.0.0", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const endpoint everywhere = endpoint::wildcard(transport::tcp, 0);
  {
    const planned plan(os::call::socket, {.first = 1, .times = 1, .error = EAFNOSUPPORT});
    typename Backend::listener door(f.loop());
    door.listen(everywhere);
    CHECK(door.local_endpoint().address() == address::any_v4());
  }
  {
    const planned plan(os::call::socket, {.first = 1, .times = 1, .error = EAFNOSUPPORT});
    const typename Backend::blocking_server door(everywhere, {}, nullptr);
    CHECK(door.local_endpoint().address() == address::any_v4());
  }
  // Whoever asks for IPv6 is told that there is none.
  const planned plan(os::call::socket, {.first = 1, .times = 1, .error = EAFNOSUPPORT});
  typename Backend::listener door(f.loop());
  std::error_code ec;
  door.listen(endpoint::parse("tcp://[::]:0"), {}, ec);
  CHECK(is(ec, std::errc::address_family_not_supported));
}

TEST_CASE_TEMPLATE("pieces: a false would-block does not hang a level-triggered loop", Row,
                   duet::test::posix_tcp, duet::test::posix_unix) {
  DUET_NEEDS_SEAM();
  for (const os::call which : {os::call::recv, os::call::send, os::call::accept4}) {
    std::uint64_t n = 1;
    for (; n < 1000; n = n < 10 ? n + 1 : n * 2) {
      fixture_of<Row> f;
      const planned fault(which, {n, 3, EAGAIN, {}});
      echo_some<fixture_of<Row>, typename Row::backend>(f);
      if (fault.calls() < n) break;
    }
    CHECK(n > 1);
  }
}

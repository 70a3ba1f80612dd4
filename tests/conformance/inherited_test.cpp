// SPDX-License-Identifier: MIT
// Sockets that somebody else has bound, a parent or a service manager, and may still have: served, shared, left to the others.
#include <fcntl.h>

#include <optional>
#include <system_error>
#include <utility>

#include "duet/os/bound_socket.hpp"
#include "epoll_watch.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// One more descriptor of the same socket, as a child has it.
os::unique_fd another(int fd) {
  return os::unique_fd(static_cast<int>(checked(::fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl")));
}

template <class Server, class Sockets>
std::error_code refusal(Server& by, Sockets& socket) {
  try {
    by.assign(another(socket.fd()));
  } catch (const std::system_error& failed) {
    return failed.code();
  }
  return {};
}

}  // namespace

TEST_CASE_TEMPLATE("listener: one that listens already accepts", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket bound = raw_socket::listening(f.anywhere());
  typename Row::backend::listener door(f.loop());
  door.assign(another(bound.fd()));
  CHECK(door.local_endpoint() == bound.local_endpoint());
  CHECK((::fcntl(bound.fd(), F_GETFL) & O_NONBLOCK) != 0);
  std::optional<typename Row::backend::stream> arrived;
  door.async_accept(f.once("accept", [&](std::error_code ec, auto accepted) {
    CHECK_FALSE(ec);
    arrived = std::move(accepted);
  }));
  const raw_socket client = raw_socket::connected(bound.local_endpoint());
  f.run_until_all_called();
  CHECK(arrived->local_endpoint() == bound.local_endpoint());
  client.send_all(as_bytes("x"));
  byte_vector read(2);
  result got;
  arrived->async_read_some(read, f.into(got, "read"));
  f.run_until_all_called();
  CHECK(got.size == 1);
}

TEST_CASE_TEMPLATE("listener: what does not listen is refused", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  const raw_pipe pipe;
  CHECK(refusal(door, pipe.out) == std::errc::not_a_socket);
  const raw_socket bound = raw_socket::bound(f.anywhere());
  CHECK(refusal(door, bound) == std::errc::invalid_argument);
  CHECK_FALSE(door.is_open());
}

TEST_CASE_TEMPLATE("listener: closing a shared one takes it from the loop", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket bound = raw_socket::listening(f.anywhere());
  const typename Row::backend::timer warm(f.loop());  // Asio's own descriptors come with it
  const std::size_t before = watched_by_epoll();
  typename Row::backend::listener door(f.loop());
  door.assign(another(bound.fd()));
  door.async_accept(f.once("accept", [&](std::error_code ec, const auto&) {
    CHECK(is(ec, std::errc::operation_canceled));
  }));
  f.run_ready();
  CHECK(watched_by_epoll() == before + 1);
  door.close();
  f.run_until_all_called();
  CHECK(watched_by_epoll() == before);
}

TEST_CASE_TEMPLATE("echo_server: of two that share a listener the one that stays serves", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket bound = raw_socket::listening(f.anywhere());
  typename Row::backend::echo_server leaves(f.loop());
  typename Row::backend::echo_server stays(f.loop());
  CHECK(leaves.listen(another(bound.fd())) == bound.local_endpoint());
  stays.listen(another(bound.fd()));
  leaves.start();
  stays.start();
  leaves.drain(std::chrono::seconds(10),
               f.once("drained", [](std::size_t cut) { CHECK(cut == 0); }));
  f.run_until_all_called();
  const raw_socket client = raw_socket::connected(bound.local_endpoint());
  client.send_all(as_bytes("hello"));
  f.run_until([&] { return client.readable_now(); });
  CHECK(as_text(client.receive(5)) == "hello");
  CHECK(leaves.counters().accepted == 0);
  CHECK(stays.counters().accepted == 1);
  stays.stop();
  f.run_ready();
}

TEST_CASE_TEMPLATE("datagram echo: one that is bound already is served and left", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  os::flow steps(nullptr);
  const os::bound_socket bound = os::open_bound_datagram(steps, f.anywhere(), {});
  REQUIRE(static_cast<bool>(bound.fd));
  const typename Row::backend::timer warm(f.loop());  // Asio's own descriptors come with it
  const std::size_t before = watched_by_epoll();
  typename Row::backend::datagram_echo_server server(f.loop());
  const endpoint where = server.listen(another(bound.fd.get()));
  server.start();
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  peer.send_to(as_bytes("x"), where);
  f.run_until([&] { return server.counters().echoed == 1; });
  const auto back = peer.receive();
  CHECK(as_text(back.bytes) == "x");
  CHECK(back.peer == where);
  server.stop();
  f.run_ready();
  CHECK(watched_by_epoll() == before);
}

TEST_CASE_TEMPLATE("datagram echo: what an earlier owner lost is not counted again", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  os::flow steps(nullptr);
  datagram_options small;
  small.socket.receive_buffer_bytes = 10'000;
  const os::bound_socket bound = os::open_bound_datagram(steps, f.anywhere(), small);
  REQUIRE(static_cast<bool>(bound.fd));
  std::error_code ec;
  const endpoint where = os::local_endpoint(bound.fd.get(), SOCK_DGRAM, ec);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  for (int each = 0; each < 100; ++each) peer.send_to(some_bytes(1000), where);
  typename Row::backend::datagram_echo_server server(f.loop());
  server.listen(another(bound.fd.get()));
  server.start();
  f.run_until([&] { return server.counters().echoed >= 1; });
  f.run_ready();
  peer.send_to(as_bytes("x"), where);
  const std::uint64_t so_far = server.counters().received;
  f.run_until([&] { return server.counters().received > so_far; });
  CHECK(server.counters().lost == 0);
  server.stop();
  f.run_ready();
}

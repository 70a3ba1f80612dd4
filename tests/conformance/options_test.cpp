// SPDX-License-Identifier: MIT
// Socket options: set through listeners and connects of either column, read back from the kernel by os::effective_options.
#include <chrono>
#include <optional>
#include <string>

#include "duet/os/flow.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

socket_options effective(int fd) {
  std::error_code ec;
  const socket_options options = os::effective_options(fd, ec);
  CHECK_FALSE(ec);
  return options;
}

/// Every option that a TCP connection shows, with values that are no default.
socket_options unusual() {
  socket_options options;
  options.nodelay = true;
  options.keepalive = keepalive_options{71s, 13s, 7};
  options.user_timeout = 43210ms;
  options.send_buffer_bytes = 30000;
  options.receive_buffer_bytes = 40000;
  options.linger = 3s;
  options.congestion_control = "reno";
  options.not_sent_low_water_bytes = 12345;
  return options;
}

void check_unusual_tcp(const socket_options& now) {
  CHECK(now.nodelay == true);
  REQUIRE(now.keepalive);
  CHECK((*now.keepalive == keepalive_options{71s, 13s, 7}));
  CHECK(now.user_timeout == 43210ms);
  CHECK(now.send_buffer_bytes == 60000);  // the kernel doubles them (socket(7))
  CHECK(now.receive_buffer_bytes == 80000);
  CHECK(now.linger == 3s);
  CHECK(now.congestion_control == "reno");
  CHECK(now.not_sent_low_water_bytes == 12345);
}

}  // namespace

TEST_CASE_TEMPLATE("options: reach TCP listeners and what they accept and what connects", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  door.listen(f.anywhere(), unusual());
  check_unusual_tcp(effective(door.native_handle()));
  std::optional<typename Backend::stream> accepted;
  door.async_accept(f.once("accept", [&](std::error_code ec, typename Backend::stream arrived) {
    CHECK_FALSE(ec);
    accepted.emplace(std::move(arrived));
  }));
  typename Backend::stream client(f.loop());
  connect_options options;
  options.socket = unusual();
  result connect;
  Backend::async_connect(client, door.local_endpoint(), options, f.into(connect, "connect"));
  f.run_until_all_called();
  REQUIRE_FALSE(connect.ec);
  REQUIRE(accepted);
  check_unusual_tcp(effective(accepted->native_handle()));
  check_unusual_tcp(effective(client.native_handle()));
}

TEST_CASE_TEMPLATE("options: UNIX sockets take theirs and skip what only TCP has", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [accepted, connected] = f.connected_pair(unusual());
  for (const auto* each : {&accepted, &connected}) {
    const socket_options now = effective(each->native_handle());
    CHECK(now.send_buffer_bytes == 60000);
    CHECK(now.receive_buffer_bytes == 80000);
    CHECK(now.linger == 3s);
    CHECK(now.congestion_control.has_value() == f.anywhere().is_ip());
  }
}

TEST_CASE_TEMPLATE("options: nothing is set that was not asked for", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket plain = raw_socket::opened(f.anywhere());
  auto [accepted, connected] = f.connected_pair();
  socket_options usual = effective(plain.fd());
  socket_options now = effective(connected.native_handle());
  // TCP's buffers grow by themselves, and nodelay and the like are compared.
  for (socket_options* each : {&usual, &now})
    each->send_buffer_bytes = each->receive_buffer_bytes = std::nullopt;
  CHECK(to_string(now) == to_string(usual));
  CHECK_FALSE(effective(accepted.native_handle()).linger);
}

TEST_CASE_TEMPLATE("options: TCP listeners reuse addresses unless told otherwise", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  door.listen(f.anywhere());
  CHECK(effective(door.native_handle()).reuse_address == true);
  socket_options options;
  options.reuse_address = false;
  door.listen(f.anywhere(), options);
  CHECK(effective(door.native_handle()).reuse_address == false);

  // Two that both ask for it share a port.
  options.reuse_port = true;
  typename Backend::listener one(f.loop());
  typename Backend::listener other(f.loop());
  one.listen(f.anywhere(), options);
  CHECK(effective(one.native_handle()).reuse_port == true);
  std::error_code ec;
  other.listen(one.local_endpoint(), options, ec);
  CHECK_FALSE(ec);
  CHECK(other.local_endpoint() == one.local_endpoint());
}

TEST_CASE_TEMPLATE("options: v6_only follows the endpoint or what is said", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  std::error_code ec;
  const endpoint any{transport::tcp, address::any_v6(), 0};
  door.listen(any, {}, ec);
  if (ec) DUET_SKIP("no IPv6 on this machine");
  CHECK(effective(door.native_handle()).v6_only == true);
  door.listen(endpoint::wildcard(transport::tcp, 0));
  CHECK(effective(door.native_handle()).v6_only == false);
  socket_options options;
  options.v6_only = false;
  door.listen(any, options);
  CHECK(effective(door.native_handle()).v6_only == false);
  options.v6_only = true;
  door.listen(endpoint::wildcard(transport::tcp, 0), options);
  CHECK(effective(door.native_handle()).v6_only == true);
}

TEST_CASE_TEMPLATE("options: the backlog is the listener's", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  socket_options options;
  options.backlog = 7;
  door.listen(f.anywhere(), options);
  tcp_info info{};
  socklen_t size = sizeof(info);
  REQUIRE(::getsockopt(door.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
  CHECK(info.tcpi_sacked == 7);  // of a listening socket: its backlog
}

TEST_CASE_TEMPLATE("options: a value that the kernel refuses is told with its name", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  socket_options options;
  options.congestion_control = "no-such-algorithm";
  std::error_code ec;
  door.listen(f.anywhere(), options, ec);
  CHECK(errc_of(ec) == std::errc::no_such_file_or_directory);
  CHECK_FALSE(door.is_open());
  try {
    door.listen(f.anywhere(), options);
    FAIL("listens");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()) ==
          "setsockopt TCP_CONGESTION " + f.anywhere().to_string() + ": No such file or directory");
  }

  const raw_socket other = raw_socket::listening(f.anywhere());
  connect_options how;
  how.socket = options;
  typename Backend::stream client(f.loop());
  result connect;
  Backend::async_connect(client, other.local_endpoint(), how, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK(errc_of(connect.ec) == std::errc::no_such_file_or_directory);
  CHECK_FALSE(client.is_open());
  CHECK_THROWS_AS(static_cast<void>(Backend::connect(other.local_endpoint(), how)),
                  std::system_error);
}

TEST_CASE_TEMPLATE("options: linger of nothing resets", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  socket_options options;
  options.linger = 0s;
  auto [one, other] = f.connected_pair(options);
  std::byte byte{};
  result read;
  other.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_ready();
  one.close();
  f.run_until([&] { return read.done; });
  CHECK(errc_of(read.ec) == std::errc::connection_reset);
}

// SPDX-License-Identifier: MIT
// listener: from listening to accepted connections, in every row. What a listener does when system calls fail is in tests/fault/.
#include <optional>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// One accept whose stream is kept.
template <class Fixture>
struct accepting {
  using stream = typename Fixture::stream;

  void start(Fixture& f, typename Fixture::listener& door) {
    door.async_accept(f.once("accept", [this](std::error_code how, stream arrived) {
      ec = how;
      peer.emplace(std::move(arrived));
    }));
  }
  [[nodiscard]] bool done() const { return peer.has_value(); }

  std::error_code ec;
  std::optional<stream> peer;
};

}  // namespace

TEST_CASE_TEMPLATE("accept: one connection arrives open and knows its peer", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  CHECK_FALSE(door.is_open());
  CHECK(door.native_handle() == -1);
  door.listen(f.anywhere());
  CHECK(door.is_open());

  accepting<fixture_of<Row>> one;
  one.start(f, door);
  const raw_socket client = raw_socket::connected(door.local_endpoint());
  f.run_until([&] { return one.done(); });

  CHECK_FALSE(one.ec);
  CHECK(one.peer->is_open());
  CHECK(one.peer->local_endpoint() == door.local_endpoint());
  CHECK(one.peer->remote_endpoint() == client.local_endpoint());
}

TEST_CASE_TEMPLATE("accept: connections queued before come one an accept", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  door.listen(f.anywhere());
  constexpr std::size_t count = 100;
  std::vector<raw_socket> clients;
  for (std::size_t each = 0; each < count; ++each) {
    clients.push_back(raw_socket::connected(door.local_endpoint()));
    clients.back().send_all(as_bytes(std::string(1, static_cast<char>(each))));
  }

  for (std::size_t each = 0; each < count; ++each) {
    accepting<fixture_of<Row>> next;
    next.start(f, door);
    f.run_until([&] { return next.done(); });
    REQUIRE_FALSE(next.ec);
    std::byte byte{};
    result read;
    next.peer->async_read_some(std::span(&byte, 1), f.into(read, "read"));
    f.run_until([&] { return read.done; });
    CHECK(std::to_integer<std::size_t>(byte) == each);  // in the order of their coming
  }
  std::error_code ec;
  CHECK_FALSE(door.try_accept(ec));
  CHECK_FALSE(ec);
}

TEST_CASE_TEMPLATE("accept: the loop of accepts in handlers takes all", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using listener = typename Row::backend::listener;
  using stream = typename Row::backend::stream;
  listener door(f.loop());
  door.listen(f.anywhere());
  std::vector<stream> taken;
  struct taker {
    void next() {
      door.async_accept(f.once("accept", [this](std::error_code ec, stream arrived) {
        CHECK_FALSE(ec);
        taken.push_back(std::move(arrived));
        if (taken.size() < 32) next();
      }));
    }
    fixture_of<Row>& f;
    listener& door;
    std::vector<stream>& taken;
  } all{f, door, taken};
  all.next();
  std::vector<raw_socket> clients;
  for (int each = 0; each < 32; ++each)
    clients.push_back(raw_socket::connected(door.local_endpoint()));
  f.run_until([&] { return taken.size() == 32; });
}

TEST_CASE_TEMPLATE("accept: try_accept never blocks and takes what is queued", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  std::error_code ec;
  CHECK_FALSE(door.try_accept(ec));
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  door.listen(f.anywhere());
  CHECK_FALSE(door.try_accept(ec));
  CHECK_FALSE(ec);
  const raw_socket client = raw_socket::connected(door.local_endpoint());
  const auto arrived = door.try_accept(ec);
  REQUIRE(arrived);
  CHECK_FALSE(ec);
  CHECK(arrived->remote_endpoint() == client.local_endpoint());
}

TEST_CASE_TEMPLATE("listener: port 0 is replaced by the port the kernel chose", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener one(f.loop());
  typename Backend::listener other(f.loop());
  one.listen(f.anywhere());
  other.listen(f.anywhere());
  CHECK(one.local_endpoint().port() != 0);
  CHECK(one.local_endpoint().port() != other.local_endpoint().port());
  CHECK(one.local_endpoint() == f.anywhere().with_port(one.local_endpoint().port()));
  CHECK_NOTHROW(raw_socket::connected(one.local_endpoint()));
}

TEST_CASE_TEMPLATE("listener: IPv6 serves IPv6", Backend, DUET_BACKENDS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback on this machine");
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  door.listen({transport::tcp, address::loopback_v6(), 0});
  accepting<fixture<Backend>> one;
  one.start(f, door);
  const raw_socket client = raw_socket::connected(door.local_endpoint());
  f.run_until([&] { return one.done(); });
  REQUIRE_FALSE(one.ec);
  CHECK(one.peer->local_endpoint().address() == address::loopback_v6());
  CHECK(one.peer->remote_endpoint() == client.local_endpoint());
}

TEST_CASE_TEMPLATE("listener: the wildcard serves both families and :: its own", Backend,
                   DUET_BACKENDS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback on this machine");
  fixture<Backend> f;
  typename Backend::listener both(f.loop());
  both.listen(endpoint::wildcard(transport::tcp, 0));
  const std::uint16_t port = both.local_endpoint().port();
  for (const address& each : {address::loopback_v4(), address::loopback_v6()}) {
    accepting<fixture<Backend>> one;
    one.start(f, both);
    const raw_socket client = raw_socket::connected({transport::tcp, each, port});
    f.run_until([&] { return one.done(); });
    REQUIRE_FALSE(one.ec);
    CHECK(one.peer->remote_endpoint().port() == client.local_endpoint().port());
  }

  typename Backend::listener six(f.loop());
  six.listen({transport::tcp, address::any_v6(), 0});
  const std::uint16_t own = six.local_endpoint().port();
  CHECK_NOTHROW(raw_socket::connected({transport::tcp, address::loopback_v6(), own}));
  CHECK_THROWS_AS(raw_socket::connected({transport::tcp, address::loopback_v4(), own}),
                  std::system_error);
}

TEST_CASE_TEMPLATE("listener: an address in use is an error that names step and endpoint", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  using listener = typename Row::backend::listener;
  listener first(f.loop());
  first.listen(f.anywhere());
  const endpoint taken = first.local_endpoint();

  listener second(f.loop());
  std::error_code ec;
  second.listen(taken, {}, ec);
  CHECK(errc_of(ec) == std::errc::address_in_use);
  CHECK_FALSE(second.is_open());
  try {
    second.listen(taken);
    FAIL("listened twice");
  } catch (const std::system_error& error) {
    CHECK(errc_of(error.code()) == std::errc::address_in_use);
    CHECK(std::string(error.what()) == "bind " + taken.to_string() + ": Address already in use");
  }
  // Neither attempt has done harm to the first, or to its file.
  const raw_socket client = raw_socket::connected(taken);
  second.listen(f.anywhere(), {}, ec);
  CHECK_FALSE(ec);
  CHECK(second.is_open());
}

TEST_CASE_TEMPLATE("listener: what cannot be listened at is an error", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  std::error_code ec;
  door.listen(endpoint::named(transport::tcp, "localhost", "80"), {}, ec);
  CHECK(ec == condition::bad_endpoint);
  door.listen(endpoint::local(transport::unix_stream, f.folder.path() + "/none/x"), {}, ec);
  CHECK(errc_of(ec) == std::errc::no_such_file_or_directory);
  // 192.0.2.0/24 is nobody's (RFC 5737); nothing is sent.
  door.listen({transport::tcp, address::v4({192, 0, 2, 1}), 0}, {}, ec);
  CHECK(errc_of(ec) == std::errc::address_not_available);
  CHECK_FALSE(door.is_open());
  CHECK(door.local_endpoint(ec) == endpoint());
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK_THROWS_AS(static_cast<void>(door.local_endpoint()), std::system_error);
}

TEST_CASE_TEMPLATE("accept: cancel ends a waiting accept and the listener goes on", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  door.listen(f.anywhere());
  accepting<fixture_of<Row>> first;
  first.start(f, door);
  f.run_ready();
  CHECK_FALSE(first.done());
  door.cancel();
  f.run_until([&] { return first.done(); });
  CHECK(errc_of(first.ec) == std::errc::operation_canceled);
  CHECK_FALSE(first.peer->is_open());

  accepting<fixture_of<Row>> second;
  second.start(f, door);
  const raw_socket client = raw_socket::connected(door.local_endpoint());
  f.run_until([&] { return second.done(); });
  CHECK_FALSE(second.ec);
}

TEST_CASE_TEMPLATE("accept: close and destruction end a waiting accept", Row, DUET_ROWS) {
  fixture_of<Row> f;
  accepting<fixture_of<Row>> closed;
  accepting<fixture_of<Row>> destroyed;
  accepting<fixture_of<Row>> late;
  {
    typename Row::backend::listener door(f.loop());
    door.listen(f.anywhere());
    const endpoint where = door.local_endpoint();
    closed.start(f, door);
    f.run_ready();
    door.close();
    door.close();
    CHECK_FALSE(door.is_open());
    CHECK_THROWS_AS(raw_socket::connected(where), std::system_error);
    late.start(f, door);

    typename Row::backend::listener other(f.loop());
    other.listen(f.anywhere());
    destroyed.start(f, other);
    f.run_ready();
  }
  f.run_until_all_called();
  CHECK(errc_of(closed.ec) == std::errc::operation_canceled);
  CHECK(errc_of(destroyed.ec) == std::errc::operation_canceled);
  CHECK(errc_of(late.ec) == std::errc::bad_file_descriptor);
}

TEST_CASE_TEMPLATE("accept: a listener can be moved while it waits", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using listener = typename Row::backend::listener;
  listener first(f.loop());
  first.listen(f.anywhere());
  accepting<fixture_of<Row>> one;
  one.start(f, first);
  f.run_ready();
  listener second(std::move(first));
  listener third(f.loop());
  third.listen(f.anywhere());
  accepting<fixture_of<Row>> dropped;
  dropped.start(f, third);
  f.run_ready();
  third = std::move(second);  // closes what the third listened at
  f.run_until([&] { return dropped.done(); });
  CHECK(errc_of(dropped.ec) == std::errc::operation_canceled);
  CHECK_FALSE(one.done());

  const raw_socket client = raw_socket::connected(third.local_endpoint());
  f.run_until([&] { return one.done(); });
  CHECK_FALSE(one.ec);
  first = listener(f.loop());  // a moved-from listener can be assigned to
  CHECK_FALSE(first.is_open());
}

TEST_CASE_TEMPLATE("accept: listen again closes what was listened at before", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  door.listen(f.anywhere());
  const endpoint before = door.local_endpoint();
  accepting<fixture_of<Row>> one;
  one.start(f, door);
  f.run_ready();
  door.listen(f.anywhere());
  f.run_until([&] { return one.done(); });
  CHECK(errc_of(one.ec) == std::errc::operation_canceled);
  CHECK(door.local_endpoint() != before);
  CHECK_THROWS_AS(raw_socket::connected(before), std::system_error);
}

TEST_CASE_TEMPLATE("accept: a peer that reset before is accepted and its reads fail", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::listener door(f.loop());
  door.listen(f.anywhere());
  raw_socket client = raw_socket::connected(door.local_endpoint());
  const endpoint name = client.local_endpoint();
  client.reset();
  accepting<fixture<Backend>> one;
  one.start(f, door);
  f.run_until([&] { return one.done(); });
  REQUIRE_FALSE(one.ec);
  CHECK(one.peer->remote_endpoint() == name);  // getpeername would fail by now
  std::byte byte{};
  result read;
  one.peer->async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_until([&] { return read.done; });
  CHECK(errc_of(read.ec) == std::errc::connection_reset);
}

TEST_CASE_TEMPLATE("accept: a peer that left before is accepted and read to its end", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::listener door(f.loop());
  door.listen(f.anywhere());
  {
    const raw_socket client = raw_socket::connected(door.local_endpoint());
    client.send_all(as_bytes("bye"));
  }
  accepting<fixture_of<Row>> one;
  one.start(f, door);
  f.run_until([&] { return one.done(); });
  REQUIRE_FALSE(one.ec);
  byte_vector buffer(16);
  result read;
  one.peer->async_read_some(buffer, f.into(read, "read"));
  f.run_until([&] { return read.done; });
  CHECK_FALSE(read.ec);
  CHECK(read.size == 3);
  result end;
  one.peer->async_read_some(buffer, f.into(end, "read of the end"));
  f.run_until([&] { return end.done; });
  CHECK(end.ec == condition::end_of_stream);
}

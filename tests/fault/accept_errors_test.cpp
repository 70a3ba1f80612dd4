// SPDX-License-Identifier: MIT
// The table of accept(2)'s errors: which are passed over, which pause a server, and which end its accepting; and that connections it
// already has never notice.
#include <cerrno>
#include <optional>
#include <string>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

constexpr int passed_over[] = {EINTR,     ECONNABORTED, EPROTO,       ENETDOWN,   ENOPROTOOPT,
                               EHOSTDOWN, ENONET,       EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
constexpr int pausing[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM};
constexpr int fatal[] = {EINVAL, EBADF, ENOTSOCK, EFAULT};

/// One accept on a listener that has a connection queued; what the handler got.
template <class Row>
std::error_code accept_with(fixture_of<Row>& f, const os::call which, const os::fault& fault) {
  using stream = typename Row::backend::stream;
  typename Row::backend::listener door(f.loop());
  socket_options options;
  options.send_buffer_bytes = 65536;  // so that UNIX connections get an option after accept
  door.listen(f.anywhere(), options);
  const raw_socket client = raw_socket::connected(door.local_endpoint());
  std::optional<std::error_code> got;
  {
    const planned plan(which, fault);
    door.async_accept(f.once("accept", [&](std::error_code ec, stream arrived) {
      got = ec;
      // An option's error comes with the connection that it was for.
      CHECK(arrived.is_open() == (!ec || which == os::call::setsockopt));
    }));
    f.run_until([&] { return got.has_value(); });
  }
  // Whatever happened, the listener works: the next one is accepted.
  const raw_socket second = raw_socket::connected(door.local_endpoint());
  std::optional<std::error_code> next;
  door.async_accept(f.once("next accept", [&](std::error_code ec, stream) { next = ec; }));
  f.run_until([&] { return next.has_value(); });
  CHECK_FALSE(*next);
  return *got;
}

/// A server with one connection that is served while another is kept out.
template <class Row>
struct served {
  explicit served(fixture_of<Row>& f)
      : fixture(f), server(f.loop(), with(log)), where(server.listen(f.anywhere())) {
    server.start();
    present = raw_socket::connected(where);
    f.run_until([&] { return server.counters().active == 1; });
    f.run_ready();
  }
  static echo_server_options with(error_log& to) {
    echo_server_options options;
    options.watcher = &to;
    return options;
  }
  bool echoes(const raw_socket& client) {
    client.send_all(as_bytes("ping"));
    fixture.run_until([&] { return client.readable_now(); });
    return as_text(client.receive(4)) == "ping";
  }

  fixture_of<Row>& fixture;
  error_log log;
  typename Row::backend::echo_server server;
  endpoint where;
  raw_socket present;
};

}  // namespace

TEST_CASE_TEMPLATE("accept errors: of a connection that is gone are passed over", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const int error : passed_over) {
    INFO("errno ", error);
    fixture_of<Row> f;
    const std::error_code none = accept_with<Row>(f, os::call::accept4, first(3, error));
    CHECK_FALSE(none);
  }
}

TEST_CASE_TEMPLATE("accept errors: of the system or the listener are told", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const int error : pausing) {
    INFO("errno ", error);
    fixture_of<Row> f;
    CHECK(errc_of(accept_with<Row>(f, os::call::accept4, first(1, error))) ==
          static_cast<std::errc>(error));
  }
  for (const int error : fatal) {
    INFO("errno ", error);
    fixture_of<Row> f;
    CHECK(errc_of(accept_with<Row>(f, os::call::accept4, first(1, error))) ==
          static_cast<std::errc>(error));
  }
}

TEST_CASE_TEMPLATE("accept errors: without descriptors one client is told and the next is served",
                   Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const int error : {EMFILE, ENFILE}) {
    INFO("errno ", error);
    fixture_of<Row> f;
    served<Row> echo(f);
    const planned fault(os::call::accept4, first(1, error));
    const raw_socket told = raw_socket::connected(echo.where);
    f.run_until([&] { return echo.server.counters().accept_pauses == 1; });
    CHECK(fault.calls() == 2);
    char nothing = 0;
    CHECK(::recv(told.fd(), &nothing, 1, 0) <= 0);  // a reset, of which UNIX sockets make an end
    CHECK(echo.echoes(echo.present));
    CHECK(echo.echoes(raw_socket::connected(echo.where)));
    CHECK(echo.server.counters().accept_pauses == 1);
    CHECK(echo.server.counters().accepted == 2);
  }
}

TEST_CASE_TEMPLATE("accept errors: a flood of aborted connections is told in the end", Row,
                   DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  CHECK(errc_of(accept_with<Row>(f, os::call::accept4, first(17, ECONNABORTED))) ==
        std::errc::connection_aborted);
}

TEST_CASE_TEMPLATE("accept errors: an option that cannot be set is told as what it is", Row,
                   duet::test::asio_unix, duet::test::posix_unix) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  CHECK(errc_of(accept_with<Row>(f, os::call::setsockopt, first(1, ENOBUFS))) ==
        std::errc::no_buffer_space);
  // Also when an aborted connection was passed over before.
  fixture_of<Row> g;
  os::faults::clear();
  typename Row::backend::listener door(g.loop());
  socket_options options;
  options.send_buffer_bytes = 65536;
  door.listen(g.anywhere(), options);
  const raw_socket client = raw_socket::connected(door.local_endpoint());
  os::faults::plan(os::call::accept4, first(1, ECONNABORTED));
  os::faults::plan(os::call::setsockopt, first(1, ENOBUFS));
  result accept;
  door.async_accept(g.once("accept", [&](std::error_code ec, typename Row::backend::stream) {
    accept = {true, ec, 0};
  }));
  g.run_until([&] { return accept.done; });
  os::faults::clear();
  CHECK(errc_of(accept.ec) == std::errc::no_buffer_space);
}

TEST_CASE_TEMPLATE("accept errors: a server passes over what is gone", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const int error : passed_over) {
    for (const std::uint64_t times : {1U, 20U}) {
      INFO("errno ", error, ", times ", times);
      fixture_of<Row> f;
      served<Row> echo(f);
      const planned fault(os::call::accept4, first(times, error));
      const raw_socket late = raw_socket::connected(echo.where);
      CHECK(echo.echoes(late));
      CHECK(echo.echoes(echo.present));
      // Twenty in a row are a reason to let others have their turn.
      CHECK(echo.server.counters().accept_pauses == (times > 16 ? 1 : 0));
      CHECK(fault.calls() >= times + 1);
    }
  }
}

TEST_CASE_TEMPLATE("accept errors: want of anything pauses a server and it goes on", Row,
                   DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const int error : pausing) {
    INFO("errno ", error);
    fixture_of<Row> f;
    served<Row> echo(f);
    // Without a descriptor each accept is followed by one in the place of the reserve, which is to fail here, too.
    const bool has_reserve = error == EMFILE || error == ENFILE;
    const planned fault(os::call::accept4, first(has_reserve ? 4 : 2, error));
    const raw_socket late = raw_socket::connected(echo.where);
    f.run_until([&] { return echo.server.counters().accept_pauses == 1; });
    const std::uint64_t calls = fault.calls();
    CHECK(echo.echoes(echo.present));  // which takes turns of the loop
    if (echo.server.counters().accept_pauses == 1) CHECK(fault.calls() == calls);  // no spinning
    CHECK(echo.echoes(late));
    CHECK(echo.server.counters().accept_pauses == 2);
    CHECK(echo.log.count("accept paused") == 1);  // one line an episode
    CHECK(echo.log.count("accept failed") == 0);
  }
}

TEST_CASE_TEMPLATE("accept errors: a flood of aborted connections pauses and does not deafen", Row,
                   DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  served<Row> echo(f);
  const planned fault(os::call::accept4, first(40, ECONNABORTED));
  const raw_socket late = raw_socket::connected(echo.where);
  CHECK(echo.echoes(late));
  CHECK(echo.server.counters().accept_pauses >= 1);
  CHECK(echo.echoes(echo.present));
}

TEST_CASE_TEMPLATE("accept errors: a broken listener ends accepting and nothing else", Row,
                   DUET_ROWS) {
  DUET_NEEDS_SEAM();
  for (const int error : fatal) {
    INFO("errno ", error);
    fixture_of<Row> f;
    served<Row> echo(f);
    const planned fault(os::call::accept4, {1, static_cast<std::uint64_t>(-1), error, {}});
    const raw_socket late = raw_socket::connected(echo.where);
    f.run_until([&] { return echo.log.count("accept failed") == 1; });
    CHECK(echo.echoes(echo.present));
    f.run_ready();
    CHECK(fault.calls() == 1);
    CHECK(echo.server.counters().accepted == 1);
  }
}

TEST_CASE_TEMPLATE("accept errors: a server that pauses can be stopped and drained", Row,
                   DUET_ROWS) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  served<Row> stopped(f);
  served<Row> drained(f);
  const planned fault(os::call::accept4, {1, static_cast<std::uint64_t>(-1), EMFILE, {}});
  const raw_socket late = raw_socket::connected(stopped.where);
  const raw_socket too_late = raw_socket::connected(drained.where);
  f.run_until([&] {
    return stopped.server.counters().accept_pauses > 0 &&
           drained.server.counters().accept_pauses > 0;
  });
  stopped.server.stop();
  std::optional<std::size_t> cut;
  drained.server.drain(cap, f.once("drained", [&](std::size_t how_many) { cut = how_many; }));
  drained.present.close();
  f.run_until([&] { return cut.has_value(); });
  CHECK(cut == 0U);
}

TEST_CASE_TEMPLATE("accept errors: one connection whose options fail does not deafen a server", Row,
                   duet::test::asio_unix, duet::test::posix_unix) {
  DUET_NEEDS_SEAM();
  for (const int error : {ENOBUFS, ENOMEM, EINVAL}) {
    INFO("errno ", error);
    fixture_of<Row> f;
    error_log log;
    echo_server_options options = served<Row>::with(log);
    options.socket.send_buffer_bytes = 65536;
    typename Row::backend::echo_server server(f.loop(), options);
    const endpoint where = server.listen(f.anywhere());
    server.start();
    f.run_ready();
    const planned fault(os::call::setsockopt, first(1, error));
    const raw_socket refused = raw_socket::connected(where);
    f.run_until([&] { return fault.calls() >= 1; });
    const raw_socket next = raw_socket::connected(where);
    next.send_all(as_bytes("x"));
    f.run_until([&] { return next.readable_now(); });
    CHECK(server.counters().active == 1);
  }
}

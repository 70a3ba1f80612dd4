// SPDX-License-Identifier: MIT
// async_connect: from an endpoint to a connected stream, and every way in which that does not come about. A connect is parked by a
// listener whose queue is full: nothing leaves the machine, nobody answers.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

/// The calls that an observer was told, in order: "connect", "socket"; failed ones with a '!' behind.
struct step_list : observer {
  void on_step(const flow_step& step) override {
    calls.emplace_back(std::string(step.call) + (step.error ? "!" : ""));
  }
  [[nodiscard]] std::size_t count(std::string_view call) const {
    return static_cast<std::size_t>(std::count(calls.begin(), calls.end(), call));
  }
  std::vector<std::string> calls;
};

connect_options within(std::chrono::milliseconds deadline) {
  connect_options options;
  options.deadline = deadline;
  return options;
}

/// A place of the row's transport where nobody can listen: the broadcast address of the loopback network, which TCP refuses to route
/// (nothing is sent), and a file that is not there.
endpoint unreachable(const endpoint& like, const temporary_folder& folder) {
  if (like.is_ip()) return {transport::tcp, address::v4({127, 255, 255, 255}), 9};
  return endpoint::local(transport::unix_stream, folder.fresh_path());
}

std::errc unreachable_error(const endpoint& like) {
  return like.is_ip() ? std::errc::network_unreachable : std::errc::no_such_file_or_directory;
}

}  // namespace

TEST_CASE_TEMPLATE("connect: to a listener", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Row::backend::stream client(f.loop());
  CHECK_FALSE(client.is_open());
  CHECK(client.native_handle() == -1);
  result connect;
  Row::backend::async_connect(client, door.local_endpoint(), {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  REQUIRE_FALSE(connect.ec);
  CHECK(client.is_open());
  CHECK(client.remote_endpoint() == door.local_endpoint());
  const raw_socket accepted = door.accept();
  accepted.send_all(as_bytes("hello"));
  byte_vector buffer(16);
  result read;
  client.async_read_some(buffer, f.into(read, "read"));
  f.run_until([&] { return read.done; });
  CHECK(as_text(std::span(buffer).first(read.size)) == "hello");
}

TEST_CASE_TEMPLATE("connect: refused where nobody listens", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const endpoint at = f.anywhere();
  const raw_socket bound = raw_socket::bound(at);
  step_list steps;
  connect_options options;
  options.watcher = &steps;
  typename Row::backend::stream client(f.loop());
  result connect;
  Row::backend::async_connect(client, bound.local_endpoint(), options, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK(errc_of(connect.ec) == std::errc::connection_refused);
  CHECK_FALSE(client.is_open());
  CHECK(steps.count("socket") == 1);
}

TEST_CASE_TEMPLATE("connect: what cannot be reached is an error", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::stream client(f.loop());
  const endpoint like = f.anywhere();
  result connect;
  Row::backend::async_connect(client, unreachable(like, f.folder), {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK(errc_of(connect.ec) == unreachable_error(like));
  CHECK_FALSE(client.is_open());
}

TEST_CASE_TEMPLATE("connect: a failed stream connects again", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::stream client(f.loop());
  result first;
  Row::backend::async_connect(client, unreachable(f.anywhere(), f.folder), {},
                              f.into(first, "first"));
  f.run_until([&] { return first.done; });
  const raw_socket door = raw_socket::listening(f.anywhere());
  const raw_socket other_door = raw_socket::listening(f.anywhere());
  result second;
  Row::backend::async_connect(client, door.local_endpoint(), {}, f.into(second, "second"));
  f.run_until([&] { return second.done; });
  CHECK_FALSE(second.ec);
  // A connected stream is closed first.
  const raw_socket accepted = door.accept();
  result third;
  Row::backend::async_connect(client, other_door.local_endpoint(), {}, f.into(third, "third"));
  f.run_until([&] { return third.done; });
  CHECK_FALSE(third.ec);
  CHECK(client.remote_endpoint() == other_door.local_endpoint());
  CHECK(accepted.receive(1).empty());
}

TEST_CASE_TEMPLATE("connect: cancel and close and destruction and a new connect end one under way",
                   Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  using stream = typename Backend::stream;
  const full_listener full(f.anywhere());
  const raw_socket door = raw_socket::listening(f.anywhere());

  const auto begin = [&](stream& client, result& to, const char* what) {
    Backend::async_connect(client, full.where(), {}, f.into(to, what));
    f.run_ready();
    CHECK_FALSE(to.done);
  };
  stream client(f.loop());
  result cancelled;
  begin(client, cancelled, "cancelled");
  client.cancel();
  f.run_until([&] { return cancelled.done; });
  CHECK(errc_of(cancelled.ec) == std::errc::operation_canceled);
  CHECK_FALSE(client.is_open());

  result closed;
  begin(client, closed, "closed");
  client.close();
  f.run_until([&] { return closed.done; });
  CHECK(errc_of(closed.ec) == std::errc::operation_canceled);

  result destroyed;
  {
    stream short_lived(f.loop());
    begin(short_lived, destroyed, "destroyed");
  }
  f.run_until([&] { return destroyed.done; });
  CHECK(errc_of(destroyed.ec) == std::errc::operation_canceled);

  result replaced;
  begin(client, replaced, "replaced");
  result instead;
  Backend::async_connect(client, door.local_endpoint(), {}, f.into(instead, "instead"));
  f.run_until_all_called();
  CHECK(errc_of(replaced.ec) == std::errc::operation_canceled);
  CHECK_FALSE(instead.ec);
  CHECK(client.is_open());
}

TEST_CASE_TEMPLATE("connect: a stream can be moved meanwhile", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  using stream = typename Backend::stream;
  const full_listener full(f.anywhere());
  const raw_socket door = raw_socket::listening(f.anywhere());
  stream first(f.loop());
  result connect;
  Backend::async_connect(first, door.local_endpoint(), {}, f.into(connect, "connect"));
  stream second(std::move(first));
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  CHECK(second.remote_endpoint() == door.local_endpoint());

  result parked;
  stream third(f.loop());
  Backend::async_connect(third, full.where(), {}, f.into(parked, "parked"));
  f.run_ready();
  second = std::move(third);
  f.run_ready();
  CHECK_FALSE(parked.done);
  second.cancel();
  f.run_until([&] { return parked.done; });
  CHECK(errc_of(parked.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("connect: the deadline ends it as timed out", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const full_listener full(f.anywhere());
  typename Backend::stream client(f.loop());
  result connect;
  Backend::async_connect(client, full.where(), within(5ms), f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK(connect.ec == condition::timed_out);
  CHECK(connect.ec == std::errc::timed_out);
  CHECK_FALSE(client.is_open());
}

TEST_CASE_TEMPLATE("connect: a deadline that is not needed leaves no work behind", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const endpoint at = f.anywhere();
  const raw_socket door = raw_socket::listening(at);
  typename Row::backend::stream client(f.loop());
  result connect;
  Row::backend::async_connect(client, door.local_endpoint(), within(1h),
                              f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  f.check_no_work_left();
  CHECK(client.is_open());

  result refused;
  Row::backend::async_connect(client, unreachable(at, f.folder), within(1h),
                              f.into(refused, "refused"));
  f.run_until([&] { return refused.done; });
  CHECK(errc_of(refused.ec) == unreachable_error(at));
  f.check_no_work_left();
}

TEST_CASE_TEMPLATE("connect: a full UNIX listener is tried until there is room", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const full_listener full(endpoint::local(transport::unix_stream, f.folder.fresh_path()));
  step_list steps;
  connect_options patient = within(1h);
  patient.watcher = &steps;
  typename Backend::stream client(f.loop());
  result connect;
  Backend::async_connect(client, full.where(), patient, f.into(connect, "connect"));
  f.run_until([&] { return steps.count("connect!") >= 3; });
  CHECK_FALSE(connect.done);
  const raw_socket made_room = full.accept();
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  CHECK(client.remote_endpoint() == full.where());
}

TEST_CASE_TEMPLATE("connect: a full UNIX listener is tried until the deadline or cancel", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const full_listener full(endpoint::local(transport::unix_stream, f.folder.fresh_path()));
  typename Backend::stream client(f.loop());
  result hurried;
  Backend::async_connect(client, full.where(), within(5ms), f.into(hurried, "hurried"));
  f.run_until([&] { return hurried.done; });
  CHECK(hurried.ec == condition::timed_out);
  CHECK_FALSE(client.is_open());
  step_list steps;
  connect_options endless;
  endless.watcher = &steps;
  result cancelled;
  Backend::async_connect(client, full.where(), endless, f.into(cancelled, "cancelled"));
  f.run_until([&] { return steps.count("connect!") >= 2; });
  client.cancel();
  f.run_until([&] { return cancelled.done; });
  CHECK(cancelled.ec == condition::operation_canceled);
  CHECK_FALSE(client.is_open());
}

TEST_CASE_TEMPLATE("connect: a deadline or a cancel that comes together with a retry ends it",
                   Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const full_listener full(endpoint::local(transport::unix_stream, f.folder.fresh_path()));
  typename Backend::stream client(f.loop());
  result connect;
  bool by_deadline = false;
  SUBCASE("deadline") { by_deadline = true; }
  SUBCASE("cancel") {}
  Backend::async_connect(client, full.where(), within(by_deadline ? 5ms : 1h),
                         f.into(connect, "connect"));
  typename Backend::timer canceller(f.loop());
  canceller.expires_after(5ms);
  bool waited = false;
  canceller.async_wait([&](std::error_code ec) {
    waited = true;
    if (!ec && !by_deadline) client.cancel();
  });
  // Holds the loop until both the retry, which is due after a millisecond, and what ends it are overdue: they come in one round.
  f.loop().post([] {
    const auto until = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < until) {
    }
  });
  f.run_until([&] { return connect.done && waited; });
  CHECK(connect.ec == (by_deadline ? condition::timed_out : condition::operation_canceled));
  CHECK_FALSE(client.is_open());
}

TEST_CASE_TEMPLATE("connect: by name tries each address until one answers", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  f.lookups = true;
  // Listening on IPv4 only: where localhost is ::1 too, that one is refused first.
  const raw_socket door = raw_socket::listening(f.anywhere());
  const std::string port = std::to_string(door.local_endpoint().port());
  typename Backend::stream client(f.loop());
  result connect;
  Backend::async_connect(client, endpoint::named(transport::tcp, "localhost", port), within(cap),
                         f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  REQUIRE_FALSE(connect.ec);
  CHECK(client.remote_endpoint() == door.local_endpoint());
}

TEST_CASE_TEMPLATE("connect: by name reports a refusal and a service that does not exist", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  f.lookups = true;
  const raw_socket bound = raw_socket::bound(f.anywhere());
  const std::string port = std::to_string(bound.local_endpoint().port());
  typename Backend::stream client(f.loop());
  result refused;
  Backend::async_connect(client, endpoint::named(transport::tcp, "localhost", port), {},
                         f.into(refused, "refused"));
  f.run_until([&] { return refused.done; });
  CHECK(errc_of(refused.ec) == std::errc::connection_refused);
  CHECK_FALSE(client.is_open());

  result unknown;
  Backend::async_connect(client, endpoint::parse("tcp://127.0.0.1:no-such-service"), {},
                         f.into(unknown, "unknown"));
  f.run_until([&] { return unknown.done; });
  CHECK(unknown.ec == condition::name_not_found);
}

TEST_CASE_TEMPLATE("connect: cancel and close and destruction end a lookup under way", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  f.lookups = true;
  using stream = typename Backend::stream;
  const raw_socket door = raw_socket::listening(f.anywhere());
  const endpoint name =
      endpoint::named(transport::tcp, "localhost", std::to_string(door.local_endpoint().port()));
  // The lookup's answer cannot have been handled: the loop does not run in between.
  stream client(f.loop());
  result cancelled;
  Backend::async_connect(client, name, {}, f.into(cancelled, "cancelled"));
  client.cancel();
  f.run_until([&] { return cancelled.done; });
  CHECK(errc_of(cancelled.ec) == std::errc::operation_canceled);

  result closed;
  Backend::async_connect(client, name, {}, f.into(closed, "closed"));
  client.close();
  f.run_until([&] { return closed.done; });
  CHECK(errc_of(closed.ec) == std::errc::operation_canceled);

  result destroyed;
  {
    stream short_lived(f.loop());
    Backend::async_connect(short_lived, name, {}, f.into(destroyed, "destroyed"));
  }
  f.run_until([&] { return destroyed.done; });
  CHECK(errc_of(destroyed.ec) == std::errc::operation_canceled);

  result moved;
  stream other(f.loop());
  Backend::async_connect(other, name, {}, f.into(moved, "moved"));
  client = std::move(other);
  f.run_until([&] { return moved.done; });
  CHECK_FALSE(moved.ec);
  CHECK(client.is_open());
}

TEST_CASE_TEMPLATE("connect: tells each step to the observer", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const endpoint at = f.anywhere();
  const raw_socket door = raw_socket::listening(at);
  step_list steps;
  connect_options options;
  options.watcher = &steps;
  options.socket.send_buffer_bytes = 8192;
  typename Row::backend::stream client(f.loop());
  result connect;
  Row::backend::async_connect(client, door.local_endpoint(), options, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  REQUIRE(steps.calls.size() >= 3);
  CHECK(steps.calls[0] == "socket");
  CHECK(steps.calls[1] == "setsockopt SO_SNDBUF");
  CHECK(steps.calls[2].substr(0, 7) == "connect");
  client.close();
  CHECK(steps.count("close") == 1);
}

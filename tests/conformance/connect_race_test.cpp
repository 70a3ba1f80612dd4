// SPDX-License-Identifier: MIT
// async_connect with a host and a service, where neither a name server nor a second address is needed: tests/resolve/race_test.cpp has those.
// An attempt is parked by a listener whose queue is full.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "race_result.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

std::string port_of(const endpoint& at) { return std::to_string(at.port()); }

/// A race to 127.0.0.1 that is parked.
template <class Backend>
struct parked_race {
  explicit parked_race(fixture<Backend>& on) : f(on), full(on.anywhere()) {}

  void begin(typename Backend::stream& client) {
    begin(client, {});
    CHECK_FALSE(end.done);
  }
  /// With deadlines so short that they may have passed when it returns.
  void begin(typename Backend::stream& client, const connect_options& options) {
    start_race(f, client, "127.0.0.1", port_of(full.where()), options, end);
    // The lookup is answered without a thread, so that what is ready now is all there is before the kernel has to answer.
    f.run_ready();
  }
  void finish() {
    f.run_until([&] { return end.done; });
  }

  fixture<Backend>& f;
  full_listener full;
  race_result end;
};

}  // namespace

TEST_CASE_TEMPLATE("connect by name: to a listener with a report", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "localhost", port_of(door.local_endpoint()));
  REQUIRE_FALSE(end.ec);
  CHECK(client.remote_endpoint() == door.local_endpoint());
  REQUIRE_FALSE(end.report.attempts.empty());
  CHECK(end.report.attempts.back().to == door.local_endpoint());
  CHECK_FALSE(end.report.attempts.back().error);
  CHECK(end.report.lookups.size() == 2);
  for (const auto& each : end.report.attempts) {
    CHECK(each.duration >= 0ns);
    CHECK(each.started + each.duration <= end.report.duration);
  }
  const raw_socket accepted = door.accept();
  accepted.send_all(as_bytes("hello"));
  byte_vector buffer(16);
  result read;
  client.async_read_some(buffer, f.into(read, "read"));
  f.run_until([&] { return read.done; });
  CHECK(as_text(std::span(buffer).first(read.size)) == "hello");
}

TEST_CASE_TEMPLATE("connect by name: a literal is one lookup and one attempt", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "127.0.0.1", port_of(door.local_endpoint()));
  CHECK_FALSE(end.ec);
  CHECK(lookups_of(end.report) == "v4 1");
  CHECK(attempts_of(end.report) == "127.0.0.1 ok");
}

TEST_CASE_TEMPLATE("connect by name: what no name or port can be is an error", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::stream client(f.loop());
  CHECK(run_race<Backend>(f, client, "-", "80").ec == condition::bad_name);
  CHECK(run_race<Backend>(f, client, "", "80").ec == condition::bad_name);
  CHECK(run_race<Backend>(f, client, "localhost", "65536").ec == condition::bad_endpoint);
  CHECK(run_race<Backend>(f, client, "127.0.0.1", "no-such-service").ec ==
        condition::name_not_found);
  CHECK_FALSE(client.is_open());
  connect_options six;
  six.family = address::family::v6;
  const race_result none = run_race<Backend>(f, client, "127.0.0.1", "80", six);
  CHECK(none.ec == condition::name_no_data);
  CHECK(none.report.attempts.empty());
}

TEST_CASE_TEMPLATE("connect by name: only the family that is wanted", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  connect_options four;
  four.family = address::family::v4;
  const race_result end =
      run_race<Backend>(f, client, "localhost", port_of(door.local_endpoint()), four);
  CHECK_FALSE(end.ec);
  CHECK(lookups_of(end.report).substr(0, 3) == "v4 ");
  CHECK(end.report.lookups.size() == 1);
  CHECK(attempts_of(end.report) == "127.0.0.1 ok");
}

TEST_CASE_TEMPLATE("connect by name: all refused tells so and leaves the stream closed", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket bound = raw_socket::bound(f.anywhere());
  typename Backend::stream client(f.loop());
  const race_result end =
      run_race<Backend>(f, client, "127.0.0.1", port_of(bound.local_endpoint()));
  CHECK(errc_of(end.ec) == std::errc::connection_refused);
  CHECK(attempts_of(end.report) == "127.0.0.1 refused");
  CHECK_FALSE(client.is_open());
  // The stream is as good as new.
  const raw_socket door = raw_socket::listening(f.anywhere());
  CHECK_FALSE(run_race<Backend>(f, client, "127.0.0.1", port_of(door.local_endpoint())).ec);
  CHECK(client.is_open());
}

TEST_CASE_TEMPLATE("connect by name: cancel and close and destruction end it at once", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  using stream = typename Backend::stream;
  parked_race<Backend> race(f);
  stream client(f.loop());
  race.begin(client);
  client.cancel();
  race.finish();
  CHECK(race.end.ec == condition::operation_canceled);
  CHECK(attempts_of(race.end.report) == "127.0.0.1 canceled");
  CHECK_FALSE(client.is_open());

  race.begin(client);
  client.close();
  race.finish();
  CHECK(race.end.ec == condition::operation_canceled);

  std::optional<stream> short_lived(f.loop());
  race.begin(*short_lived);
  short_lived.reset();
  race.finish();
  CHECK(race.end.ec == condition::operation_canceled);

  race.begin(client);
  const raw_socket door = raw_socket::listening(f.anywhere());
  result instead;
  Backend::async_connect(client, door.local_endpoint(), {}, f.into(instead, "instead"));
  f.run_until([&] { return instead.done && race.end.done; });
  CHECK(race.end.ec == condition::operation_canceled);
  CHECK_FALSE(instead.ec);
  CHECK(client.remote_endpoint() == door.local_endpoint());
}

TEST_CASE_TEMPLATE("connect by name: cancelled before the loop has run", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  race_result end;
  for (const char* const host : {"localhost", "127.0.0.1"}) {
    start_race(f, client, host, port_of(door.local_endpoint()), {}, end);
    client.cancel();
    f.run_until([&] { return end.done; });
    CHECK(end.ec == condition::operation_canceled);
    CHECK_FALSE(client.is_open());
  }
}

TEST_CASE_TEMPLATE("connect by name: the stream can be moved meanwhile", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  using stream = typename Backend::stream;
  const raw_socket door = raw_socket::listening(f.anywhere());
  race_result end;
  stream first(f.loop());
  start_race(f, first, "127.0.0.1", port_of(door.local_endpoint()), {}, end);
  stream second(std::move(first));
  f.run_until([&] { return end.done; });
  CHECK_FALSE(end.ec);
  CHECK(second.remote_endpoint() == door.local_endpoint());

  parked_race<Backend> race(f);
  stream third(f.loop());
  race.begin(third);
  second = std::move(third);
  f.run_ready();
  CHECK_FALSE(race.end.done);
  second.cancel();
  race.finish();
  CHECK(race.end.ec == condition::operation_canceled);
}

TEST_CASE_TEMPLATE("connect by name: each deadline has its own error", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  parked_race<Backend> race(f);
  typename Backend::stream client(f.loop());
  connect_options whole;
  whole.deadline = 50ms;
  race.begin(client, whole);
  race.finish();
  CHECK(race.end.ec == condition::timed_out);
  CHECK(race.end.ec != condition::attempt_timed_out);
  CHECK(attempts_of(race.end.report) == "127.0.0.1 timed_out");
  CHECK_FALSE(client.is_open());

  connect_options attempt;
  attempt.attempt_deadline = 50ms;
  attempt.deadline = 1h;
  race.begin(client, attempt);
  race.finish();
  CHECK(race.end.ec == condition::attempt_timed_out);
  CHECK(race.end.ec == condition::timed_out);
  CHECK(race.end.ec == std::errc::timed_out);
  CHECK(attempts_of(race.end.report) == "127.0.0.1 attempt_timed_out");
  CHECK_FALSE(client.is_open());
}

TEST_CASE_TEMPLATE("connect by name: deadlines that are not needed leave no work behind", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  connect_options patient;
  patient.deadline = patient.resolve_deadline = patient.attempt_deadline = 1h;
  CHECK_FALSE(
      run_race<Backend>(f, client, "localhost", port_of(door.local_endpoint()), patient).ec);
  f.check_no_work_left();
  CHECK(client.is_open());
}

TEST_CASE_TEMPLATE("connect by name: the loop may go first", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  parked_race<Backend> race(f);
  {
    typename Backend::stream client(f.loop());
    race.begin(client);
  }
  // The stream's end has cancelled it, and nobody runs the loop any more.
  f.destroy_loop();
  f.calls.check_never_called();
  f.calls.forget();
}

TEST_CASE_TEMPLATE("connect: a local address is bound before", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  const address own = address::v4({127, 0, 0, 9});
  connect_options options;
  options.local = endpoint(transport::tcp, own, 0);
  typename Backend::stream client(f.loop());
  CHECK_FALSE(
      run_race<Backend>(f, client, "localhost", port_of(door.local_endpoint()), options).ec);
  CHECK(client.local_endpoint().address() == own);
  result connect;
  Backend::async_connect(client, door.local_endpoint(), options, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  CHECK(client.local_endpoint().address() == own);

  options.local = endpoint::wildcard(transport::tcp, 0);
  CHECK_FALSE(
      run_race<Backend>(f, client, "127.0.0.1", port_of(door.local_endpoint()), options).ec);
  CHECK(client.local_endpoint().address() == address::loopback_v4());
  // The flow of the notes takes it too.
  options.local = endpoint(transport::tcp, own, 0);
  for (const endpoint& where :
       {door.local_endpoint(),
        endpoint::named(transport::tcp, "localhost", port_of(door.local_endpoint()))}) {
    const auto blocking = Backend::connect(where, options);
    CHECK(blocking.local_endpoint().address() == own);
  }
}

TEST_CASE_TEMPLATE("connect: a local address that cannot be is an error", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  const auto with_local = [&](const endpoint& at, const endpoint& local) {
    connect_options options;
    options.local = local;
    result end;
    Backend::async_connect(client, at, options, f.into(end, "connect from " + local.to_string()));
    f.run_until([&] { return end.done; });
    CHECK_FALSE(client.is_open());
    return end.ec;
  };
  const endpoint where = door.local_endpoint();
  CHECK(errc_of(with_local(where, endpoint::parse("tcp://192.0.2.1:0"))) ==
        std::errc::address_not_available);
  CHECK(with_local(where, endpoint::parse("tcp://localhost:0")) == condition::bad_endpoint);
  const raw_socket unix_door =
      raw_socket::listening(endpoint::local(transport::unix_stream, f.folder.fresh_path()));
  CHECK(with_local(unix_door.local_endpoint(),
                   endpoint::local(transport::unix_stream, f.folder.fresh_path())) ==
        condition::bad_endpoint);
}

TEST_CASE_TEMPLATE("connect: a UNIX client may have an abstract name", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door =
      raw_socket::listening(endpoint::local(transport::unix_stream, f.folder.fresh_path()));
  connect_options options;
  options.local = endpoint::local(transport::unix_stream, '\0' + f.folder.fresh_path());
  typename Backend::stream client(f.loop());
  result connect;
  Backend::async_connect(client, door.local_endpoint(), options, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  CHECK(client.local_endpoint() == *options.local);
}

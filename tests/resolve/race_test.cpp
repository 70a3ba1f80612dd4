// SPDX-License-Identifier: MIT
// Connecting by name on a host of its own: what answers when, and what is tried in which order. A silent address is a listener whose queue is
// full, or one that a firewall keeps packets from; every address of 127.0.0.0/8 is this host. Source: RFC 8305.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "errors.hpp"
#include "firewall.hpp"
#include "names.hpp"
#include "race_result.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr const char* two_tries = "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n";

constexpr const char* race_zone =
    "both.test A answer 127.0.0.1\n"
    "both.test AAAA answer ::1\n"
    "dropped.test A answer 127.0.0.1\n"
    "dropped.test AAAA silence\n"
    "slow.test A answer 127.0.0.1\n"
    "slow.test AAAA delay=500 answer ::1\n"
    "late.test A answer 127.0.0.1\n"
    "late.test AAAA delay=500 answer ::1\n"
    "pair.test A answer 127.0.0.1 127.0.0.2\n"
    "pair.test AAAA empty\n"
    "nowhere.test A answer 127.0.0.1\n"
    "nowhere.test AAAA answer 2001:db8::1\n"
    "broken.test A answer 127.0.0.1\n"
    "broken.test AAAA servfail\n"
    "mute.test * silence\n"
    "six.test A empty\n"
    "six.test AAAA answer ::1\n";

/// How many attempts were begun.
struct socket_counter : observer {
  void on_step(const flow_step& step) override { sockets += step.call == "socket" ? 1 : 0; }
  int sockets = 0;
};

endpoint at(const char* host, std::uint16_t port) {
  return {transport::tcp, *address::parse(host), port};
}

connect_options quick() {
  connect_options options;
  options.attempt_delay = 20ms;
  return options;
}

std::string text(std::uint16_t port) { return std::to_string(port); }

}  // namespace

#define DUET_NEED_V6_HOST(host) \
  DUET_NEED(host);              \
  if (!has_ipv6()) DUET_SKIP("no IPv6 on this machine")

TEST_CASE_TEMPLATE("race: a dropped AAAA answer costs the resolution delay only", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = two_tries});
  DUET_NEED(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  f.abandons = true;  // libc goes on asking
  const raw_socket door = raw_socket::listening(f.anywhere());
  typename Backend::stream client(f.loop());
  const auto begin = clock_type::now();
  const race_result end =
      run_race<Backend>(f, client, "dropped.test", text(door.local_endpoint().port()));
  const auto took = clock_type::now() - begin;
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "127.0.0.1 ok");
  CHECK(lookups_of(end.report) == "v6 canceled, v4 1");
  CHECK(took >= 50ms);
  CHECK(took < 2500ms);  // and not the 5 s of resolv.conf
  CHECK(end.report.attempts[0].started >= end.report.lookups[1].duration + 50ms);
}

TEST_CASE_TEMPLATE("race: an AAAA answer within the resolution delay is first", Backend,
                   DUET_BACKENDS) {
  const private_host host;
  DUET_NEED_V6_HOST(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(at("::1", 0));
  connect_options options;
  options.resolution_delay = 10s;
  typename Backend::stream client(f.loop());
  const race_result end =
      run_race<Backend>(f, client, "slow.test", text(door.local_endpoint().port()), options);
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "::1 ok");
  CHECK(lookups_of(end.report) == "v6 1, v4 1");
}

TEST_CASE_TEMPLATE("race: an AAAA answer that comes later joins and wins", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED_V6_HOST(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const full_listener silent(at("127.0.0.1", 0));
  const std::uint16_t port = silent.where().port();
  const raw_socket door = raw_socket::listening(at("::1", port));
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "late.test", text(port), quick());
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "127.0.0.1 canceled, ::1 ok");
  CHECK(client.remote_endpoint() == at("::1", port));
}

TEST_CASE_TEMPLATE("race: a silent IPv6 address costs the attempt delay", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED_V6_HOST(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const full_listener silent(at("::1", 0));
  const std::uint16_t port = silent.where().port();
  const raw_socket door = raw_socket::listening(at("127.0.0.1", port));
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "both.test", text(port), quick());
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "::1 canceled, 127.0.0.1 ok");
  CHECK(end.report.attempts[1].started >= end.report.attempts[0].started + 20ms);
  CHECK(client.remote_endpoint() == door.local_endpoint());
}

TEST_CASE_TEMPLATE("race: an IPv6 black hole with working IPv4", Backend, DUET_BACKENDS) {
  const firewall host;
  DUET_NEED_V6_HOST(host);
  host.add("in", "ip6 daddr ::1 drop");
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const raw_socket unheard = raw_socket::listening(at("::1", 0));
  const std::uint16_t port = unheard.local_endpoint().port();
  const raw_socket door = raw_socket::listening(at("127.0.0.1", port));
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "both.test", text(port));
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "::1 canceled, 127.0.0.1 ok");
  CHECK(end.report.attempts[1].started >= end.report.attempts[0].started + 250ms);
  CHECK(end.report.duration < 2500ms);
}

TEST_CASE_TEMPLATE("race: an address without a route costs nothing", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED_V6_HOST(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  connect_options options;
  options.attempt_delay = 1h;
  typename Backend::stream client(f.loop());
  const race_result end =
      run_race<Backend>(f, client, "nowhere.test", text(door.local_endpoint().port()), options);
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "2001:db8::1 unreachable, 127.0.0.1 ok");
}

TEST_CASE_TEMPLATE("race: the next address at once when one refuses", Backend, DUET_BACKENDS) {
  const private_host host({.hosts = "127.0.0.1 two.test\n127.0.0.2 two.test\n"});
  DUET_NEED(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const raw_socket refuses = raw_socket::bound(at("127.0.0.1", 0));
  const std::uint16_t port = refuses.local_endpoint().port();
  connect_options options;
  options.attempt_delay = 1h;
  typename Backend::stream client(f.loop());
  {
    const raw_socket door = raw_socket::listening(at("127.0.0.2", port));
    for (const char* const name : {"two.test", "pair.test"}) {
      const race_result end = run_race<Backend>(f, client, name, text(port), options);
      CHECK_FALSE(end.ec);
      CHECK(attempts_of(end.report) == "127.0.0.1 refused, 127.0.0.2 ok");
      CHECK(client.remote_endpoint() == door.local_endpoint());
    }
    // The form that reports nothing takes the same way.
    result plain;
    Backend::async_connect(client, endpoint::named(transport::tcp, "pair.test", text(port)),
                           options, f.into(plain, "plain"));
    f.run_until([&] { return plain.done; });
    CHECK_FALSE(plain.ec);
    CHECK(client.remote_endpoint() == door.local_endpoint());
  }
  const raw_socket refuses_too = raw_socket::bound(at("127.0.0.2", port));
  const race_result end = run_race<Backend>(f, client, "pair.test", text(port), options);
  CHECK(errc_of(end.ec) == std::errc::connection_refused);
  CHECK(attempts_of(end.report) == "127.0.0.1 refused, 127.0.0.2 refused");
  CHECK_FALSE(client.is_open());
}

TEST_CASE_TEMPLATE("race: the first may answer last and still wins", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const full_listener slow(at("127.0.0.1", 0));
  const std::uint16_t port = slow.where().port();
  const raw_socket refuses = raw_socket::bound(at("127.0.0.2", port));
  typename Backend::stream client(f.loop());
  race_result end;
  start_race(f, client, "pair.test", text(port), quick(), end);
  // The second attempt comes and goes; then there is room, and the kernel asks again within a second or so.
  typename Backend::timer later(f.loop());
  later.expires_after(100ms);
  std::optional<raw_socket> taken;
  later.async_wait([&](std::error_code) { taken = slow.accept(); });
  f.run_until([&] { return end.done; });
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "127.0.0.1 ok, 127.0.0.2 refused");
  CHECK(client.remote_endpoint() == slow.where());
}

TEST_CASE_TEMPLATE("race: a local port is one for all attempts", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const full_listener silent(at("127.0.0.1", 0));
  const std::uint16_t port = silent.where().port();
  const raw_socket door = raw_socket::listening(at("127.0.0.2", port));
  connect_options options = quick();
  options.local = endpoint::wildcard(transport::tcp, 1042);
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "pair.test", text(port), options);
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "127.0.0.1 canceled, 127.0.0.2 ok");
  CHECK(client.local_endpoint().port() == 1042);
}

TEST_CASE_TEMPLATE("race: silent attempts end by their own deadline", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const full_listener one(at("127.0.0.1", 0));
  const std::uint16_t port = one.where().port();
  typename Backend::stream client(f.loop());
  connect_options options;
  options.attempt_delay = 1h;
  options.attempt_deadline = 200ms;
  {
    const full_listener two(at("127.0.0.2", port));
    const race_result end = run_race<Backend>(f, client, "pair.test", text(port), options);
    CHECK(end.ec == condition::attempt_timed_out);
    CHECK(end.ec == condition::timed_out);
    CHECK(attempts_of(end.report) == "127.0.0.1 attempt_timed_out, 127.0.0.2 attempt_timed_out");
  }
  const raw_socket door = raw_socket::listening(at("127.0.0.2", port));
  const race_result end = run_race<Backend>(f, client, "pair.test", text(port), options);
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "127.0.0.1 attempt_timed_out, 127.0.0.2 ok");
}

TEST_CASE_TEMPLATE("race: resolving has its own deadline", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  const std::string port = text(door.local_endpoint().port());
  typename Backend::stream client(f.loop());
  connect_options options;
  options.resolution_delay = 1h;
  options.resolve_deadline = 300ms;
  // What one family knows is tried; without anything to try it is the error.
  const race_result half = run_race<Backend>(f, client, "dropped.test", port, options);
  CHECK_FALSE(half.ec);
  CHECK(lookups_of(half.report) == "v6 resolve_timed_out, v4 1");
  const race_result none = run_race<Backend>(f, client, "mute.test", port, options);
  CHECK(none.ec == condition::resolve_timed_out);
  CHECK(none.ec == condition::timed_out);
  CHECK(lookups_of(none.report) == "v6 resolve_timed_out, v4 resolve_timed_out");
  CHECK(none.report.attempts.empty());
  options.resolve_deadline = 0ms;
  options.deadline = 10ms;
  const race_result whole = run_race<Backend>(f, client, "mute.test", port, options);
  CHECK(whole.ec == condition::timed_out);
  CHECK(whole.ec != condition::resolve_timed_out);
}

TEST_CASE_TEMPLATE("race: a family without addresses or servers leaves it to the other", Backend,
                   DUET_BACKENDS) {
  const private_host host;
  DUET_NEED_V6_HOST(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  typename Backend::stream client(f.loop());
  connect_options options;
  options.resolution_delay = 1h;
  const raw_socket door = raw_socket::listening(f.anywhere());
  const std::string port = text(door.local_endpoint().port());
  const race_result broken = run_race<Backend>(f, client, "broken.test", port, options);
  CHECK_FALSE(broken.ec);
  CHECK(broken.report.lookups[0].error == condition::name_try_again);
  const raw_socket six = raw_socket::listening(at("::1", 0));
  const race_result only_six =
      run_race<Backend>(f, client, "six.test", text(six.local_endpoint().port()), options);
  CHECK_FALSE(only_six.ec);
  CHECK(attempts_of(only_six.report) == "::1 ok");
  // A local address chooses the family.
  options.local = at("127.0.0.7", 0);
  const race_result none = run_race<Backend>(f, client, "six.test", port, options);
  CHECK(none.ec == condition::name_no_data);
  CHECK(lookups_of(none.report) == "v4 no_data");
  CHECK_FALSE(run_race<Backend>(f, client, "both.test", port, options).ec);
  CHECK(client.local_endpoint().address() == options.local->address());
  CHECK(run_race<Backend>(f, client, "gone.test", port).ec == condition::name_not_found);
}

TEST_CASE_TEMPLATE("race: a service by its name", Backend, DUET_BACKENDS) {
  const private_host host;
  DUET_NEED(host);
  if (run({"getent", "services", "echo"}).out.find(" 7/tcp") == std::string::npos)
    DUET_SKIP("this machine does not know that echo is port 7");
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(at("127.0.0.2", 7));
  typename Backend::stream client(f.loop());
  const race_result end = run_race<Backend>(f, client, "pair.test", "echo");
  CHECK_FALSE(end.ec);
  CHECK(attempts_of(end.report) == "127.0.0.1 refused, 127.0.0.2 ok");
  for (const char* const where : {"tcp://127.0.0.2:echo", "tcp://pair.test:echo"}) {
    result plain;
    Backend::async_connect(client, endpoint::parse(where), {}, f.into(plain, where));
    f.run_until([&] { return plain.done; });
    CHECK_FALSE(plain.ec);
    CHECK(client.remote_endpoint() == door.local_endpoint());
  }
}

TEST_CASE_TEMPLATE("race: no name server is asked for localhost", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient, .hosts = "127.0.0.1 localhost\n"});
  DUET_NEED(host);
  scripted_dns dns("* * silence\n");
  fixture<Backend> f;
  const raw_socket refuses = raw_socket::bound(f.anywhere());
  typename Backend::stream client(f.loop());
  for (const char* const name : {"localhost", "LocalHost"}) {
    const race_result end =
        run_race<Backend>(f, client, name, text(refuses.local_endpoint().port()));
    CHECK(errc_of(end.ec) == std::errc::connection_refused);
    CHECK(lookups_of(end.report) == "v6 no_data, v4 1");
    CHECK(attempts_of(end.report) == "127.0.0.1 refused");
  }
  CHECK(dns.total() == 0);
}

TEST_CASE_TEMPLATE("race: cancelled while attempts or lookups are under way", Backend,
                   DUET_BACKENDS) {
  const private_host host;
  DUET_NEED_V6_HOST(host);
  scripted_dns dns(race_zone);
  fixture<Backend> f;
  const full_listener six(at("::1", 0));
  const std::uint16_t port = six.where().port();
  const full_listener four(at("127.0.0.1", port));
  for (const char* const name : {"both.test", "mute.test"}) {
    const bool resolved = std::string_view(name) == "both.test";
    for (int way = 0; way < 3; ++way) {
      socket_counter told;
      auto client = std::make_unique<typename Backend::stream>(f.loop());
      connect_options options = quick();
      options.watcher = &told;
      race_result end;
      start_race(f, *client, name, text(port), options, end);
      if (resolved) f.run_until([&] { return told.sockets == 2; });
      f.run_ready();
      CHECK_FALSE(end.done);
      if (way == 0) client->cancel();
      if (way == 1) client->close();
      if (way == 2) client.reset();
      f.run_until([&] { return end.done; });
      CHECK(end.ec == condition::operation_canceled);
      CHECK(attempts_of(end.report) == (resolved ? "::1 canceled, 127.0.0.1 canceled" : ""));
    }
  }
}

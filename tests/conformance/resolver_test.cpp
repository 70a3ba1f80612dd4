// SPDX-License-Identifier: MIT
// resolver: what needs no name server: literals, names that are refused, the hosts file, ends by cancellation and by destruction. Servers that
// answer, fail and are silent are tests/dns's.
#include <netdb.h>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "fixture.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// How a lookup ended.
struct answer {
  bool done = false;
  std::error_code ec;
  resolve_result result;
};

template <class Backend>
auto into(fixture<Backend>& f, answer& to, const char* what) {
  f.lookups = true;
  return f.once(what, [&to](std::error_code ec, const resolve_result& result) {
    to = {true, ec, result};
  });
}

template <class Backend>
answer resolve(fixture<Backend>& f, std::string_view host, std::string_view service,
               const resolve_options& options = {}) {
  typename Backend::resolver names(f.loop());
  answer got;
  names.async_resolve(host, service, options, into(f, got, "resolve"));
  CHECK_FALSE(got.done);
  f.run_until([&] { return got.done; });
  // Blocking says the same.
  std::error_code ec;
  CHECK(names.resolve(host, service, options, ec) == got.result);
  CHECK(ec == got.ec);
  return got;
}

resolve_options wanting(resolve_views views, std::optional<address::family> family = {}) {
  resolve_options options;
  options.views = views;
  options.family = family;
  return options;
}

std::string texts_of(const std::vector<endpoint>& all) {
  std::string texts;
  for (const endpoint& each : all) texts += each.to_string() + " ";
  return texts;
}

}  // namespace

TEST_CASE_TEMPLATE("resolver: a literal is its own answer", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const answer v4 = resolve(f, "127.0.0.1", "80");
  CHECK_FALSE(v4.ec);
  CHECK(texts_of(v4.result.endpoints) == "tcp://127.0.0.1:80 ");
  CHECK(v4.result.host().official_name == "127.0.0.1");
  CHECK_FALSE(v4.result.hostent.has_value());
  const answer v6 = resolve(f, "::1", "");
  CHECK(texts_of(v6.result.endpoints) == "tcp://[::1]:0 ");
  const answer scoped = resolve(f, "fe80::1%eth9", "53");
  CHECK(texts_of(scoped.result.endpoints) == "tcp://[fe80::1%eth9]:53 ");
}

TEST_CASE_TEMPLATE("resolver: a literal of the other family is an error as libc's", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  const answer six = resolve(f, "127.0.0.1", "", wanting(resolve_views::both, address::family::v6));
  CHECK(six.ec == condition::name_no_data);
  CHECK(six.result.addrinfo->error == condition::name_no_data);
  CHECK(six.result.hostent->error == condition::name_not_found);
  // A hostent is IPv4 unless IPv6 is asked for; the other view is the answer then.
  const answer one = resolve(f, "::1", "", wanting(resolve_views::both));
  CHECK_FALSE(one.ec);
  CHECK(one.result.hostent->error == condition::name_not_found);
  CHECK(one.result.host().addresses == std::vector{address::loopback_v6()});
}

TEST_CASE_TEMPLATE("resolver: a literal needs no call of libc's and no thread", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  resolve_options endless;
  endless.deadline = std::chrono::milliseconds(0);
  typename Backend::resolver names(f.loop());
  os::faults::clear();
  CHECK(names.resolve("10.1.2.3", "7", endless).endpoints.size() == 1);
  for (int call = 0; call < static_cast<int>(os::call::last); ++call) {
    CAPTURE(call);
    CHECK(os::faults::count(static_cast<os::call>(call)) == 0);
  }
  answer got;
  names.async_resolve("10.1.2.3", "7", endless, into(f, got, "resolve"));
  f.run_until([&] { return got.done; });
  CHECK(os::faults::count(os::call::getaddrinfo) == 0);
  CHECK(os::faults::count(os::call::getpid) == 0);
}

TEST_CASE_TEMPLATE("resolver: a bad name is refused before any query", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  os::faults::clear();
  const std::string long_label(64, 'a');
  const std::string label(63, 'a');
  const std::string long_name = label + "." + label + "." + label + "." + label.substr(1);
  REQUIRE(long_name.size() == 254);
  for (const std::string& name :
       {std::string(), std::string(" "), std::string("a b"), std::string("-a"), std::string("a..b"),
        std::string(".a"), std::string("."), std::string("a/b"), std::string("a@b"),
        std::string("a:b"), std::string("a;b"), std::string("caf\xc3\xa9"), std::string("a\0b", 3),
        long_label, long_name, std::string("*")}) {
    CAPTURE(name);
    const answer got = resolve(f, name, "80", wanting(resolve_views::both));
    CHECK(got.ec == condition::bad_name);
    CHECK(got.result.addrinfo->error == condition::bad_name);
    CHECK(got.result.hostent->error == condition::bad_name);
  }
  CHECK(os::faults::count(os::call::getaddrinfo) == 0);
  CHECK(os::faults::count(os::call::gethostbyname2_r) == 0);
}

TEST_CASE_TEMPLATE("resolver: a bad port is refused before any query", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  os::faults::clear();
  for (const char* port : {"65536", "65543", "99999999999", "+80", " 80", "-1", "80 ", "0x50"}) {
    CAPTURE(port);
    CHECK(resolve(f, "localhost", port).ec == condition::bad_endpoint);
    CHECK(resolve(f, "127.0.0.1", port).ec == condition::bad_endpoint);
  }
  CHECK(os::faults::count(os::call::getaddrinfo) == 0);
}

TEST_CASE_TEMPLATE("resolver: localhost by either view", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const answer got =
      resolve(f, "localhost", "7", wanting(resolve_views::both, address::family::v4));
  REQUIRE_FALSE(got.ec);
  CHECK(texts_of(got.result.endpoints) == "tcp://127.0.0.1:7 ");
  CHECK(got.result.addrinfo->host.addresses == std::vector{address::loopback_v4()});
  CHECK(got.result.hostent->host.addresses == std::vector{address::loopback_v4()});
  CHECK(got.result.hostent->host.official_name == "localhost");
  CHECK(got.result.hostent->host.length() == 4);
}

TEST_CASE_TEMPLATE("resolver: a service by name", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  CHECK(resolve(f, "127.0.0.1", "no-such-service").ec == condition::name_not_found);
  CHECK(resolve(f, "localhost", "no-such-service").ec == condition::name_not_found);
  if (::getservbyname("domain", "udp") == nullptr)
    DUET_SKIP("this machine does not know that domain is port 53 (Debian package netbase)");
  resolve_options udp;
  udp.transport = transport::udp;
  CHECK(texts_of(resolve(f, "127.0.0.1", "domain", udp).result.endpoints) == "udp://127.0.0.1:53 ");
}

TEST_CASE_TEMPLATE("resolver: an address by its name's way back", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::resolver names(f.loop());
  answer got;
  names.async_reverse(address::loopback_v4(), wanting(resolve_views::both),
                      into(f, got, "reverse"));
  f.run_until([&] { return got.done; });
  REQUIRE_FALSE(got.ec);
  CHECK(got.result.addrinfo->host.official_name == "localhost");
  CHECK(got.result.hostent->host.official_name == "localhost");
  CHECK(got.result.hostent->host.addresses == std::vector{address::loopback_v4()});
  CHECK(got.result.endpoints.empty());
  std::error_code ec;
  CHECK(names.reverse(address::loopback_v4(), wanting(resolve_views::both), ec) == got.result);
}

TEST_CASE_TEMPLATE("resolver: an error that is thrown names what was asked", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::resolver names(f.loop());
  std::string said;
  try {
    names.resolve("a b\n", "80", {});
  } catch (const std::system_error& error) {
    said = error.what();
    CHECK(error.code() == condition::bad_name);
  }
  CHECK(said.starts_with("resolve a b\\x0a: "));
}

TEST_CASE_TEMPLATE("resolver: cancel ends every lookup", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::resolver names(f.loop());
  answer first;
  answer second;
  names.async_resolve("localhost", "", {}, into(f, first, "first"));
  names.async_reverse(address::loopback_v4(), {}, into(f, second, "second"));
  names.cancel();
  CHECK_FALSE(first.done);
  f.run_until([&] { return first.done && second.done; });
  CHECK(first.ec == condition::operation_canceled);
  CHECK(second.ec == condition::operation_canceled);
  // And the resolver goes on.
  answer third;
  names.async_resolve("localhost", "", {}, into(f, third, "third"));
  f.run_until([&] { return third.done; });
  CHECK_FALSE(third.ec);
}

TEST_CASE_TEMPLATE("resolver: its end cancels", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  answer got;
  {
    typename Backend::resolver names(f.loop());
    names.async_resolve("localhost", "", {}, into(f, got, "resolve"));
    typename Backend::resolver moved(std::move(names));
    CHECK_FALSE(got.done);
  }
  f.run_until([&] { return got.done; });
  CHECK(got.ec == condition::operation_canceled);
}

TEST_CASE_TEMPLATE("resolver: a loop that goes first destroys the handlers", Backend,
                   DUET_BACKENDS) {
  const auto token = std::make_shared<int>();
  {
    typename Backend::loop loop;
    auto names = std::make_shared<typename Backend::resolver>(loop, lookup_pool_options{});
    auto& by = *names;
    by.async_resolve("localhost", "", {},
                     [token, names = std::move(names)](std::error_code, const resolve_result&) {
                       FAIL_CHECK("called");
                     });
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE_TEMPLATE("resolver: a system's error stays what it is", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  os::faults::plan(os::call::getaddrinfo, {.first = 1, .times = 2, .error = EMFILE});
  const answer got = resolve(f, "localhost", "");
  os::faults::clear();
  CHECK(is(got.ec, std::errc::too_many_files_open));
}

// SPDX-License-Identifier: MIT
// The pool of lookup threads when name servers are slow or silent: equal lookups are one, stuck ones take nobody's place and are bounded,
// and the cache, where one is wanted.
#include <memory>
#include <string>
#include <vector>

#include "names.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* pool_zone =
    "late.test * delay=300 answer 192.0.2.9\n"
    "gone.test * nxdomain\n"
    "empty.test * empty\n"
    "failing.test * servfail\n"
    "*.stuck.test * silence\n"
    "* A answer 192.0.2.1\n";

lookup_pool_options small_pool(std::size_t abandoned) {
  lookup_pool_options options;
  options.threads = 2;
  options.abandoned = abandoned;
  return options;
}

/// Starts a lookup that puts its end into `to`.
template <class Backend>
void start(fixture<Backend>& f, typename Backend::resolver& names, const std::string& host,
           const resolve_options& options, answer& to) {
  f.lookups = true;
  names.async_resolve(
      host, "", options,
      f.once("resolve " + host, [&to](std::error_code ec, const resolve_result& result) {
        to = {true, ec, result};
      }));
}

/// The text of a lookup's end.
template <class Backend>
std::string look_up(fixture<Backend>& f, typename Backend::resolver& names, const std::string& host,
                    const resolve_options& options = inet_only) {
  answer got;
  start(f, names, host, options, got);
  f.run_until([&] { return got.done; });
  return text_of(got);
}

/// Asks `host` so that libc is at it when this returns.
template <class Backend>
void start_stuck(fixture<Backend>& f, typename Backend::resolver& names, scripted_dns& dns,
                 const std::string& host, answer& to) {
  start(f, names, host, within(0ms, inet_only), to);
  const auto until = std::chrono::steady_clock::now() + cap;
  while (dns.count(host, "A") == 0) REQUIRE(std::chrono::steady_clock::now() < until);
}

}  // namespace

TEST_CASE_TEMPLATE("pool: equal lookups are one and cancelling one leaves the others", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  typename Backend::resolver first(f.loop());
  typename Backend::resolver second(f.loop());
  std::vector<answer> of_first(5);
  std::vector<answer> of_second(5);
  for (answer& each : of_first) start(f, first, "late.test", inet_only, each);
  for (answer& each : of_second) start(f, second, "late.test", inet_only, each);
  first.cancel();
  f.run_until_all_called();
  for (const answer& each : of_first) CHECK(text_of(each) == "operation_canceled");
  for (const answer& each : of_second) CHECK(text_of(each) == "late.test 192.0.2.9");
  CHECK(dns.count("late.test", "A") == 1);
  // What is over is asked anew.
  CHECK(look_up(f, first, "late.test") == "late.test 192.0.2.9");
  CHECK(dns.count("late.test", "A") == 2);
}

TEST_CASE_TEMPLATE("pool: a deadline of one that is joined is its own", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  typename Backend::resolver names(f.loop());
  answer hasty;
  answer patient_one;
  start(f, names, "late.test", within(1ms, inet_only), hasty);
  start(f, names, "late.test", inet_only, patient_one);
  f.run_until_all_called();
  CHECK(text_of(hasty) == "timed_out");
  CHECK(text_of(patient_one) == "late.test 192.0.2.9");
  CHECK(dns.count("late.test", "A") == 1);
}

TEST_CASE_TEMPLATE("pool: others finish while lookups are stuck", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  f.abandons = true;
  for (const std::size_t count : {4U, 8U, 32U}) {
    CAPTURE(count);
    typename Backend::resolver names(f.loop(), lookup_pool_options{});
    std::vector<answer> stuck(count);
    std::vector<answer> others(100);
    for (std::size_t i = 0; i < stuck.size(); ++i)
      start(f, names, std::to_string(i) + ".stuck.test", within(20ms, inet_only), stuck[i]);
    for (std::size_t i = 0; i < others.size(); ++i)
      start(f, names, "host" + std::to_string(i) + ".test", inet_only, others[i]);
    f.run_until_all_called();
    for (const answer& each : stuck) CHECK(text_of(each) == "timed_out");
    for (std::size_t i = 0; i < others.size(); ++i)
      CHECK(text_of(others[i]) == "host" + std::to_string(i) + ".test 192.0.2.1");
  }
}

TEST_CASE_TEMPLATE("pool: with 64 lookups abandoned new ones are refused at once", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  f.abandons = true;
  typename Backend::resolver names(f.loop(), lookup_pool_options{});
  for (int i = 0; i < 64; ++i) {
    answer got;
    start_stuck(f, names, dns, std::to_string(i) + ".stuck.test", got);
    names.cancel();
    f.run_until([&] { return got.done; });
    CHECK(text_of(got) == "operation_canceled");
    // One less than what is too many is no reason to refuse.
    if (i == 62) CHECK(look_up(f, names, "www.test") == "www.test 192.0.2.1");
  }
  const int asked = dns.total();
  CHECK(look_up(f, names, "www.test", within(0ms, inet_only)) == "name_try_again");
  std::error_code ec;
  names.resolve("www.test", "", within(0ms, by_hostent), ec);
  CHECK(word_of(ec) == "name_try_again");
  CHECK(dns.total() == asked);
  // What needs no thread goes on.
  CHECK(look_up(f, names, "192.0.2.3") == "192.0.2.3 192.0.2.3");
  CHECK(look_up(f, names, "-bad") == "bad_name");
}

TEST_CASE_TEMPLATE("pool: lookups are taken again once libc gives the stuck ones up", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = short_lived});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  typename Backend::resolver names(f.loop(), small_pool(2));
  for (const char* stuck : {"one.stuck.test", "two.stuck.test"}) {
    answer got;
    start_stuck(f, names, dns, stuck, got);
    names.cancel();
    f.run_until([&] { return got.done; });
  }
  std::string text = look_up(f, names, "www.test");
  CHECK(text == "name_try_again");
  const auto until = std::chrono::steady_clock::now() + cap;
  while (text == "name_try_again" && std::chrono::steady_clock::now() < until)
    text = look_up(f, names, "www.test");
  CHECK(text == "www.test 192.0.2.1");
}

TEST_CASE_TEMPLATE("pool: nothing is remembered unless asked for", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  typename Backend::resolver names(f.loop());
  for (const char* name : {"www.test", "gone.test"}) {
    const std::string first = look_up(f, names, name);
    CHECK(look_up(f, names, name) == first);
    CHECK(dns.count(name, "A") == 2);
  }
}

TEST_CASE_TEMPLATE("cache: answers are remembered and the missing too", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  lookup_pool_options options;
  options.cache_entries = 8;
  options.cache_lifetime = 1h;
  typename Backend::resolver names(f.loop(), options);
  for (const char* name : {"www.test", "gone.test", "empty.test"}) {
    CAPTURE(std::string(name));
    const std::string first = look_up(f, names, name);
    CHECK(look_up(f, names, name) == first);
    std::error_code ec;
    answer blocking{true, {}, {}};
    blocking.result = names.resolve(name, "", inet_only, blocking.ec);
    CHECK(text_of(blocking) == first);
    CHECK(dns.count(name, "A") == 1);
  }
  // That nobody can tell for now is no answer.
  for (int i = 0; i < 2; ++i) CHECK(look_up(f, names, "failing.test") == "name_try_again");
  CHECK(dns.count("failing.test", "A") >= 2);
  const int asked = dns.count("failing.test", "A");
  look_up(f, names, "failing.test");
  CHECK(dns.count("failing.test", "A") > asked);
  // Another view is another question.
  look_up(f, names, "www.test", by_hostent);
  CHECK(dns.count("www.test", "A") == 2);
}

TEST_CASE_TEMPLATE("cache: it is bounded in size and lifetime", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(pool_zone);
  fixture<Backend> f;
  lookup_pool_options options;
  options.cache_entries = 2;
  options.cache_lifetime = 1h;
  typename Backend::resolver names(f.loop(), options);
  for (const char* name : {"a.test", "b.test", "a.test", "c.test"}) look_up(f, names, name);
  CHECK(dns.count("a.test", "A") == 1);
  look_up(f, names, "a.test");
  CHECK(dns.count("a.test", "A") == 1);
  look_up(f, names, "b.test");  // had to make room: it was not used for longest
  CHECK(dns.count("b.test", "A") == 2);

  options.cache_lifetime = 0ms;
  typename Backend::resolver forgetful(f.loop(), options);
  look_up(f, forgetful, "d.test");
  look_up(f, forgetful, "d.test");
  CHECK(dns.count("d.test", "A") == 2);
}

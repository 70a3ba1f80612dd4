// SPDX-License-Identifier: MIT
// What a good answer becomes: chains of aliases, many addresses, the way back from an address, the hosts file; and that getent, libc's own
// program, says the same.
#include <sstream>
#include <string>
#include <vector>

#include "names.hpp"

using namespace duet;
using namespace duet::test;

namespace {

constexpr const char* zone =
    "www.test * answer 192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1 2001:db8::2\n"
    "four.test A answer 192.0.2.4\n"
    "four.test AAAA empty\n"
    "six.test A empty\n"
    "six.test AAAA answer 2001:db8::6\n"
    "one.test * cname two.test\n"
    "two.test * cname three.test\n"
    "three.test * cname www.test\n"
    "many.test A range 10.0.0.1 1000\n"
    "many.test AAAA range 2001:db8::1:1 1000\n"
    "late.test * delay=100 answer 192.0.2.9 2001:db8::9\n"
    "1.2.0.192.in-addr.arpa PTR answer www.test\n"
    "2.2.0.192.in-addr.arpa PTR answer first.test second.test\n"
    "3.2.0.192.in-addr.arpa PTR cname 3.sub.2.0.192.in-addr.arpa\n"
    "3.sub.2.0.192.in-addr.arpa PTR answer delegated.test\n"
    "4.2.0.192.in-addr.arpa PTR servfail\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR answer "
    "www.test\n";

constexpr const char* quiet_resolv_conf = "nameserver 127.0.0.1\n";

/// What `getent -A DATABASE NAME` prints of SOCK_STREAM addresses, in its order.
std::string by_getent(const std::string& database, const std::string& name) {
  std::istringstream lines(run({"getent", "-A", database, name}).out);
  std::string all;
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string where;
    std::string type;
    words >> where >> type;
    // getent ahostsv6 asks for AI_V4MAPPED too.
    if (type == "STREAM" && !where.starts_with("::ffff:")) all += where + ' ';
  }
  return all;
}

std::string addresses_of(const answer& got) {
  std::string all;
  for (const address& each : got.result.host().addresses) all += each.to_string() + ' ';
  return all;
}

template <class Backend>
void check_reverse(fixture<Backend>& f, const std::string& of, const std::string& by_addrinfo,
                   const std::string& by_hostent_view) {
  CAPTURE(of);
  f.lookups = true;
  typename Backend::resolver names(f.loop(), lookup_pool_options{});
  const address where = *address::parse(of);
  const resolve_options both = wanting(resolve_views::both);
  answer got;
  names.async_reverse(where, both,
                      f.once("reverse", [&](std::error_code ec, const resolve_result& result) {
                        got = {true, ec, result};
                      }));
  f.run_until([&] { return got.done; });
  const auto text_of_view = [](const resolve_answer& view) {
    resolve_result alone;
    alone.addrinfo = view;
    return text_of(answer{true, view.error, alone});
  };
  REQUIRE(got.result.addrinfo.has_value());
  REQUIRE(got.result.hostent.has_value());
  CHECK(text_of_view(*got.result.addrinfo) == by_addrinfo);
  CHECK(text_of_view(*got.result.hostent) == by_hostent_view);
  CHECK(got.result.endpoints.empty());
  std::error_code ec;
  CHECK(names.reverse(where, both, ec) == got.result);
  CHECK(ec == got.ec);
}

}  // namespace

TEST_CASE_TEMPLATE("answers: a chain of aliases", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = quiet_resolv_conf});
  DUET_NEED(host);
  scripted_dns dns(zone);
  fixture<Backend> f;
  check_lookup(f, "one.test", inet_only, "www.test 192.0.2.1 192.0.2.2 192.0.2.3");
  check_lookup(f, "one.test", inet6_only, "www.test 2001:db8::1 2001:db8::2");
  check_lookup(f, "one.test", by_hostent,
               "www.test (one.test) (two.test) (three.test) 192.0.2.1 192.0.2.2 192.0.2.3");
}

TEST_CASE_TEMPLATE("answers: addresses of either family and of both", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = quiet_resolv_conf});
  DUET_NEED(host);
  scripted_dns dns(zone);
  fixture<Backend> f;
  check_lookup(f, "www.test", any_family, "www.test 2001:db8::1 to 192.0.2.3 #5");
  check_lookup(f, "four.test", any_family, "four.test 192.0.2.4");
  check_lookup(f, "four.test", inet6_only, "name_no_data");
  check_lookup(f, "six.test", any_family, "six.test 2001:db8::6");
  check_lookup(f, "six.test", inet_only, "name_no_data");
  check_lookup(f, "six.test", by_hostent, "name_no_data");
  check_lookup(f, "six.test", wanting(resolve_views::hostent, address::family::v6),
               "six.test 2001:db8::6");
  // A view that has nothing does not spoil the other one.
  check_lookup(f, "six.test", wanting(resolve_views::both), "six.test 2001:db8::6");
  check_lookup(f, "late.test", any_family, "late.test 2001:db8::9 192.0.2.9");
}

TEST_CASE_TEMPLATE("answers: a thousand addresses", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = quiet_resolv_conf});
  DUET_NEED(host);
  scripted_dns dns(zone);
  fixture<Backend> f;
  const std::string v4 = "many.test 10.0.0.1 to 10.0.3.232 #1000";
  const std::string v6 = "many.test 2001:db8::1:1 to 2001:db8::1:3e8 #1000";
  check_lookup(f, "many.test", any_family, "many.test 2001:db8::1:1 to 10.0.3.232 #2000");
  check_lookup(f, "many.test", inet_only, v4);
  check_lookup(f, "many.test", inet6_only, v6);
  check_lookup(f, "many.test", by_hostent, v4);
  check_lookup(f, "many.test", wanting(resolve_views::hostent, address::family::v6), v6);
}

TEST_CASE_TEMPLATE("answers: the way back from an address", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = quiet_resolv_conf});
  DUET_NEED(host);
  scripted_dns dns(zone);
  fixture<Backend> f;
  check_reverse(f, "192.0.2.1", "www.test 192.0.2.1", "www.test 192.0.2.1");
  check_reverse(f, "2001:db8::1", "www.test 2001:db8::1", "www.test 2001:db8::1");
  // Of several names both views tell the first.
  check_reverse(f, "192.0.2.2", "first.test 192.0.2.2", "first.test 192.0.2.2");
  check_reverse(f, "192.0.2.3", "delegated.test 192.0.2.3", "delegated.test 192.0.2.3");
  check_reverse(f, "192.0.2.4", "name_try_again", "name_try_again");
  check_reverse(f, "192.0.2.5", "name_not_found", "name_not_found");
}

TEST_CASE_TEMPLATE("answers: the hosts file comes first", Backend, DUET_BACKENDS) {
  const private_host host(
      {.resolv_conf = quiet_resolv_conf,
       .hosts = "127.0.0.1 localhost\n192.0.2.77 box.test box printer\n2001:db8::77 box.test\n"});
  DUET_NEED(host);
  scripted_dns dns(std::string(zone) + "box.test * answer 192.0.2.78\n");
  fixture<Backend> f;
  check_lookup(f, "box.test", any_family, "box.test 2001:db8::77 192.0.2.77");
  check_lookup(f, "printer", inet_only, "box.test 192.0.2.77");
  check_lookup(f, "printer", by_hostent, "box.test (box) (printer) 192.0.2.77");
  check_reverse(f, "192.0.2.77", "box.test 192.0.2.77", "box.test (box) (printer) 192.0.2.77");
  CHECK(dns.count("box.test", "A") == 0);
}

TEST_CASE_TEMPLATE("answers: one family is what getent says of it", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = quiet_resolv_conf});
  DUET_NEED(host);
  if (by_getent("ahostsv4", "127.0.0.1").empty()) DUET_SKIP("getent does not know -A");
  scripted_dns dns(zone);
  fixture<Backend> f;
  for (const std::string name : {"www.test", "four.test", "six.test", "one.test", "many.test",
                                 "gone.test", "localhost", "127.0.0.1", "::1"}) {
    CAPTURE(name);
    const auto all = look_up_async(f, {{name, inet_only}, {name, inet6_only}});
    CHECK(addresses_of(all[0]) == by_getent("ahostsv4", name));
    CHECK(addresses_of(all[1]) == by_getent("ahostsv6", name));
    const auto same = look_up_blocking<Backend>({{name, inet_only}, {name, inet6_only}});
    CHECK(same[0].result == all[0].result);
    CHECK(same[1].result == all[1].result);
  }
}

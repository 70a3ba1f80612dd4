// SPDX-License-Identifier: MIT
// A name server that others wrote and use: dnsmasq (Debian's dnsmasq-base), with a zone of the test's, on the loopback of a namespace.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "names.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// Its zone: a chain of two links, several addresses of either family, a thousand addresses, their way back.
constexpr const char* configuration =
    "port=53\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nno-poll\n"
    "local=/test/\nlocal=/in-addr.arpa/\nlocal=/ip6.arpa/\n"
    "host-record=www.test,192.0.2.1,2001:db8::1\n"
    "host-record=single.test,192.0.2.5\n"
    "cname=alias.test,link.test\n"
    "cname=link.test,single.test\n"
    "ptr-record=9.2.0.192.in-addr.arpa,nine.test\n";

std::string hosts() {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    const std::string low = std::to_string(i % 250 + 1);
    text += "10.1." + std::to_string(i / 250) + '.' + low + " many.test\n";
  }
  return text +
         "192.0.2.21 few.test\n192.0.2.22 few.test\n2001:db8::21 few.test\n"
         "2001:db8::22 few.test\n";
}

/// Debian puts it where only root's PATH looks.
constexpr const char* program = "/usr/sbin/dnsmasq";
#define DUET_NEED_DNSMASQ() \
  if (::access(program, X_OK) != 0) DUET_SKIP("no dnsmasq here (Debian package dnsmasq-base)")

class dnsmasq {
 public:
  dnsmasq()
      // --no-daemon leaves the user as it is, too: in a user namespace there is no other.
      : program_({program, "--no-daemon", "--pid-file", "--conf-file=" + file(configuration),
                  "--addn-hosts=" + file(hosts())}) {
    // The last thing that it says before it serves.
    program_.wait_for_err("addresses");
  }

 private:
  std::string file(const std::string& text) const {
    std::string path = folder_.fresh_path();
    std::ofstream(path) << text;
    return path;
  }
  temporary_folder folder_;
  child program_;
};

/// Any order: dnsmasq turns the list at every question.
std::size_t distinct(const answer& got) {
  auto all = got.result.host().addresses;
  std::sort(all.begin(), all.end());
  return static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin());
}

template <class Backend>
std::vector<answer> both_ways(fixture<Backend>& f, const lookup_case& what) {
  std::vector<answer> all = look_up_async(f, {what});
  all.push_back(look_up_blocking<Backend>({what}).front());
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("dnsmasq: aliases and addresses and what is not there", Backend, DUET_BACKENDS) {
  DUET_NEED_DNSMASQ();
  const private_host host({.resolv_conf = "nameserver 127.0.0.1\n"});
  DUET_NEED(host);
  const dnsmasq server;
  fixture<Backend> f;
  check_lookup(f, "www.test", any_family, "www.test 2001:db8::1 192.0.2.1");
  check_lookup(f, "alias.test", inet_only, "single.test 192.0.2.5");
  check_lookup(f, "alias.test", by_hostent, "single.test (alias.test) (link.test) 192.0.2.5");
  check_lookup(f, "single.test", inet6_only, "name_no_data");
  for (const resolve_options& view : {any_family, inet_only, inet6_only, by_hostent})
    check_lookup(f, "gone.test", view, "name_not_found");
}

TEST_CASE_TEMPLATE("dnsmasq: several addresses and a thousand", Backend, DUET_BACKENDS) {
  DUET_NEED_DNSMASQ();
  const private_host host({.resolv_conf = "nameserver 127.0.0.1\n"});
  DUET_NEED(host);
  const dnsmasq server;
  fixture<Backend> f;
  for (const auto& [what, count] : {std::pair(lookup_case{"few.test", any_family}, 4U),
                                    {{"few.test", inet_only}, 2U},
                                    {{"few.test", inet6_only}, 2U},
                                    {{"few.test", by_hostent}, 2U},
                                    {{"many.test", any_family}, 1000U},
                                    {{"many.test", inet_only}, 1000U},
                                    {{"many.test", by_hostent}, 1000U}}) {
    CAPTURE(what.host);
    for (const answer& each : both_ways(f, what)) {
      CHECK_FALSE(each.ec);
      CHECK(distinct(each) == count);
      CHECK(each.result.host().addresses.size() == count);
    }
  }
}

TEST_CASE_TEMPLATE("dnsmasq: the way back", Backend, DUET_BACKENDS) {
  DUET_NEED_DNSMASQ();
  const private_host host({.resolv_conf = "nameserver 127.0.0.1\n"});
  DUET_NEED(host);
  const dnsmasq server;
  typename Backend::loop loop;
  typename Backend::resolver names(loop, lookup_pool_options{});
  const resolve_options both = wanting(resolve_views::both);
  for (const auto& [where, name] : {std::pair("192.0.2.1", "www.test"),
                                    {"2001:db8::1", "www.test"},
                                    {"192.0.2.9", "nine.test"}}) {
    const resolve_result found = names.reverse(*address::parse(where), both);
    CHECK(found.addrinfo->host.official_name == name);
    CHECK(found.hostent->host.official_name == name);
  }
  std::error_code ec;
  names.reverse(*address::parse("192.0.2.200"), both, ec);
  CHECK(word_of(ec) == "name_not_found");
}

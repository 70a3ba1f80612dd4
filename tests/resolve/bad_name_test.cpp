// SPDX-License-Identifier: MIT
// Names that are no names: refused without a query, by duet before anybody is asked and, for comparison, by glibc; and literals, which
// nobody is asked about at all.
#include <netdb.h>

#include <array>
#include <string>
#include <vector>

#include "duet/os/fault.hpp"
#include "duet/os/lookup.hpp"
#include "duet/policy/host_name.hpp"
#include "names.hpp"

using namespace duet;
using namespace duet::test;

namespace {

std::string label(std::size_t size) { return std::string(size, 'x'); }

/// A name of so many bytes whose labels are as long as they may be. From 193 to 255.
std::string name_of(std::size_t size) {
  const std::string three = label(63) + '.' + label(63) + '.' + label(63) + '.';
  return three + label(size - three.size());
}

const std::vector<std::string> bad_names{
    "",
    ".",
    "a..test",
    ".a.test",
    "a.test..",
    "-a.test",
    "-",
    "a b.test",
    " a.test",
    "a.test ",
    "a\tb.test",
    "a\nb.test",
    std::string("a.test\0.evil", 12),
    std::string("\0", 1),
    "a/b.test",
    "a@b.test",
    "a:b.test",
    "a;b.test",
    "a*b.test",
    "a\\b.test",
    "caf\xc3\xa9.test",
    "a\x7f.test",
    label(64) + ".test",
    "a." + label(64),
    name_of(254),
    name_of(255),
    name_of(254) + '.',
};

const std::vector<std::string> good_names{"a",
                                          "a.test",
                                          "a.test.",
                                          "1a.test",
                                          "123.test",
                                          "a-b.test",
                                          "a-.test",
                                          "a.-b.test",
                                          "_srv._tcp.a.test",
                                          "A.B.TEST",
                                          label(63) + ".test",
                                          name_of(253),
                                          name_of(253) + '.'};

/// Both of glibc's ways to ask, without duet.
void ask_libc(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) == 0) ::freeaddrinfo(found);
}

}  // namespace

TEST_CASE_TEMPLATE("bad names: refused without a query", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = "nameserver 127.0.0.1\nsearch lan.test\n"});
  DUET_NEED(host);
  scripted_dns dns("* * nxdomain\n");
  fixture<Backend> f;
  for (const std::string& name : bad_names) {
    check_lookup(f, name, any_family, "bad_name");
    check_lookup(f, name, inet_only, "bad_name");
    check_lookup(f, name, by_hostent, "bad_name");
  }
  CHECK(dns.total() == 0);
  // The same server would have counted.
  for (const std::string& name : good_names) {
    const int before = dns.total();
    check_lookup(f, name, inet_only, "name_not_found");
    CHECK_MESSAGE(dns.total() > before, "not asked: ", name);
  }
}

// is_host_name is to refuse what glibc refuses. It is stricter by two: glibc takes a backslash for an escape, and asks for the root.
TEST_CASE("bad names: what glibc asks for is what the policy lets pass") {
  const private_host host({.resolv_conf = "nameserver 127.0.0.1\n"});
  DUET_NEED(host);
  scripted_dns dns("* * nxdomain\n");
  std::vector<std::string> names;
  for (int byte = 1; byte < 256; ++byte)
    names.push_back(std::string("a") + static_cast<char>(byte) + "b.test");
  for (const auto& list : {bad_names, good_names}) {
    for (const std::string& name : list) {
      // A NUL ends the name for glibc: what it would ask for is another name.
      if (name.find('\0') == name.npos) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    CAPTURE(name);
    const int before = dns.total();
    ask_libc(name);
    const bool asked = dns.total() > before;
    const bool stricter = name == "." || name.find('\\') != name.npos;
    CHECK(policy::is_host_name(name) == (asked && !stricter));
  }
}

TEST_CASE_TEMPLATE("literals: nobody is asked and no thread is started", Backend, DUET_BACKENDS) {
#if !defined(DUET_FAULT_SEAM)
  DUET_SKIP("the seam is not compiled in");
#else
  const private_host host({.resolv_conf = "nameserver 127.0.0.1\n"});
  DUET_NEED(host);
  scripted_dns dns("* * nxdomain\n");
  const auto threads = [] {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/task"))
      ++count;
    return count;
  };
  fixture<Backend> f;
  typename Backend::resolver names(f.loop());
  const std::size_t before = threads();
  for (const char* literal : {"192.0.2.1", "2001:db8::1", "fe80::1%lo", "255.255.255.255"}) {
    for (const resolve_options& view : {any_family, inet_only, by_hostent}) {
      os::faults::clear();
      const auto outcome = os::answer_at_once(os::forward_question(literal, "80", view));
      REQUIRE(outcome.has_value());
      std::error_code ec;
      CHECK(names.resolve(literal, "80", view, ec) == outcome->result);
      for (int call = 0; call < static_cast<int>(os::call::last); ++call)
        CHECK(os::faults::count(static_cast<os::call>(call)) == 0);
      answer got;
      names.async_resolve(literal, "80", view,
                          f.once("literal", [&](std::error_code error, const resolve_result& all) {
                            got = {true, error, all};
                          }));
      f.run_until([&] { return got.done; });
      CHECK(got.ec == outcome->error);
      CHECK(got.result == outcome->result);
    }
  }
  CHECK(threads() == before);
  CHECK(dns.total() == 0);
#endif
}

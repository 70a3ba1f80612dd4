// SPDX-License-Identifier: MIT
// The truth table of glibc's answers: what each behaviour of a name server looks like through getaddrinfo and through gethostbyname, with a
// search list and without one, in both columns, blocking and asynchronous.
#include <netdb.h>

#include <string>
#include <vector>

#include "names.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

/// A behaviour under two names: a label is looked for in the search list first, a name with a dot as it is first.
struct behaviour {
  const char* label;
  std::string rule;
  std::string unspec;   ///< getaddrinfo AF_UNSPEC
  std::string inet;     ///< getaddrinfo AF_INET, AI_CANONNAME
  std::string hostent;  ///< gethostbyname
};

constexpr const char* plain_conf = "nameserver 127.0.0.1\n";
constexpr const char* with_search = "nameserver 127.0.0.1\nsearch lan.test home.test\n";
/// What is silent costs two seconds: as long as a busy machine may need to answer.
constexpr const char* impatient = "options timeout:2 attempts:1\n";

std::string rules_for(const std::vector<behaviour>& table) {
  std::string rules = "*.lan.test * nxdomain\n*.home.test * nxdomain\n";
  for (const behaviour& each : table) {
    for (const std::string suffix : {"", ".test"}) {
      std::string rule = each.rule;
      for (auto at = rule.find("NAME"); at != rule.npos; at = rule.find("NAME"))
        rule.replace(at, 4, each.label + suffix);
      rules += rule + '\n';
    }
  }
  return rules + "target.test * answer 192.0.2.1 192.0.2.2 2001:db8::1\n";
}

/// The name in an expectation is the one that was asked for.
std::string expected_for(std::string text, const std::string& host) {
  for (auto at = text.find("NAME"); at != text.npos; at = text.find("NAME"))
    text.replace(at, 4, host);
  return text;
}

template <class Backend>
void check_table(const std::vector<behaviour>& table) {
  std::vector<lookup_case> wanted;
  std::vector<std::string> expected;
  for (const behaviour& each : table) {
    for (const std::string suffix : {"", ".test"}) {
      const std::string host = each.label + suffix;
      for (const auto& [options, text] : {std::pair(any_family, each.unspec),
                                          {inet_only, each.inet},
                                          {by_hostent, each.hostent}}) {
        wanted.push_back({host, options});
        expected.push_back(expected_for(text, host));
      }
    }
  }
  fixture<Backend> f;
  auto blocking = std::async(std::launch::async, [&] { return look_up_blocking<Backend>(wanted); });
  const auto by_async = look_up_async(f, wanted);
  const auto by_blocking = blocking.get();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string way = i % 3 == 0 ? "AF_UNSPEC" : i % 3 == 1 ? "AF_INET" : "hostent";
    INFO(wanted[i].host, " ", way);
    CHECK(text_of(by_async[i]) == expected[i]);
    CHECK(text_of(by_blocking[i]) == expected[i]);
  }
}

const std::vector<behaviour> answering{
    {"gone", "NAME * nxdomain", "name_not_found", "name_not_found", "name_not_found"},
    {"empty", "NAME * empty", "name_no_data", "name_no_data", "name_no_data"},
    {"failing", "NAME * servfail", "name_try_again", "name_try_again", "name_try_again"},
    {"refusing", "NAME * refused", "name_try_again", "name_try_again", "name_try_again"},
    {"formerr", "NAME * formerr", "name_not_found", "name_not_found", "name_no_recovery"},
    {"alias", "NAME * cname target.test", "target.test 2001:db8::1 192.0.2.1 192.0.2.2",
     "target.test 192.0.2.1 192.0.2.2", "target.test (NAME) 192.0.2.1 192.0.2.2"},
    // An alias of what is not there, and of what is there and has no address.
    {"dangling", "NAME * cname gone.test", "name_not_found", "name_not_found", "name_not_found"},
    {"barren", "NAME * cname empty.test", "name_not_found", "name_not_found", "name_no_recovery"},
    // One family fails: the other one's answer is good enough, at a second attempt at the latest.
    {"only-a", "NAME A answer 192.0.2.7\nNAME AAAA servfail", "NAME 192.0.2.7", "NAME 192.0.2.7",
     "NAME 192.0.2.7"},
    {"only-aaaa", "NAME A servfail\nNAME AAAA answer 2001:db8::7", "NAME 2001:db8::7",
     "name_try_again", "name_try_again"},
};

const std::vector<behaviour> silent_servers{
    {"mute", "NAME * silence", "name_try_again", "name_try_again", "name_try_again"},
    {"half", "NAME A answer 192.0.2.7\nNAME AAAA silence", "NAME 192.0.2.7", "NAME 192.0.2.7",
     "NAME 192.0.2.7"},
    {"noise", "NAME * garbage silence", "name_try_again", "name_try_again", "name_try_again"},
};

}  // namespace

TEST_CASE_TEMPLATE("facts: what servers answer", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = plain_conf});
  DUET_NEED(host);
  scripted_dns dns(rules_for(answering));
  check_table<Backend>(answering);
  host.set_resolv_conf(with_search);
  check_table<Backend>(answering);
}

TEST_CASE_TEMPLATE("facts: servers that say nothing", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = std::string(plain_conf) + impatient});
  DUET_NEED(host);
  scripted_dns dns(rules_for(silent_servers));
  check_table<Backend>(silent_servers);
  host.set_resolv_conf(std::string(with_search) + impatient);
  check_table<Backend>(silent_servers);
}

// The reason why duet asks for the canonical name even when nobody wants it.
TEST_CASE("facts: with a search list and without AI_CANONNAME failure looks like absence") {
  const private_host host({.resolv_conf = with_search});
  DUET_NEED(host);
  scripted_dns dns("*.lan.test * nxdomain\n*.home.test * nxdomain\nfailing.test * servfail\n");
  const auto ask = [](int flags) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    const int status = ::getaddrinfo("failing.test", nullptr, &hints, &found);
    if (status == 0) ::freeaddrinfo(found);
    return status;
  };
  CHECK(ask(0) == EAI_NONAME);
  CHECK(ask(AI_CANONNAME) == EAI_AGAIN);
  host.set_resolv_conf(plain_conf);
  CHECK(ask(0) == EAI_AGAIN);
}

TEST_CASE_TEMPLATE("facts: a silent first server costs time within the default deadline", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = "nameserver 127.0.0.2\nnameserver 127.0.0.1\n"});
  DUET_NEED(host);
  scripted_dns mute("* * silence\n", "127.0.0.2:53");
  scripted_dns dns("www.test A answer 192.0.2.1\nwww.test AAAA empty\n");
  const std::vector<lookup_case> wanted{{"www.test", any_family}, {"www.test", by_hostent}};
  std::future<std::vector<answer>> blocking =
      std::async(std::launch::async, [&] { return look_up_blocking<Backend>(wanted); });
  fixture<Backend> f;
  for (const auto& all : {look_up_async(f, wanted), blocking.get()}) {
    for (const answer& each : all) CHECK(text_of(each) == "www.test 192.0.2.1");
  }
  CHECK(mute.total() > 0);
}

// glibc would wait for more than seven minutes.
TEST_CASE_TEMPLATE("facts: truncation and then a silent TCP server end by our deadline", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = plain_conf});
  DUET_NEED(host);
  scripted_dns dns("stuck.test * truncate tcp-silent answer 192.0.2.1\n");
  fixture<Backend> f;
  f.abandons = true;
  typename Backend::resolver names(f.loop(), lookup_pool_options{});
  for (const resolve_options& view : {any_family, inet_only, by_hostent}) {
    answer got;
    names.async_resolve("stuck.test", "", within(300ms, view),
                        f.once("resolve", [&](std::error_code ec, const resolve_result&) {
                          got = {true, ec, {}};
                        }));
    f.run_until([&] { return got.done; });
    CHECK(word_of(got.ec) == "timed_out");
    std::error_code ec;
    names.resolve("stuck.test", "", within(5ms, view), ec);
    CHECK(word_of(ec) == "timed_out");
  }
  CHECK(dns.count_tcp("stuck.test", "A") > 0);
}

TEST_CASE_TEMPLATE("facts: truncation and then TCP is an answer", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = plain_conf});
  DUET_NEED(host);
  scripted_dns dns("cut.test * truncate answer 192.0.2.1 2001:db8::1\n");
  fixture<Backend> f;
  check_lookup(f, "cut.test", any_family, "cut.test 2001:db8::1 192.0.2.1");
  check_lookup(f, "cut.test", inet_only, "cut.test 192.0.2.1");
  check_lookup(f, "cut.test", by_hostent, "cut.test 192.0.2.1");
  CHECK(dns.count_tcp("cut.test", "A") == 6);
}

TEST_CASE_TEMPLATE("facts: false and broken answers before the right one are passed over", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = plain_conf});
  DUET_NEED(host);
  scripted_dns dns(
      "false.test * wrong-id answer 192.0.2.1 2001:db8::1\n"
      "noisy.test * garbage answer 192.0.2.1 2001:db8::1\n");
  fixture<Backend> f;
  for (const std::string name : {"false.test", "noisy.test"}) {
    check_lookup(f, name, any_family, name + " 2001:db8::1 192.0.2.1");
    check_lookup(f, name, inet_only, name + " 192.0.2.1");
    check_lookup(f, name, by_hostent, name + " 192.0.2.1");
  }
}

TEST_CASE_TEMPLATE("facts: a loop of aliases is an error and no loop", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = plain_conf});
  DUET_NEED(host);
  scripted_dns dns("one.test * cname two.test\ntwo.test * cname one.test\n");
  fixture<Backend> f;
  check_lookup(f, "one.test", any_family, "name_not_found");
  check_lookup(f, "one.test", inet_only, "name_not_found");
  check_lookup(f, "one.test", by_hostent, "name_no_recovery");
}

// SPDX-License-Identifier: MIT
// `duet-resolve NAME...` against a hosts file and a scripted name server, in namespaces of the case's own: views, layouts, exit codes,
// retries, order, confirmation, trace.
#include <nlohmann/json.hpp>
#include <string>

#include "resolve_app.hpp"
#include "scripted_dns.hpp"

using namespace duet::test;
using nlohmann::json;

namespace {

host_files some_hosts() {
  host_files files;
  files.hosts =
      "127.0.0.1 localhost loopback\n"
      "::1 localhost\n"
      "192.0.2.7 web.test www.test\n"
      "192.0.2.8 web.test\n"
      "2001:db8::6 six.test\n";
  return files;
}

/// A name server whose names all ways of failing have.
constexpr const char* rules =
    "good.test * answer 192.0.2.1\n"
    "gone.test * nxdomain\n"
    "empty.test * empty\n"
    "failing.test * servfail\n"
    "refusing.test * refused\n"
    "slow.test * delay=400 answer 192.0.2.2\n"
    "alias.test * cname good.test\n"
    "1.2.0.192.in-addr.arpa PTR answer good.test\n"
    "9.2.0.192.in-addr.arpa PTR answer good.test\n"
    "10.2.0.192.in-addr.arpa PTR answer gone.test\n";

}  // namespace

// That ::1 is 127.0.0.1 to who asks for IPv4 is glibc's doing (nss_files); getaddrinfo drops the double.
TEST_CASE_TEMPLATE("private lookup: both views of the hosts file", Column, DUET_RESOLVE_COLUMNS) {
  host_files files = some_hosts();
  files.nsswitch_conf = "hosts: files\n";
  const private_host host(files);
  DUET_NEED(host);
  const outcome done = resolve<Column>({"localhost", "six.test"});
  CHECK(done.result == 0);
  CHECK(done.out ==
        "localhost\n"
        "  hostent (gethostbyname)\n"
        "    official name localhost\n"
        "    alias loopback\n"
        "    address type AF_INET (2)\n"
        "    length 4\n"
        "    address 127.0.0.1 (0x7f000001)\n"
        "    address 127.0.0.1 (0x7f000001)  [only here]\n"
        "  addrinfo (getaddrinfo)\n"
        "    official name localhost\n"
        "    address type mixed\n"
        "    address ::1 (0x00000000000000000000000000000001)  [only here]\n"
        "    address 127.0.0.1 (0x7f000001)\n"
        "  the views differ: addresses\n"
        "\n"
        "six.test\n"
        "  hostent (gethostbyname)\n"
        "    name or service not found  [differs]\n"
        "  addrinfo (getaddrinfo)\n"
        "    official name six.test\n"
        "    address type AF_INET6 (10)\n"
        "    length 16\n"
        "    address 2001:db8::6 (0x20010db8000000000000000000000006)\n"
        "  the views differ: outcome\n");
}

TEST_CASE("private lookup: the columns print the same to the byte") {
  const private_host host(some_hosts());
  DUET_NEED(host);
  const scripted_dns server(rules);
  const arguments names{"localhost",  "www.test",  "six.test",    "127.0.0.1",
                        "::1",        "good.test", "gone.test",   "alias.test",
                        "empty.test", "bad name",  "failing.test"};
  for (const arguments& options : {arguments{},
                                   {"-4"},
                                   {"-6"},
                                   {"--short"},
                                   {"--hosts"},
                                   {"--json"},
                                   {"--trace", "--jobs", "1"},
                                   {"--service", "http"},
                                   {"--verify"},
                                   {"--views", "hostent"},
                                   {"--color", "always"},
                                   {"--via", "blocking"},
                                   {"--views", "addrinfo", "--json"}}) {
    arguments all = options;
    all.insert(all.end(), names.begin(), names.end());
    const outcome one = resolve<asio_column>(all);
    const outcome other = resolve<posix_column>(all);
    CHECK(one.result == other.result);
    CHECK(one.out == other.out);
    CHECK(one.err == other.err);
    CHECK(one.result == 8);
  }
}

TEST_CASE_TEMPLATE("private lookup: each layout", Column, DUET_RESOLVE_COLUMNS) {
  const private_host host(some_hosts());
  DUET_NEED(host);
  CHECK(resolve<Column>({"--short", "www.test"}).out == "192.0.2.7\n");
  CHECK(resolve<Column>({"--short", "-4", "web.test"}).out == "192.0.2.7\n192.0.2.8\n");
  CHECK(resolve<Column>({"--short", "-6", "localhost"}).out == "::1\n");
  CHECK(resolve<Column>({"--hosts", "-4", "localhost"}).out == "127.0.0.1\tlocalhost loopback\n");
  CHECK(resolve<Column>({"--short", "192.0.2.7", "::1"}).out ==
        "192.0.2.7\tweb.test\n::1\tlocalhost\n");
  CHECK(resolve<Column>({"--hosts", "www.test", "127.0.0.1"}).out ==
        "192.0.2.7\tweb.test www.test\n127.0.0.1\tlocalhost loopback\n");
  const auto lines = lines_of(resolve<Column>({"--json", "www.test", "192.0.2.7", "none.."}).out);
  REQUIRE(lines.size() == 3);
  CHECK(json::parse(lines[0])["hostent_aliases"] == json{"www.test"});
  CHECK(json::parse(lines[0])["hostent_addresses_hex"] == json{"0xc0000207"});
  CHECK(json::parse(lines[1])["event"] == "reversed");
  CHECK(json::parse(lines[1])["names"] == json{"web.test", "www.test"});
  CHECK(json::parse(lines[2])["event"] == "refused");
  const outcome served = resolve<Column>({"--json", "--service", "http", "www.test"});
  CHECK(json::parse(served.out)["port"] == 80);
  const outcome unknown = resolve<Column>({"--service", "nosuch", "www.test"});
  CHECK(unknown.result == 3);
}

TEST_CASE_TEMPLATE("private lookup: each end has its exit code", Column, DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  const scripted_dns server(rules);
  for (const char* const via : {"pool", "blocking"}) {
    CAPTURE(via);
    const auto code = [&](arguments names) {
      names.insert(names.begin(), {"--via", via});
      return resolve<Column>(names).result;
    };
    CHECK(code({"good.test"}) == 0);
    CHECK(code({"alias.test"}) == 0);
    CHECK(code({"gone.test"}) == 3);
    CHECK(code({"empty.test"}) == 3);
    CHECK(code({"failing.test"}) == 7);
    CHECK(code({"refusing.test"}) == 7);
    CHECK(code({"192.0.2.77"}) == 3);
    CHECK(code({"gone.test", "empty.test"}) == 3);
    CHECK(code({"good.test", "gone.test"}) == 8);
    CHECK(code({"gone.test", "failing.test"}) == 1);
  }
}

TEST_CASE("private lookup: Asio's own resolver has the exit codes too") {
  const private_host host;
  DUET_NEED(host);
  const scripted_dns server(rules);
  const auto by_stock = [](const char* name) {
    return resolve<asio_column>({"--via", "stock", "--short", name});
  };
  CHECK(by_stock("good.test").out == "192.0.2.1\n");
  CHECK(by_stock("192.0.2.1").out == "good.test\n");
  CHECK(by_stock("gone.test").result == 3);
  CHECK(by_stock("empty.test").result == 3);
  CHECK(by_stock("failing.test").result == 7);
  CHECK(by_stock("192.0.2.77").result == 3);
  CHECK(by_stock("bad name").result == 2);
}

TEST_CASE_TEMPLATE("private lookup: a bad name is no query", Column, DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns server("* * answer 192.0.2.1\n");
  const std::string label(64, 'a');
  const arguments bad{"",
                      " ",
                      "a b.test",
                      "a..test",
                      ".a.test",
                      "-a.test",
                      label + ".test",
                      "a/b.test",
                      "\xc3\xa4.test"};
  for (const char* const via : {"pool", "blocking", "stock"}) {
    if (via == std::string("stock") && Column::backend == std::string("posix")) continue;
    arguments all{"--via", via, "--"};
    all.insert(all.end(), bad.begin(), bad.end());
    const outcome done = resolve<Column>(all);
    CHECK(done.result == 2);
    CHECK(lines_of(done.err).size() == bad.size());
  }
  CHECK(server.total() == 0);
}

TEST_CASE_TEMPLATE("private lookup: answers come in the order of the names", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  const scripted_dns server(rules);
  const outcome done =
      resolve<Column>({"--short"}, "slow.test\ngood.test\ngone.test\nalias.test\n");
  CHECK(done.out == "slow.test\t192.0.2.2\ngood.test\t192.0.2.1\nalias.test\t192.0.2.1\n");
  CHECK(done.err == "duet-resolve: 'gone.test': name or service not found\n");
  CHECK(done.result == 8);
}

TEST_CASE_TEMPLATE("private lookup: failing servers are asked again as often as said", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  scripted_dns server(rules);
  const arguments asked{"-4", "--views", "addrinfo", "failing.test"};
  const auto with = [&](const arguments& more) {
    const int before = server.count("failing.test", "A");
    arguments all = asked;
    all.insert(all.end(), more.begin(), more.end());
    CHECK(resolve<Column>(all).result == 7);
    return server.count("failing.test", "A") - before;
  };
  const int once = with({});
  CHECK(once > 0);
  CHECK(with({"--retries", "2"}) == 3 * once);
  CHECK(with({"--retries", "2", "--via", "blocking"}) == 3 * once);
  // Pauses of 100, 200, 400 and 800 ms fit, and leave a second for the attempts of a busy machine; one of 1600 ms does not.
  CHECK(with({"--retries", "1000", "--timeout", "2500ms"}) <= 5 * once);
  const int before = server.count("gone.test", "A");
  CHECK(resolve<Column>({"-4", "--short", "--retries", "5", "gone.test"}).result == 3);
  CHECK(server.count("gone.test", "A") == before + 1);
}

TEST_CASE_TEMPLATE("private lookup: a name of an address has to lead back", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  const scripted_dns server(rules);
  const outcome good = resolve<Column>({"--verify", "192.0.2.1"});
  CHECK(good.result == 0);
  CHECK(good.out.ends_with("  confirmed: good.test leads back\n"));
  const outcome liar = resolve<Column>({"--verify", "192.0.2.9"});
  CHECK(liar.result == 1);
  CHECK(liar.err == "duet-resolve: '192.0.2.9': 'good.test' does not lead back to it\n");
  CHECK(liar.out.ends_with("  not confirmed: good.test does not lead back\n"));
  const outcome gone = resolve<Column>({"--verify", "--short", "192.0.2.10"});
  CHECK(gone.result == 1);
  CHECK(gone.out.empty());
  CHECK(has(gone.err, "'gone.test' does not lead back to it: name or service not found"));
  CHECK(resolve<Column>({"--short", "192.0.2.9"}).out == "good.test\n");
}

TEST_CASE_TEMPLATE("private lookup: the trace begins with the set-up", Column,
                   DUET_RESOLVE_COLUMNS) {
  host_files files = some_hosts();
  files.resolv_conf = "nameserver 127.0.0.1\nsearch lan.test\noptions timeout:1 attempts:1\n";
  const private_host host(files);
  DUET_NEED(host);
  const outcome done = resolve<Column>({"--trace", "--short", "--views", "both", "www.test"});
  CHECK(done.out == "192.0.2.7\n");
  CHECK(done.err ==
        "nsswitch.conf hosts: files dns\n"
        "resolv.conf nameserver 127.0.0.1\n"
        "resolv.conf search lan.test\n"
        "resolv.conf options timeout:1 attempts:1\n"
        "getaddrinfo www.test -> 1\n"
        "gethostbyname2_r www.test -> 1\n");
  CHECK(has(resolve<Column>({"--trace", "--via", "blocking", "192.0.2.7"}).err,
            "\ngetnameinfo 192.0.2.7 -> 1\n"));
}

TEST_CASE_TEMPLATE("private lookup: repeated lookups have percentiles", Column,
                   DUET_RESOLVE_COLUMNS) {
  const private_host host(some_hosts());
  DUET_NEED(host);
  const outcome few = resolve<Column>({"--repeat", "15", "localhost"});
  CHECK(has(few.out, "  time of 15 lookups, min/mean/p50/p90/p99/p99.9/max = "));
  CHECK(has(few.out, "/-/-/-/-/"));  // fewer than ten beyond any of them
  const outcome more = resolve<Column>({"--repeat", "100", "--json", "localhost", "www.test"});
  const auto lines = lines_of(more.out);
  REQUIRE(lines.size() == 3);
  const json one = json::parse(lines[0]);
  CHECK(one["lookups"] == 100);
  CHECK(one["failed"] == 0);
  CHECK(one["p90_ns"].is_number());
  CHECK(one["p99_ns"].is_null());
  const json all = json::parse(lines[2]);
  CHECK(all["event"] == "summary");
  CHECK(all["schema"] == "duet-resolve/1");
  CHECK(all["names"] == 2);
  CHECK(all["lookups"] == 200);
  const outcome list = resolve<Column>({"--time", "--short", "localhost", "www.test"});
  CHECK(lines_of(list.out).size() == 3);  // the list stays one
  CHECK(has(list.err, "'localhost': time "));
  CHECK(has(list.err, "2 names, 0 failed, 2 lookups in "));
}

TEST_CASE_TEMPLATE("private lookup: its lines make a hosts file", Column, DUET_RESOLVE_COLUMNS) {
  const private_host host;
  DUET_NEED(host);
  std::string lines;
  {
    const scripted_dns server(rules);
    lines = resolve<Column>({"--hosts", "alias.test", "192.0.2.9"}).out;
  }
  CHECK(lines == "192.0.2.1\tgood.test alias.test\n192.0.2.9\tgood.test\n");
  host.set_hosts(lines);
  CHECK(resolve<Column>({"--short", "alias.test"}).out == "192.0.2.1\n");
}

// SPDX-License-Identifier: MIT
// endpoint: the value: its parts, how it is made from parts, equality. The grammar of its text is
// endpoint_text_test.cpp.
#include <sstream>
#include <type_traits>
#include <vector>

#include "endpoint_cases.hpp"

using duet::address;
using duet::endpoint;
using duet::transport;
using endpoint_cases::not_a_quad;
using endpoint_cases::parsed;
using endpoint_cases::refusal;
using namespace std::string_literals;

namespace {

static_assert(std::regular<endpoint>);
static_assert(std::is_nothrow_move_constructible_v<endpoint>);
static_assert(duet::scheme(transport::tcp) == "tcp" && duet::scheme(transport::udp) == "udp");
static_assert(duet::scheme(transport::unix_stream) == "unix");
static_assert(duet::scheme(transport::unix_datagram) == "unixgram");

}  // namespace

TEST_CASE("endpoint: what the parts of a text are") {
  struct row {
    std::string text;
    transport kind;
    bool stream, wildcard, numeric;
    std::string address;
    std::uint16_t port;
    std::string host, service, path;
  };
  const std::vector<row> table = {
      {"tcp://1.2.3.4:80", transport::tcp, true, false, true, "1.2.3.4", 80, "", "", ""},
      {"udp://[fe80::1%25lo]:80", transport::udp, false, false, true, "fe80::1%lo", 80, "", "", ""},
      {"tcp://*:80", transport::tcp, true, true, true, "::", 80, "", "", ""},
      {"tcp://:echo", transport::tcp, true, true, false, "::", 0, "", "echo", ""},
      {"tcp://0.0.0.0:0", transport::tcp, true, false, true, "0.0.0.0", 0, "", "", ""},
      {"tcp://[::]:1", transport::tcp, true, false, true, "::", 1, "", "", ""},
      {"udp://h:80", transport::udp, false, false, false, "0.0.0.0", 80, "h", "", ""},
      {"tcp://h:echo", transport::tcp, true, false, false, "0.0.0.0", 0, "h", "echo", ""},
      {"tcp://1.2.3.4:echo", transport::tcp, true, false, false, "1.2.3.4", 0, "", "echo", ""},
      {"unix:/p", transport::unix_stream, true, false, true, "0.0.0.0", 0, "", "", "/p"},
      {"unix:@p", transport::unix_stream, true, false, true, "0.0.0.0", 0, "", "", "\0p"s},
      {"unixgram:p", transport::unix_datagram, false, false, true, "0.0.0.0", 0, "", "", "p"},
  };
  for (const row& row : table) {
    CAPTURE(row.text);
    const endpoint read = parsed(row.text);
    CHECK(read.transport() == row.kind);
    CHECK(read.is_stream() == row.stream);
    CHECK(read.is_ip() == row.path.empty());
    CHECK(read.is_unix() == !row.path.empty());
    CHECK(read.is_wildcard() == row.wildcard);
    CHECK(read.is_numeric() == row.numeric);
    CHECK(read.address().to_string() == row.address);
    CHECK(read.port() == row.port);
    CHECK(read.host() == row.host);
    CHECK(read.service() == row.service);
    CHECK(read.path() == row.path);
    CHECK(read.is_abstract() == row.path.starts_with('\0'));
  }
}

TEST_CASE("endpoint: made from parts") {
  CHECK(endpoint().to_string() == "tcp://0.0.0.0:0");
  CHECK(endpoint() == endpoint(transport::tcp, address::any_v4(), 0));
  CHECK(endpoint(transport::udp, address::loopback_v6(), 53).to_string() == "udp://[::1]:53");
  CHECK(endpoint::wildcard(transport::tcp, 80) == parsed("tcp://*:80"));
  CHECK(endpoint::wildcard(transport::tcp, 80) != parsed("tcp://[::]:80"));
  CHECK(endpoint::local(transport::unix_stream, "/p") == parsed("unix:/p"));
  CHECK(endpoint::local(transport::unix_datagram, "\0p"s) == parsed("unixgram:@p"));
  CHECK(endpoint::named(transport::tcp, "h", "echo") == parsed("tcp://h:echo"));
  CHECK(endpoint::named(transport::tcp, "h", "80") == parsed("tcp://h:80"));
  CHECK(endpoint::named(transport::tcp, "1.2.3.4", "80") == parsed("tcp://1.2.3.4:80"));
  CHECK(endpoint::named(transport::tcp, "::1", "80") == parsed("tcp://[::1]:80"));
  CHECK(endpoint::named(transport::tcp, "[::1]", "80") == parsed("tcp://[::1]:80"));
  CHECK(endpoint::named(transport::tcp, "fe80::1%eth0", "80") == parsed("tcp://[fe80::1%eth0]:80"));
  CHECK(endpoint::named(transport::tcp, "", "80") == endpoint::wildcard(transport::tcp, 80));
  CHECK(endpoint::named(transport::tcp, "*", "80") == endpoint::wildcard(transport::tcp, 80));
}

TEST_CASE("endpoint: parts that make none are refused with both forms") {
  const auto named = [](transport kind, const std::string& host, const std::string& service) {
    return refusal([&] { return endpoint::named(kind, host, service); },
                   [&](std::error_code& ec) { return endpoint::named(kind, host, service, ec); });
  };
  CHECK(named(transport::tcp, "h", "65543") ==
        "endpoint 'tcp://h:65543': port '65543' is not a number from 0 to 65535");
  CHECK(named(transport::udp, "127.1", "80") ==
        "endpoint 'udp://127.1:80': host '127.1' " + not_a_quad);
  CHECK(named(transport::tcp, "h:1", "80") ==
        "endpoint 'tcp://h:1:80': host 'h:1' has the character ':'");
  CHECK(named(transport::unix_stream, "h", "80") ==
        "endpoint 'unix://h:80': a host and a service need the transport tcp or udp");

  const auto local = [](transport kind, const std::string& path) {
    return refusal([&] { return endpoint::local(kind, path); },
                   [&](std::error_code& ec) { return endpoint::local(kind, path, ec); });
  };
  CHECK(local(transport::unix_stream, "/a\0b"s) == "endpoint 'unix:/a\\x00b': path has a NUL byte");
  CHECK(local(transport::unix_stream, "\0"s) == "endpoint 'unix:\\x00': abstract name is empty");
  CHECK(local(transport::unix_stream, std::string(108, 'a'))
            .ends_with("path has 108 bytes, a socket address holds 107"));
  CHECK(local(transport::tcp, "/p") ==
        "endpoint 'tcp:/p': a path needs the transport unix or unixgram");

  CHECK_THROWS_AS(endpoint(transport::unix_stream, address(), 1), std::system_error);
  CHECK_THROWS_AS(endpoint::wildcard(transport::unix_datagram, 1), std::system_error);
}

TEST_CASE("endpoint: UNIX names that only the kernel gives") {
  const endpoint unnamed = endpoint::local(transport::unix_stream, "");
  CHECK(unnamed.to_string() == "unix:");
  CHECK(unnamed.is_unix());
  CHECK(unnamed.is_numeric());
  CHECK_FALSE(unnamed.is_abstract());

  // Programs that pass sizeof(sockaddr_un) have abstract names that end in NUL bytes.
  const std::string padded = "\0name"s + std::string(103, '\0');
  CHECK(endpoint::local(transport::unix_stream, padded).path() == padded);
  CHECK(endpoint::local(transport::unix_stream, padded).is_abstract());

  // The kernel takes a path that begins with @; printed it means the same file.
  CHECK(endpoint::local(transport::unix_stream, "@x").to_string() == "unix:./@x");
  CHECK(endpoint::local(transport::unix_stream, "@x").path() == "@x");
}

TEST_CASE("endpoint: with_port and with_address replace what they say") {
  CHECK(parsed("tcp://1.2.3.4:80").with_port(81) == parsed("tcp://1.2.3.4:81"));
  CHECK(parsed("tcp://h:echo").with_port(81) == parsed("tcp://h:81"));
  CHECK(parsed("tcp://*:0").with_port(81) == parsed("tcp://*:81"));
  CHECK(parsed("unix:/p").with_port(81) == parsed("unix:/p"));
  const address one = address::parse("192.0.2.1").value();
  CHECK(parsed("tcp://h:80").with_address(one) == parsed("tcp://192.0.2.1:80"));
  CHECK(parsed("tcp://*:80").with_address(one) == parsed("tcp://192.0.2.1:80"));
  CHECK(parsed("udp://h:echo").with_address(one) == parsed("udp://192.0.2.1:echo"));
  CHECK(parsed("unix:/p").with_address(one) == parsed("unix:/p"));
}

TEST_CASE("endpoint: different endpoints are unequal") {
  const std::vector<std::string> texts = {
      "tcp://h:80", "udp://h:80",    "tcp://g:80",       "tcp://h:81",       "tcp://h:www",
      "tcp://*:80", "tcp://[::]:80", "tcp://0.0.0.0:80", "tcp://[::%lo]:80", "unix:h",
      "unixgram:h", "unix:@h",       "unix:/h",
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t k = 0; k < texts.size(); ++k) {
      CAPTURE(texts[i]);
      CAPTURE(texts[k]);
      CHECK((parsed(texts[i]) == parsed(texts[k])) == (i == k));
    }
  }
}

TEST_CASE("endpoint: to_string and the stream operator print the same") {
  std::ostringstream out;
  out << parsed("h:80") << ' ' << to_string(parsed("unix:@x"));
  CHECK(out.str() == "tcp://h:80 unix:@x");
}

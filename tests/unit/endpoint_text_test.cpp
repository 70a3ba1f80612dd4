// SPDX-License-Identifier: MIT
// endpoint: the grammar of its text, every rule of include/duet/endpoint.hpp, good and bad. The
// value itself is endpoint_test.cpp.
#include <vector>

#include "endpoint_cases.hpp"

using duet::endpoint;
using endpoint_cases::not_a_quad;
using endpoint_cases::parsed;
using endpoint_cases::refusal_of;
using namespace std::string_literals;

namespace {

struct bad_text {
  std::string text;
  std::string reason;
};

// Every row is refused with exactly this reason behind the text.
void check_refused(const std::vector<bad_text>& table) {
  for (const auto& [text, reason] : table) {
    CAPTURE(text);
    CHECK(refusal_of(text) == "endpoint '" + text + "': " + reason);
  }
}

std::string label(std::size_t bytes) { return std::string(bytes, 'a'); }

// A host name of so many bytes, of labels of at most 63.
std::string host_of(std::size_t bytes) {
  std::string host(bytes, 'a');
  for (std::size_t i = 63; i + 1 < bytes; i += 64) host[i] = '.';
  return host;
}

}  // namespace

TEST_CASE("endpoint: texts are read and printed canonically and read again") {
  struct row {
    std::string text, canonical;
  };
  const std::vector<row> table = {
      {"tcp://127.0.0.1:9000", "tcp://127.0.0.1:9000"},
      {"udp://127.0.0.1:9000", "udp://127.0.0.1:9000"},
      {"127.0.0.1:9000", "tcp://127.0.0.1:9000"},
      {"TCP://127.0.0.1:0", "tcp://127.0.0.1:0"},
      {"Udp://h:65535", "udp://h:65535"},
      {"tcp://0.0.0.0:80", "tcp://0.0.0.0:80"},
      {"tcp://[::1]:9000", "tcp://[::1]:9000"},
      {"[::1]:9000", "tcp://[::1]:9000"},
      {"udp://[::]:53", "udp://[::]:53"},
      {"tcp://[2001:DB8:0::1]:80", "tcp://[2001:db8::1]:80"},
      {"tcp://[::ffff:1.2.3.4]:80", "tcp://[::ffff:1.2.3.4]:80"},
      {"tcp://[fe80::1%eth0]:80", "tcp://[fe80::1%eth0]:80"},
      {"tcp://[fe80::1%25eth0]:80", "tcp://[fe80::1%eth0]:80"},
      {"tcp://[fe80::1%25]:80", "tcp://[fe80::1%25]:80"},
      {"tcp://[fe80::1%2525]:80", "tcp://[fe80::1%25]:80"},
      {"tcp://[fe80::1%2525eth0]:80", "tcp://[fe80::1%2525eth0]:80"},
      {"tcp://[fe80::1%252525]:80", "tcp://[fe80::1%252525]:80"},
      {"tcp://[fe80::1%2]:80", "tcp://[fe80::1%2]:80"},
      {"tcp://[fe80::1%123456789012345]:80", "tcp://[fe80::1%123456789012345]:80"},
      {"tcp://[fe80::1%25123456789012345]:80", "tcp://[fe80::1%123456789012345]:80"},
      {"tcp://*:9000", "tcp://*:9000"},
      {"tcp://:9000", "tcp://*:9000"},
      {":9000", "tcp://*:9000"},
      {"*:9000", "tcp://*:9000"},
      {"udp://*:echo", "udp://*:echo"},
      {"tcp://localhost:echo", "tcp://localhost:echo"},
      {"localhost:80", "tcp://localhost:80"},
      {"tcp://LocalHost:80", "tcp://LocalHost:80"},
      {"tcp://127.0.0.1:echo", "tcp://127.0.0.1:echo"},
      {"tcp://[::1]:echo-2_x.y", "tcp://[::1]:echo-2_x.y"},
      {"tcp://h:0080", "tcp://h:80"},
      {"tcp://h:000000065535", "tcp://h:65535"},
      {"tcp://h:_x", "tcp://h:_x"},
      {"tcp://h.:80", "tcp://h.:80"},
      {"tcp://a_b.c-d.9:80", "tcp://a_b.c-d.9:80"},
      {"tcp://0x0.st:80", "tcp://0x0.st:80"},
      {"tcp://1.2.3.4.com:80", "tcp://1.2.3.4.com:80"},
      {"tcp://h" + label(62) + ":80", "tcp://h" + label(62) + ":80"},
      {"tcp://" + host_of(253) + ":80", "tcp://" + host_of(253) + ":80"},
      {"tcp://" + host_of(253) + ".:80", "tcp://" + host_of(253) + ".:80"},
      {"tcp://h:" + label(63), "tcp://h:" + label(63)},
      {"tcp:80", "tcp://tcp:80"},  // HOST:PORT: without // this is no scheme
      {"unix:/run/x.sock", "unix:/run/x.sock"},
      {"UNIX:/run/X.sock", "unix:/run/X.sock"},
      {"unix:x.sock", "unix:x.sock"},
      {"unix:./x.sock", "unix:./x.sock"},
      {"unix://x", "unix://x"},
      {"unix:///p", "unix:/p"},
      {"unix:////p", "unix://p"},
      {"unix://///p", "unix://///p"},
      {"unix:///", "unix:/"},
      {"unix:@name", "unix:@name"},
      {"unix:@@", "unix:@@"},
      {"unix:./@x", "unix:./@x"},
      {"unix:a@b", "unix:a@b"},
      {"unix:h:80", "unix:h:80"},
      {"unix: \n%20?#", "unix: \n%20?#"},
      {"unix:\xc3\xa9\xff", "unix:\xc3\xa9\xff"},
      {"unix:tcp://h:80", "unix:tcp://h:80"},
      {"unix:/" + label(106), "unix:/" + label(106)},
      {"unix:///" + label(106), "unix:/" + label(106)},
      {"unix:@" + label(107), "unix:@" + label(107)},
      {"unixgram:/run/x.sock", "unixgram:/run/x.sock"},
      {"UnixGram:@x", "unixgram:@x"},
  };
  for (const auto& [text, canonical] : table) {
    CAPTURE(text);
    const endpoint read = parsed(text);
    CHECK(read.to_string() == canonical);
    CHECK(parsed(canonical) == read);
  }
}

TEST_CASE("endpoint: a port is a number from 0 to 65535 and nothing else") {
  for (const std::string& port :
       {"65536"s, "65543"s, "99999"s, "4294967376"s, "18446744073709551696"s,
        "+80"s,   "-80"s,   "-0"s,    "+"s,          "-"s,
        " 80"s,   "\t80"s,  "\n80"s,  "80 "s,        "80\n"s,
        "0x50"s,  "8o"s,    "80a"s,   "80:90"s,      "80/"s,
        "80/x"s,  "80?x"s,  "80#"s,   "8.0"s,        "80,"s,
        "1e3"s,   ""s,      " "s,     "80\xff"s,     "80]"s,
        "-echo"s, "9p"s}) {
    const std::string text = "tcp://h:" + port;
    CAPTURE(text);
    const std::string what = refusal_of(text);
    CHECK(what.find("is not a number from 0 to 65535") != std::string::npos);
  }
  check_refused({
      {"tcp://h:65543", "port '65543' is not a number from 0 to 65535"},
      {"h:+80", "port '+80' is not a number from 0 to 65535"},
      {"tcp://h: 80", "port ' 80' is not a number from 0 to 65535"},
      {"tcp://h:0x50", "port '0x50' is not a number from 0 to 65535"},
      {"tcp://h:80 ", "port '80 ' is not a number from 0 to 65535"},
      {"udp://h:", "port '' is not a number from 0 to 65535"},
  });
  CHECK(refusal_of("h:80\0"s) ==
        "endpoint 'h:80\\x00': port '80\\x00' is not a number from 0 to 65535");
}

TEST_CASE("endpoint: a service is a short plain name") {
  const std::string reason = " has a character other than letters, digits, '-', '_' and '.'";
  check_refused({
      {"tcp://h:a b", "service 'a b'" + reason},
      {"tcp://h:a/b", "service 'a/b'" + reason},
      {"tcp://h:/", "service '/'" + reason},
      {"tcp://h:*", "service '*'" + reason},
      {"tcp://a:b:c", "service 'b:c'" + reason},
      {"tcp:h:80", "service 'h:80'" + reason},
      {"tcp:/h:80", "service '/h:80'" + reason},
      {"tcp://h:" + label(64), "service '" + label(64) + "' is longer than 63 bytes"},
  });
  CHECK(refusal_of("h:a\0"s) == "endpoint 'h:a\\x00': service 'a\\x00'" + reason);
  CHECK(refusal_of("h:\xc3\xa9") == "endpoint 'h:\\xc3\\xa9': service '\\xc3\\xa9'" + reason);
}

TEST_CASE("endpoint: a port has to be there") {
  const std::string reason = "port is missing: HOST:PORT or unix:PATH is needed";
  for (const char* text : {"", "h", "tcp://", "tcp://h", "tcp://*", "127.0.0.1", "/run/x.sock",
                           "[::1]", "tcp://[::1]", "unix", "unix//x"}) {
    CHECK(refusal_of(text) == "endpoint '"s + text + "': " + reason);
  }
}

TEST_CASE("endpoint: numbers that are no strict dotted quad are never taken for a name") {
  for (const char* host : {"127.1",     "256.1.1.1",  "0x7f.1",    "0x7f000001", "0X7F.0.0.1",
                           "1.2.3.4.5", "2130706433", "010.0.0.1", "0177.0.0.1", "08.0.0.1",
                           "1.2.3.",    "1..2",       ".1",        ".",          "..",
                           "0",         "0x",         "1.0x2.3.4", "127.0.0.1.", "1.2.3.04"}) {
    CHECK(refusal_of("tcp://"s + host + ":80") ==
          "endpoint 'tcp://"s + host + ":80': host '" + host + "' " + not_a_quad);
  }
}

TEST_CASE("endpoint: a host name is one that a resolver would ask for") {
  const auto refused = [](const std::string& host, const std::string& reason) {
    CAPTURE(host);
    const std::string what = refusal_of("tcp://" + host + ":80");
    CHECK(what.ends_with("host '" + host + "' " + reason));
  };
  refused("-h", "begins with '-'");
  refused("h..x", "has an empty label");
  refused(".h", "has an empty label");
  refused("h..", "has an empty label");
  refused(label(64), "has a label longer than 63 bytes");
  refused("x." + label(64) + ".y", "has a label longer than 63 bytes");
  refused(host_of(254), "is longer than 253 bytes");
  refused(host_of(254) + ".", "is longer than 253 bytes");
  for (const char c : "/@; \"#%<>?[]\\^`{|}"s) {
    const std::string what = refusal_of("tcp://h"s + c + "x:80");
    CHECK(what.find("has the character") != std::string::npos);
  }
  refused("user@h", "has the character '@'");
  refused("h/x", "has the character '/'");
  refused("127.0.0.1%lo", "has the character '%'");
  refused(" h", "has the character ' '");
  for (int byte = 0; byte < 256; ++byte) {
    if (byte > ' ' && byte < 0x7f) continue;
    const std::string host = "h"s + static_cast<char>(byte) + "x";
    CHECK(refusal_of(host + ":80").find("has the character") != std::string::npos);
  }
}

TEST_CASE("endpoint: a NUL byte hides nothing") {
  CHECK(refusal_of("127.0.0.1\0x:80"s) ==
        "endpoint '127.0.0.1\\x00x:80': host '127.0.0.1\\x00x' has the character '\\x00'");
  CHECK(refusal_of("tcp://h:80\0x"s).find("is not a number") != std::string::npos);
  CHECK(refusal_of("tcp://[::1\0]:80"s).find("is not an IPv6 address") != std::string::npos);
  CHECK(refusal_of("unix:/a\0b"s) == "endpoint 'unix:/a\\x00b': path has a NUL byte");
  CHECK(refusal_of("unix:\0b"s) == "endpoint 'unix:\\x00b': path has a NUL byte");
  CHECK(refusal_of("unix:@a\0"s) == "endpoint 'unix:@a\\x00': path has a NUL byte");
}

TEST_CASE("endpoint: IPv6 addresses need brackets and brackets need IPv6 addresses") {
  const std::string brackets = "an IPv6 address needs brackets, as in tcp://[::1]:80";
  check_refused({
      {"::1", brackets},
      {"::1:80", brackets},
      {"tcp://::1:80", brackets},
      {"tcp://fe80::1%eth0:80", brackets},
      {"1:2:3:4:5:6:7:8", brackets},
      {"1:2:3:4:5:6:7:8:80", brackets},
      {"tcp://[::1:80", "'[::1:80' has no closing ']'"},
      {"tcp://[", "'[' has no closing ']'"},
      {"tcp://[]:80", "'' is not an IPv6 address"},
      {"tcp://[1.2.3.4]:80", "'1.2.3.4' is not an IPv6 address"},
      {"tcp://[localhost]:80", "'localhost' is not an IPv6 address"},
      {"tcp://[[::1]:80", "'[::1' is not an IPv6 address"},
      {"tcp://[::1]80", "'80' stands where ':PORT' is needed"},
      {"tcp://[::1]x:80", "'x:80' stands where ':PORT' is needed"},
      {"tcp://[::1]]:80", "']:80' stands where ':PORT' is needed"},
      {"tcp://[fe80::1%]:80", "scope '' is not the name or number of an interface"},
      {"tcp://[fe80::1%a%b]:80", "scope 'a%b' is not the name or number of an interface"},
      {"tcp://[fe80::1%1234567890123456]:80",
       "scope '1234567890123456' is not the name or number of an interface"},
      {"tcp://[fe80::1%251234567890123456]:80",
       "scope '1234567890123456' is not the name or number of an interface"},
      {"tcp://[%eth0]:80", "'%eth0' is not an IPv6 address"},
      {"tcp://x[::1]:80", brackets},
  });
}

TEST_CASE("endpoint: other schemes are refused by name") {
  check_refused({
      {"http://h:80", "scheme 'http' is not tcp, udp, unix or unixgram"},
      {"tcp6://[::1]:80", "scheme 'tcp6' is not tcp, udp, unix or unixgram"},
      {"://h:80", "scheme '' is not tcp, udp, unix or unixgram"},
      {" tcp://h:80", "scheme ' tcp' is not tcp, udp, unix or unixgram"},
      {"unixs://x", "scheme 'unixs' is not tcp, udp, unix or unixgram"},
  });
}

TEST_CASE("endpoint: a UNIX path is neither empty nor too long") {
  check_refused({
      {"unix:", "path is empty"},
      {"UNIXGRAM:", "path is empty"},
      {"unix:@", "abstract name is empty"},
      {"unix:" + label(108), "path has 108 bytes, a socket address holds 107"},
      {"unix:@" + label(108), "abstract name has 108 bytes, a socket address holds 107"},
      {"unix:///" + label(107), "path has 108 bytes, a socket address holds 107"},
  });
}

TEST_CASE("endpoint: error texts are escaped and cut") {
  CHECK(refusal_of("h\x1b[2J\n:80") ==
        "endpoint 'h\\x1b[2J\\x0a:80': host 'h\\x1b[2J\\x0a' has the character '\\x1b'");
  const std::string what = refusal_of("tcp://" + std::string(100'000, 'a') + ":80");
  CHECK(what.size() < 1000);
  CHECK(what.find("aaa'...: host '") != std::string::npos);
  CHECK(what.ends_with("'... is longer than 253 bytes"));
}

TEST_CASE("endpoint: a caught error copied as its base still tells everything") {
  try {
    (void)endpoint::parse("h:x y");
    FAIL("no exception");
  } catch (const std::system_error& thrown) {
    const std::string what = std::system_error(thrown).what();
    CHECK(what.starts_with("endpoint 'h:x y': service 'x y'"));
    CHECK(what.ends_with(": not a valid endpoint"));
  }
}

// SPDX-License-Identifier: MIT
// What is asked for an input, and what is said of one that nobody is asked about.
#include "resolve/query.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace duet::apps::resolve;
using duet::address;

namespace {

query plain(const std::string& input) { return query_for(input, lookup_options{}); }

query backwards(const std::string& input) {
  lookup_options options;
  options.reverse = true;
  return query_for(input, options);
}

}  // namespace

TEST_CASE("query: a name is looked up forwards and an address backwards") {
  CHECK_FALSE(plain("localhost").backwards);
  CHECK(plain("localhost").refusal.empty());
  CHECK(plain("127.0.0.1").backwards == address::parse("127.0.0.1"));
  CHECK(plain("::1").backwards == address::parse("::1"));
  CHECK(backwards("::1").backwards == address::parse("::1"));
  // Legacy forms are names to getaddrinfo, which makes addresses of them.
  CHECK_FALSE(plain("127.1").backwards);
  CHECK(plain("127.1").refusal.empty());
}

TEST_CASE("query: an address is looked up forwards for its service and for the other family") {
  lookup_options options;
  options.service = "80";
  CHECK_FALSE(query_for("127.0.0.1", options).backwards);
  options = {};
  options.family = address::family::v6;
  CHECK_FALSE(query_for("127.0.0.1", options).backwards);
  CHECK(query_for("::1", options).backwards);
}

TEST_CASE("query: backwards goes only what is an address") {
  CHECK(backwards("localhost").refusal == "it is neither an IPv4 nor an IPv6 address");
  CHECK(backwards("127.1").refusal == "it is a legacy form of 127.0.0.1; write that");
  CHECK(backwards("1.2.3.400").refusal == "400 is above 255");
  CHECK(backwards("").refusal == "it is empty");
}

TEST_CASE("query: a bad name is refused with its reason") {
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  REQUIRE(longest.size() == 253);
  for (const std::string& good :
       {label, longest, longest + '.', std::string("a_b"), std::string("1a"), std::string("a-")}) {
    CAPTURE(good);
    CHECK(plain(good).refusal.empty());
  }
  CHECK(plain("").refusal == "it is empty");
  CHECK(plain("a b").refusal == "it has a blank");
  CHECK(plain(" ").refusal == "it has a blank");
  CHECK(plain("a\n").refusal == "it has a blank");
  CHECK(plain(std::string("a\0b", 3)).refusal == "it has a NUL byte");
  CHECK(plain("-a").refusal == "it begins with a hyphen");
  CHECK(plain("a/b").refusal == "it has a '/'");
  CHECK(plain("a:b").refusal == "it has a ':'");
  CHECK(plain("\x1b[2J").refusal == "it has a '\\x1b'");
  CHECK(plain("\xc3\xa4.example").refusal ==
        "it is not ASCII; write an international name in its ASCII form, xn--...");
  CHECK(plain(label + "a").refusal == "a label of it has 64 bytes, the most is 63");
  CHECK(plain(longest + 'b').refusal == "it has 254 bytes, the most is 253");
  for (const char* const bad : {"a..b", ".a", "a..", ".", ".."})
    CHECK(plain(bad).refusal == "a label of it is empty");
}

TEST_CASE("query: a name in a message is escaped and not endless") {
  CHECK(quoted_name("a\x1b[1m\\") == "'a\\x1b[1m\\\\'");
  CHECK(quoted_name(std::string("a\0b", 3)) == "'a\\x00b'");
  CHECK(quoted_name(std::string(254, 'a')).size() == 256);
  CHECK(quoted_name(std::string(1024, 'a')).ends_with("a...'"));
}

// SPDX-License-Identifier: MIT
// The command line of `duet-resolve NAME...` as a function of argv.
#include "resolve/lookup_options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/quantity.hpp"
#include "texts.hpp"

using namespace duet::apps;
using namespace duet::apps::resolve;
using duet::test::has;
using namespace std::chrono_literals;
using duet::resolve_views;
using origin = name_source::origin;

namespace {

std::variant<finished, lookup_options> parse_lookup(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "duet-resolve");
  return parse_lookup_options(static_cast<int>(arguments.size()), arguments.data());
}

lookup_options lookup_parsed(std::vector<const char*> arguments) {
  const auto asked = parse_lookup(std::move(arguments));
  if (const auto* const over = std::get_if<finished>(&asked)) FAIL(over->text);
  return std::get<lookup_options>(asked);
}

/// The error of a bad command line; it is one line.
std::string lookup_refused(std::vector<const char*> arguments) {
  const auto asked = parse_lookup(std::move(arguments));
  REQUIRE(std::holds_alternative<finished>(asked));
  const auto& over = std::get<finished>(asked);
  CHECK(over.code == exit_code::usage);
  CHECK(over.text.find('\n') == std::string::npos);
  return over.text;
}

}  // namespace

TEST_CASE("lookup options: they have their defaults") {
  const auto options = lookup_parsed({"localhost"});
  CHECK(options.sources == std::vector<name_source>{{origin::argument, "localhost"}});
  CHECK_FALSE(options.many());
  CHECK_FALSE(options.family);
  CHECK(options.service.empty());
  CHECK_FALSE(options.reverse);
  CHECK_FALSE(options.verify);
  CHECK(options.timeout == 15s);
  CHECK(options.retries == 0);
  CHECK(options.jobs == 8);
  CHECK(options.via == lookup_via::pool);
  CHECK(options.views == resolve_views::both);
  CHECK(options.layout == answer_layout::views);
  CHECK_FALSE(options.time);
  CHECK(options.repeat == 1);
  CHECK_FALSE(options.trace);
  CHECK(options.backend == backend_choice::asio);
  CHECK(lookup_parsed({}).sources.empty());
}

TEST_CASE("lookup options: each has its effect") {
  CHECK(lookup_parsed({"-4", "a"}).family == duet::address::family::v4);
  CHECK(lookup_parsed({"-6", "a"}).family == duet::address::family::v6);
  CHECK(lookup_parsed({"a", "--service", "http"}).service == "http");
  CHECK(lookup_parsed({"a", "--service=8080"}).service == "8080");
  CHECK(lookup_parsed({"-x", "::1"}).reverse);
  CHECK(lookup_parsed({"--reverse", "::1"}).reverse);
  CHECK(lookup_parsed({"--verify", "::1"}).verify);
  CHECK(lookup_parsed({"--timeout", "250ms", "a"}).timeout == 250ms);
  CHECK(lookup_parsed({"--timeout", "off", "a"}).timeout == never);
  CHECK(lookup_parsed({"--retries", "3", "a"}).retries == 3);
  CHECK(lookup_parsed({"--jobs", "32", "a"}).jobs == 32);
  CHECK(lookup_parsed({"--via", "stock", "a"}).via == lookup_via::stock);
  CHECK(lookup_parsed({"--via", "blocking", "a"}).via == lookup_via::blocking);
  CHECK(lookup_parsed({"--views", "hostent", "a"}).views == resolve_views::hostent);
  CHECK(lookup_parsed({"--short", "a"}).layout == answer_layout::short_list);
  CHECK(lookup_parsed({"--hosts", "a"}).layout == answer_layout::hosts_file);
  CHECK(lookup_parsed({"--json", "a"}).json);
  CHECK(lookup_parsed({"--time", "a"}).time);
  CHECK(lookup_parsed({"--trace", "a"}).trace);
  CHECK(lookup_parsed({"--backend", "posix", "a"}).backend == backend_choice::posix);
  const auto repeated = lookup_parsed({"a", "--repeat", "100"});
  CHECK(repeated.repeat == 100);
  CHECK(repeated.time);
}

TEST_CASE("lookup options: names come from arguments and lists in order") {
  const auto options = lookup_parsed({"--file", "names", "b", "-", "--", "-c", "a"});
  CHECK(options.sources == std::vector<name_source>{{origin::argument, "b"},
                                                    {origin::standard_input, ""},
                                                    {origin::argument, "-c"},
                                                    {origin::argument, "a"},
                                                    {origin::file, "names"}});
  CHECK(options.many());
  CHECK(lookup_parsed({"-"}).many());
  CHECK(lookup_parsed({"--file", "x"}).many());
  CHECK(lookup_parsed({"--", "--json", ""}).sources ==
        std::vector<name_source>{{origin::argument, "--json"}, {origin::argument, ""}});
}

TEST_CASE("lookup options: one view is enough where one is shown") {
  CHECK(lookup_parsed({"--short", "a"}).views == resolve_views::addrinfo);
  CHECK(lookup_parsed({"--short", "--views", "hostent", "a"}).views == resolve_views::hostent);
  CHECK(lookup_parsed({"--via", "stock", "a"}).views == resolve_views::addrinfo);
  CHECK(lookup_parsed({"--hosts", "a"}).views == resolve_views::both);  // for the aliases
}

TEST_CASE("lookup options: what does not go together is said") {
  CHECK(has(lookup_refused({"-4", "-6", "a"}), "-4 and -6"));
  CHECK(has(lookup_refused({"--short", "--hosts", "a"}), "exclude each other"));
  CHECK(has(lookup_refused({"--short", "--json", "a"}), "exclude each other"));
  CHECK(has(lookup_refused({"-x", "--service", "80", "::1"}), "--service"));
  CHECK(has(lookup_refused({"--via", "stock", "--backend", "posix", "a"}), "--backend asio"));
  CHECK(has(lookup_refused({"--backend", "posix", "--via", "stock", "a"}), "--backend asio"));
  CHECK(has(lookup_refused({"--via", "stock", "--views", "both", "a"}), "--views addrinfo"));
  CHECK(has(lookup_refused({"--via", "blocking", "--jobs", "2", "a"}), "--jobs"));
  CHECK(lookup_parsed({"--via", "blocking", "--jobs", "1", "a"}).jobs == 1);
}

TEST_CASE("lookup options: bad values are named") {
  for (const char* bad : {"", "65536", "65543", "+80", " 80", "-1", "0x50", "80 ", "a b"}) {
    CAPTURE(bad);
    CHECK(has(lookup_refused({"a", "--service", bad}), "--service"));
  }
  for (const char* bad : {"0", "-1s", "5", "forever", ""}) {
    CHECK(has(lookup_refused({"a", "--timeout", bad}), "--timeout"));
  }
  CHECK(has(lookup_refused({"a", "--retries", "1001"}), "from 0 to 1000"));
  CHECK(has(lookup_refused({"a", "--jobs", "0"}), "from 1 to 1000"));
  CHECK(has(lookup_refused({"a", "--repeat", "0"}), "from 1 to 1000000"));
  CHECK(has(lookup_refused({"a", "--via", "thread"}), "pool stock blocking"));
  CHECK(has(lookup_refused({"a", "--views", "all"}), "both hostent addrinfo"));
  CHECK(has(lookup_refused({"a", "--file", ""}), "--file"));
  CHECK(has(lookup_refused({"a", "--file"}), "--file"));
}

TEST_CASE("lookup options: the help names all of them and what it is not for") {
  const auto over = std::get<finished>(parse_lookup({"--help"}));
  CHECK(over.code == exit_code::done);
  for (const char* part : {"--file",
                           "-4",
                           "-6",
                           "--service",
                           "-x,--reverse",
                           "--verify",
                           "--views",
                           "--timeout",
                           "--retries",
                           "--jobs",
                           "--via",
                           "--short",
                           "--hosts",
                           "--json",
                           "--time",
                           "--repeat",
                           "--trace",
                           "--backend",
                           "--color",
                           "--version",
                           "--help",
                           "address LITERAL",
                           "dig",
                           "nsswitch",
                           "gethostbyname",
                           "inet_addr",
                           "inet_ntoa",
                           "8 some names failed"}) {
    CHECK_MESSAGE(has(over.text, part), part);
  }
}

TEST_CASE("lookup options: the version is asked for") {
  const auto over = std::get<finished>(parse_lookup({"--version"}));
  CHECK(over.version);
  CHECK(over.code == exit_code::done);
}

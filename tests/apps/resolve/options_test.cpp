// SPDX-License-Identifier: MIT
// The command line of duet-resolve as a function of argv: which command, and the options of `address`.
#include "resolve/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "texts.hpp"

using namespace duet::apps;
using namespace duet::apps::resolve;
using duet::test::has;

namespace {

using texts = std::vector<std::string>;

invocation parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "duet-resolve");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

address_options parsed(std::vector<const char*> arguments) {
  const invocation asked = parse(std::move(arguments));
  if (const auto* const over = std::get_if<finished>(&asked)) FAIL(over->text);
  return std::get<address_options>(asked);
}

/// The error of a bad command line; it is one line.
std::string refused(std::vector<const char*> arguments) {
  const invocation asked = parse(std::move(arguments));
  REQUIRE(std::holds_alternative<finished>(asked));
  const auto& over = std::get<finished>(asked);
  CHECK(over.code == exit_code::usage);
  CHECK_FALSE(over.version);
  CHECK_FALSE(over.text.empty());
  CHECK(over.text.find('\n') == std::string::npos);
  return over.text;
}

std::string help(std::vector<const char*> arguments) {
  const auto over = std::get<finished>(parse(std::move(arguments)));
  CHECK(over.code == exit_code::done);
  return over.text;
}

}  // namespace

TEST_CASE("options: address has its defaults") {
  const auto options = parsed({"address", "127.0.0.1"});
  CHECK(options.literals == texts{"127.0.0.1"});
  CHECK_FALSE(options.classes);
  CHECK(options.backend == backend_choice::asio);
  CHECK_FALSE(options.json);
  CHECK(options.color == color_mode::automatic);
}

TEST_CASE("options: address takes everything in any order") {
  const auto options = parsed({"address", "--json", "::1", "--backend", "posix", "127.1",
                               "--color=never", "--color", "always", "10.0.0.1"});
  CHECK(options.literals == texts{"::1", "127.1", "10.0.0.1"});
  CHECK(options.json);
  CHECK(options.backend == backend_choice::posix);
  CHECK(options.color == color_mode::always);  // the last one counts
  CHECK(parsed({"address", "--classes"}).classes);
  CHECK(parsed({"address", "--classes"}).literals.empty());
}

TEST_CASE("options: literals arrive as they are") {
  // What is wrong with a literal is the command's to say, so all of these get through the options.
  const auto options = parsed(
      {"address", "", " 1", "[::1]", "[]", "{}", "a,b", "1.2.3.4 junk", "\"q\"", "address", "%%"});
  CHECK(options.literals ==
        texts{"", " 1", "[::1]", "[]", "{}", "a,b", "1.2.3.4 junk", "\"q\"", "address", "%%"});
}

TEST_CASE("options: two dashes end the options") {
  CHECK(parsed({"address", "--", "--json", "-h", "127.1"}).literals ==
        texts{"--json", "-h", "127.1"});
  CHECK_FALSE(parsed({"address", "--", "--json"}).json);
  CHECK(parsed({"address", "--json", "127.1", "--"}).literals == texts{"127.1"});
}

TEST_CASE("options: many literals fit") {
  const std::vector<std::string> many(20'000, "127.0.0.1");
  std::vector<const char*> arguments{"address"};
  for (const std::string& each : many) arguments.push_back(each.c_str());
  CHECK(parsed(arguments).literals == many);
}

TEST_CASE("options: what is missing or does not go together is said") {
  CHECK(has(refused({"address"}), "a LITERAL is missing"));
  CHECK(has(refused({"address", "--json"}), "a LITERAL is missing"));
  CHECK(has(refused({"address", "--"}), "a LITERAL is missing"));
  CHECK(has(refused({"address", "--classes", "127.0.0.1"}), "goes without a LITERAL"));
}

TEST_CASE("options: what is unknown is named with a guess") {
  CHECK(refused({"address", "--jsn", "::1"}) == "unknown option '--jsn'; did you mean --json?");
  CHECK(refused({"address", "--frobnicate", "::1"}) ==
        "unknown option '--frobnicate'; see duet-resolve address --help");
  CHECK(refused({"--jsn", "localhost"}) == "unknown option '--jsn'; did you mean --json?");
  CHECK(has(refused({"--\x1b[2J"}), "'--\\x1b[2J'"));
  CHECK(refused({"address", "::1", "--color", "red"}) ==
        "--color 'red': expected one of auto always never");
  CHECK(has(refused({"address", "::1", "--backend", "libuv"}), "--backend 'libuv'"));
  CHECK(has(refused({"address", "::1", "--color"}), "--color"));
}

TEST_CASE("options: only the first argument is a command") {
  const auto names = [](std::vector<const char*> arguments) {
    texts all;
    const invocation asked = parse(std::move(arguments));
    for (const auto& each : std::get<lookup_options>(asked).sources) all.push_back(each.text);
    return all;
  };
  CHECK(names({"adress"}) == texts{"adress"});
  CHECK(names({"localhost", "address"}) == texts{"localhost", "address"});
  CHECK(names({"--", "address"}) == texts{"address"});
  CHECK(names({"--json", "address"}) == texts{"address"});
}

TEST_CASE("options: the helps name the calls that the program stands for") {
  for (const auto& text : {help({"--help"}), help({"-h"}), help({"address", "--help"}),
                           help({"address", "127.0.0.1", "-h"})}) {
    for (const char* call : {"inet_addr", "inet_ntoa", "gethostbyname"}) CHECK(has(text, call));
    CHECK(has(text, "duet-resolve address 1"));
    CHECK(has(text, "Exit codes: 0 "));
    for (std::size_t begin = 0; begin < text.size();) {  // an 80 column terminal shows it whole
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      CHECK_MESSAGE(end - begin <= 80, text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
}

TEST_CASE("options: the version is asked for") {
  const auto over = std::get<finished>(parse({"--version"}));
  CHECK(over.version);
  CHECK(over.code == exit_code::done);
}

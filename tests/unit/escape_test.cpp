// SPDX-License-Identifier: MIT
// escape: nothing that a terminal or a log would act on gets through.
#include "duet/escape.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace std::string_literals;

TEST_CASE("escape: printable ASCII stays and the rest becomes hexadecimal") {
  CHECK(duet::escape("") == "");
  CHECK(duet::escape("tcp://h:80 ~!'\"") == "tcp://h:80 ~!'\"");
  CHECK(duet::escape("a\\b") == "a\\\\b");
  CHECK(duet::escape("\0\n\x1b[31m\x7f"s) == "\\x00\\x0a\\x1b[31m\\x7f");
  CHECK(duet::escape("\xc3\xa9\xff") == "\\xc3\\xa9\\xff");
}

TEST_CASE("escape: different bytes stay different and all print") {
  std::set<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = duet::escape(std::string(1, static_cast<char>(byte)));
    for (const char c : text) CHECK((c >= ' ' && c <= '~'));
    CHECK(seen.insert(text).second);
  }
}

// SPDX-License-Identifier: MIT
// Names from arguments, files and pipes: lines are cut wherever the pieces end.
#include "resolve/name_feed.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "temporary_folder.hpp"

using namespace duet::apps::resolve;
using origin = name_source::origin;

namespace {

using texts = std::vector<std::string>;

texts all_of(name_lines& lines) {
  texts names;
  while (auto name = lines.next()) names.push_back(*std::move(name));
  return names;
}

texts all_of(name_feed& feed) {
  texts names;
  for (;;) {
    while (auto name = feed.next()) names.push_back(*std::move(name));
    if (feed.ended()) return names;
    feed.read();
  }
}

}  // namespace

TEST_CASE("name lines: a line is a name without the blanks around it") {
  const std::string_view text =
      "a\n\n  b.example \r\n# comment\n\t# too\nc d\n127.0.0.1\n-x\n\x1b[2J\nlast";
  const texts expected{"a", "b.example", "c d", "127.0.0.1", "-x", "\x1b[2J", "last"};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    name_lines lines;
    for (std::size_t at = 0; at < text.size(); at += piece) lines.add(text.substr(at, piece));
    lines.end();
    CHECK(all_of(lines) == expected);
  }
}

TEST_CASE("name lines: a name is there as soon as its line has ended") {
  name_lines lines;
  lines.add("first\nsec");
  CHECK(lines.next() == "first");
  CHECK_FALSE(lines.next());
  lines.add("ond\n");
  CHECK(lines.next() == "second");
  lines.end();
  CHECK_FALSE(lines.next());
}

TEST_CASE("name lines: NUL stays in the name and endless lines are cut") {
  name_lines lines;
  lines.add(std::string_view("a\0b\n", 4));
  CHECK(lines.next() == std::string("a\0b", 3));
  for (int i = 0; i < 1000; ++i) lines.add(std::string(1000, 'x'));
  lines.add("\nshort\n");
  CHECK(lines.next() == std::string(name_lines::longest, 'x'));
  CHECK(lines.next() == "short");
}

TEST_CASE("name feed: sources come one after another") {
  const duet::test::temporary_folder folder;
  const std::string one = folder.fresh_path();
  const std::string empty = folder.fresh_path();
  const std::string two = folder.fresh_path();
  std::ofstream(one) << "b\nc";  // the end of a file ends a line
  std::ofstream{empty};
  std::ofstream(two) << "d\n";
  name_feed feed({{origin::argument, "a"},
                  {origin::file, one},
                  {origin::file, empty},
                  {origin::file, two},
                  {origin::argument, " e"}});
  CHECK(all_of(feed) == texts{"a", "b", "c", "d", " e"});
  name_feed nothing({});
  CHECK_FALSE(nothing.next());
  CHECK(nothing.ended());
}

TEST_CASE("name feed: a file that cannot be opened or read is named") {
  const duet::test::temporary_folder folder;
  const std::string missing = folder.fresh_path();
  const auto open = [](const std::string& path) { name_feed({{origin::file, path}}); };
  CHECK_THROWS_WITH_AS(open(missing), ("open " + missing + ": No such file or directory").c_str(),
                       std::system_error);
  name_feed directory({{origin::file, "/"}});
  CHECK_FALSE(directory.next());
  CHECK_THROWS_WITH_AS(directory.read(), "read /: Is a directory", std::system_error);
}

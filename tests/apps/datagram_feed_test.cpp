// SPDX-License-Identifier: MIT
// How input becomes datagrams, however it arrives.
#include "echo/datagram_feed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using duet::apps::echo::datagram_feed;
using cut = datagram_feed::cut;

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void take_all(datagram_feed& feed, std::vector<std::string>& into) {
  while (const auto next = feed.next()) {
    CHECK(text_of(*feed.next()) == text_of(*next));
    into.push_back(text_of(*next));
    feed.take();
  }
}

/// The datagrams of an input that is read so many bytes at a time.
std::vector<std::string> datagrams(datagram_feed& feed, std::string_view input, std::size_t step) {
  std::vector<std::string> all;
  for (;;) {
    take_all(feed, all);
    if (feed.over()) return all;
    const std::span<std::byte> room = feed.room();
    REQUIRE_FALSE(room.empty());
    const std::size_t size = std::min({step, input.size(), room.size()});
    std::copy_n(reinterpret_cast<const std::byte*>(input.data()), size, room.begin());
    input.remove_prefix(size);
    feed.filled(size);
  }
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("datagram_feed: a datagram of each line") {
  const std::vector<std::pair<std::string, texts>> cases{
      {"", {}},
      {"\n", {""}},
      {"one\ntwo\n", {"one", "two"}},
      {"one\n\n\ntwo", {"one", "", "", "two"}},
      {std::string("nul\0in it\n", 10), {std::string("nul\0in it", 9)}},
      {"cr\r\n", {"cr\r"}},
      {"1234567890\n", {"1234567890"}},
      {"1234567890", {"1234567890"}}};
  for (const auto& [input, expected] : cases) {
    for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) {
      CAPTURE(input);
      CAPTURE(step);
      datagram_feed feed(cut::lines, 10);
      CHECK(datagrams(feed, input, step) == expected);
      CHECK_FALSE(feed.long_line());
    }
  }
}

TEST_CASE("datagram_feed: a line that is too long ends it and is named") {
  for (const std::size_t step : {1U, 5U, 1000U}) {
    CAPTURE(step);
    datagram_feed feed(cut::lines, 3);
    CHECK(datagrams(feed, "a\n\n1234\nb\n", step) == texts{"a", ""});
    CHECK(feed.long_line() == 3U);
    datagram_feed without_end(cut::lines, 3);
    CHECK(datagrams(without_end, "1234", step).empty());
    CHECK(without_end.long_line() == 1U);
  }
}

TEST_CASE("datagram_feed: the largest lines pass through the buffer many times") {
  std::string input;
  texts expected;
  for (int each = 0; each < 5; ++each) {
    expected.emplace_back(65507, static_cast<char>('a' + each));
    expected.emplace_back();
    input += expected[expected.size() - 2] + "\n\n";
  }
  datagram_feed feed(cut::lines, 65507);
  CHECK((datagrams(feed, input, 40'000) == expected));
}

TEST_CASE("datagram_feed: chunks are what a read brings and no larger than asked for") {
  datagram_feed feed(cut::chunks, 4);
  CHECK(feed.room().size() == 4);
  CHECK(datagrams(feed, "123\n56789", 100) == texts{"123\n", "5678", "9"});
  datagram_feed small(cut::chunks, 4);
  CHECK(datagrams(small, "12345", 2) == texts{"12", "34", "5"});
  datagram_feed nothing(cut::chunks, 4);
  CHECK(datagrams(nothing, "", 1).empty());
}

TEST_CASE("datagram_feed: what is not taken stays") {
  datagram_feed feed(cut::lines, 10);
  CHECK_FALSE(feed.next());
  CHECK_FALSE(feed.over());
  const std::string_view text = "one\ntwo\n";
  std::copy_n(reinterpret_cast<const std::byte*>(text.data()), text.size(), feed.room().begin());
  feed.filled(text.size());
  CHECK(text_of(*feed.next()) == "one");
  feed.filled(0);
  CHECK_FALSE(feed.over());
  CHECK(text_of(*feed.next()) == "one");
  feed.take();
  CHECK(text_of(*feed.next()) == "two");
  CHECK_FALSE(feed.over());
  feed.take();
  CHECK(feed.over());
}

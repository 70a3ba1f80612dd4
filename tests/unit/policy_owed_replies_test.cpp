// SPDX-License-Identifier: MIT
// What an echo client that knows its datagrams by their bytes alone is owed, without a socket or a clock.
#include "duet/policy/owed_replies.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace duet::policy;
using namespace std::chrono_literals;

namespace {

const owed_replies::time_point start = owed_replies::time_point() + 1h;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

owed_options verifying() {
  owed_options how;
  how.verify = true;
  return how;
}

}  // namespace

TEST_CASE("owed_replies: replies in any order are those of what was sent") {
  owed_replies owed(verifying());
  for (const char* const each : {"one", "two", ""}) owed.sent(bytes(each), start);
  CHECK(owed.open() == 3);
  for (const char* const each : {"", "two", "one"})
    CHECK(owed.returned(bytes(each)) == owed_verdict::answered);
  CHECK(owed.open() == 0);
  CHECK(owed.expire(start + 1h) == 0);
  CHECK(owed.counts() == owed_counts{3, 3, 0, 0, 0, 0});
}

TEST_CASE("owed_replies: equal datagrams are owed each") {
  owed_replies owed(verifying());
  owed.sent(bytes("x"), start);
  owed.sent(bytes("x"), start + 1s);
  CHECK(owed.returned(bytes("x")) == owed_verdict::answered);
  CHECK(owed.open() == 1);
  // The older one has been answered: the one that is left was sent later.
  CHECK(owed.next_deadline() == start + 6s);
  CHECK(owed.returned(bytes("x")) == owed_verdict::answered);
  CHECK(owed.returned(bytes("x")) == owed_verdict::duplicate);
  CHECK(owed.counts() == owed_counts{2, 2, 0, 0, 1, 0});
}

TEST_CASE("owed_replies: verifying nothing but what was sent is an answer") {
  owed_replies owed(verifying());
  owed.sent(bytes("abc"), start);
  for (const char* const wrong : {"abd", "ab", "abcd", "", "cba"}) {
    CAPTURE(wrong);
    CHECK(owed.returned(bytes(wrong)) == owed_verdict::strange);
  }
  CHECK(owed.open() == 1);
  CHECK(owed.returned(bytes("abc")) == owed_verdict::answered);
  CHECK(owed.counts() == owed_counts{1, 1, 0, 0, 0, 5});
}

TEST_CASE("owed_replies: not verifying any reply answers the oldest") {
  owed_replies owed({});
  owed.sent(bytes("question"), start);
  owed.sent(bytes("other"), start + 1s);
  CHECK(owed.returned(bytes("answer")) == owed_verdict::answered);
  CHECK(owed.next_deadline() == start + 6s);
  CHECK(owed.returned(bytes("other")) == owed_verdict::answered);
  // Second ones are known all the same, and nobody is owed anything any more.
  CHECK(owed.returned(bytes("other")) == owed_verdict::duplicate);
  CHECK(owed.returned(bytes("more")) == owed_verdict::strange);
  CHECK(owed.counts() == owed_counts{2, 2, 0, 0, 1, 1});
}

TEST_CASE("owed_replies: what is not answered in time is missing and may come late") {
  owed_replies owed(verifying());
  owed.sent(bytes("a"), start);
  owed.sent(bytes("b"), start + 1s);
  CHECK(owed.next_deadline() == start + 5s);
  CHECK(owed.expire(start + 5s - 1ns) == 0);
  CHECK(owed.expire(start + 5s) == 1);
  CHECK(owed.open() == 1);
  CHECK(owed.returned(bytes("a")) == owed_verdict::late);
  CHECK(owed.returned(bytes("a")) == owed_verdict::duplicate);
  CHECK(owed.expire(start + 1h) == 1);
  CHECK_FALSE(owed.next_deadline());
  CHECK(owed.counts() == owed_counts{2, 0, 2, 1, 1, 0});
}

TEST_CASE("owed_replies: a second reply is a missing equal one's if there is one") {
  owed_replies owed(verifying());
  owed.sent(bytes("x"), start);
  CHECK(owed.expire(start + 5s) == 1);
  owed.sent(bytes("x"), start + 6s);
  CHECK(owed.returned(bytes("x")) == owed_verdict::answered);
  CHECK(owed.returned(bytes("x")) == owed_verdict::late);
  CHECK(owed.returned(bytes("x")) == owed_verdict::duplicate);
}

TEST_CASE("owed_replies: what could not be sent is missing and not waited for") {
  owed_replies owed(verifying());
  owed.not_sent();
  CHECK(owed.open() == 0);
  CHECK(owed.counts() == owed_counts{1, 0, 1, 0, 0, 0});
}

TEST_CASE("owed_replies: what is given up is missing and may come late") {
  owed_options how = verifying();
  how.patience = std::chrono::nanoseconds::max();
  owed_replies owed(how);
  owed.sent(bytes("a"), start);
  owed.sent(bytes("b"), start);
  owed.give_up();
  CHECK(owed.open() == 0);
  CHECK(owed.returned(bytes("b")) == owed_verdict::late);
  CHECK(owed.counts() == owed_counts{2, 0, 2, 1, 0, 0});
}

TEST_CASE("owed_replies: no more datagrams than the window are on their way") {
  owed_options how = verifying();
  how.window_datagrams = 2;
  owed_replies owed(how);
  owed.sent(bytes("a"), start);
  CHECK(owed.has_room(1));
  owed.sent(bytes("b"), start);
  CHECK_FALSE(owed.has_room(0));
  CHECK(owed.returned(bytes("b")) == owed_verdict::answered);
  CHECK(owed.has_room(1));
  owed.sent(bytes("c"), start);
  CHECK_FALSE(owed.has_room(1));
  // A missing one frees its place, too.
  CHECK(owed.expire(start + 5s) == 2);
  CHECK(owed.has_room(1));
}

TEST_CASE("owed_replies: no more bytes than the window are on their way but for one datagram") {
  owed_options how = verifying();
  how.window_bytes = 10;
  owed_replies owed(how);
  CHECK(owed.has_room(11));
  owed.sent(bytes("12345678901"), start);
  CHECK_FALSE(owed.has_room(0));
  CHECK(owed.returned(bytes("12345678901")) == owed_verdict::answered);
  owed.sent(bytes("123456"), start);
  CHECK(owed.has_room(4));
  CHECK_FALSE(owed.has_room(5));
  CHECK_FALSE(owed.has_room(static_cast<std::size_t>(-1)));
}

TEST_CASE("owed_replies: patience without end has no deadline") {
  owed_options how = verifying();
  how.patience = std::chrono::nanoseconds::max();
  owed_replies owed(how);
  owed.sent(bytes("a"), start);
  CHECK_FALSE(owed.next_deadline());
  CHECK(owed.expire(owed_replies::time_point::max()) == 0);
  CHECK(owed.returned(bytes("a")) == owed_verdict::answered);
}

TEST_CASE("owed_replies: of what is no longer owed so many are remembered") {
  owed_options how = verifying();
  how.remembered = 2;
  owed_replies owed(how);
  for (const char* const each : {"1", "2", "3"}) {
    owed.sent(bytes(each), start);
    CHECK(owed.returned(bytes(each)) == owed_verdict::answered);
  }
  CHECK(owed.returned(bytes("3")) == owed_verdict::duplicate);
  CHECK(owed.returned(bytes("2")) == owed_verdict::duplicate);
  CHECK(owed.returned(bytes("1")) == owed_verdict::strange);
}

TEST_CASE("owed_replies: a mark is the length and what the bytes are") {
  CHECK(mark_of({}) == datagram_mark{0, 0xcbf29ce484222325U});
  // The test vector of the hash's authors for "foobar".
  CHECK(mark_of(bytes("foobar")) == datagram_mark{6, 0x85944171f73967e8U});
  CHECK_FALSE(mark_of(bytes(std::string_view("\0", 1))) == mark_of({}));
}

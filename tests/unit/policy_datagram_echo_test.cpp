// SPDX-License-Identifier: MIT
// What decides about echoing datagrams, without a socket or a clock: who is answered and how often, probes, and what became of them.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

#include "duet/policy/datagram_guard.hpp"
#include "duet/policy/datagram_probe.hpp"
#include "duet/policy/reply_ledger.hpp"
#include "duet/policy/token_bucket.hpp"

using namespace duet;
using namespace duet::policy;
using namespace std::chrono_literals;

namespace {

const token_bucket::time_point start = token_bucket::time_point() + 1h;

datagram_question from_port(int port, std::uint64_t source = 1) {
  datagram_question about;
  about.peer_port = static_cast<std::uint16_t>(port);
  about.own_port = 9000;
  about.source = source;
  return about;
}

}  // namespace

TEST_CASE("token_bucket: a burst and then the rate") {
  token_bucket bucket;
  const token_rate rate{10, 5};
  int taken = 0;
  while (bucket.take(rate, start)) ++taken;
  CHECK(taken == 5);
  CHECK_FALSE(bucket.take(rate, start + 99ms));
  CHECK(bucket.take(rate, start + 100ms));
  CHECK_FALSE(bucket.take(rate, start + 100ms));
  // After a long silence there is a burst, and not more.
  taken = 0;
  while (bucket.take(rate, start + 1h)) ++taken;
  CHECK(taken == 5);
}

TEST_CASE("token_bucket: several at once or none of them") {
  token_bucket bucket;
  const token_rate rate{10, 5};
  CHECK_FALSE(bucket.take(rate, start, 6));
  CHECK(bucket.take(rate, start, 3));
  CHECK_FALSE(bucket.take(rate, start, 3));
  CHECK(bucket.take(rate, start, 2));
}

TEST_CASE("datagram_guard: ports where a service may answer back are not answered") {
  datagram_guard guard({});
  for (const int port : {0, 7, 53, 1023, 9000}) {
    CAPTURE(port);
    CHECK(guard.judge(from_port(port), start) == datagram_verdict::looping);
  }
  for (const int port : {1024, 8999, 65535}) {
    CAPTURE(port);
    CHECK(guard.judge(from_port(port), start) == datagram_verdict::answer);
  }
}

TEST_CASE("datagram_guard: a UNIX peer has no port to suspect") {
  datagram_guard guard({});
  datagram_question about = from_port(0);
  about.has_ports = false;
  CHECK(guard.judge(about, start) == datagram_verdict::answer);
}

TEST_CASE("datagram_guard: a loop of two servers comes to silence") {
  datagram_guard guard({true, {1000, 100}});
  auto now = start;
  int answered = 0;
  while (guard.judge(from_port(9001), now) == datagram_verdict::answer) {
    ++answered;
    now += 5us;
    REQUIRE(answered < 1000);
  }
  CHECK(answered >= 100);
  // Others are not touched by that.
  CHECK(guard.judge(from_port(9001, 2), now) == datagram_verdict::answer);
}

TEST_CASE("datagram_guard: coalesced datagrams count each") {
  datagram_guard guard({true, {1000, 10}});
  datagram_question about = from_port(9001);
  about.count = 10;
  CHECK(guard.judge(about, start) == datagram_verdict::answer);
  CHECK(guard.judge(from_port(9001), start) == datagram_verdict::limited);
}

TEST_CASE("datagram_guard: what cannot or must not be answered is not even switched off") {
  for (const bool enabled : {true, false}) {
    datagram_guard guard({enabled, {}});
    datagram_question about = from_port(9001);
    about.truncated = true;
    CHECK(guard.judge(about, start) == datagram_verdict::truncated);
    about = from_port(9001);
    about.to_many = true;
    CHECK(guard.judge(about, start) == datagram_verdict::to_many);
    about = from_port(9001);
    about.nameless = true;
    CHECK(guard.judge(about, start) == datagram_verdict::nameless);
  }
}

TEST_CASE("datagram_guard: switched off it answers as often as it is asked") {
  datagram_guard guard({false, {1, 1}});
  for (int each = 0; each < 100; ++each)
    CHECK(guard.judge(from_port(7), start) == datagram_verdict::answer);
}

TEST_CASE("datagram_probe: what was written is read and any change is seen") {
  for (const std::size_t size : {probe_header_bytes, std::size_t{17}, std::size_t{64}}) {
    CAPTURE(size);
    std::vector<std::byte> probe(size);
    write_probe(probe, 0x0123456789abcdef);
    CHECK(read_probe(probe) == 0x0123456789abcdefU);
    for (std::size_t at = 0; at < size; ++at) {
      CAPTURE(at);
      probe[at] ^= std::byte{0x10};
      CHECK_FALSE(read_probe(probe));
      probe[at] ^= std::byte{0x10};
    }
    probe.push_back(std::byte{0});
    CHECK_FALSE(read_probe(probe));
  }
  CHECK_FALSE(read_probe(std::array<std::byte, 15>{}));
  CHECK_FALSE(read_probe({}));
}

TEST_CASE("datagram_probe: the number is in network byte order behind the mark") {
  std::array<std::byte, 16> probe{};
  write_probe(probe, 258);
  CHECK(probe[0] == std::byte{'d'});
  CHECK(probe[10] == std::byte{1});
  CHECK(probe[11] == std::byte{2});
}

TEST_CASE("reply_ledger: answers in order") {
  reply_ledger ledger;
  CHECK(ledger.next_number() == 1);
  ledger.sent(start, start + 1s);
  CHECK(ledger.next_number() == 2);
  CHECK(ledger.open() == 1);
  const auto got = ledger.receive(1, start + 5ms);
  CHECK(got.kind == reply_kind::first);
  CHECK(got.round_trip == 5ms);
  CHECK(ledger.open() == 0);
  CHECK_FALSE(ledger.next_deadline());
  CHECK(ledger.counts() == reply_counts{.sent = 1, .received = 1});
}

TEST_CASE("reply_ledger: lost and late and twice and out of order and strange") {
  reply_ledger ledger;
  for (int each = 0; each < 4; ++each) ledger.sent(start + each * 1ms, start + each * 1ms + 1s);
  CHECK(ledger.receive(2, start + 10ms).kind == reply_kind::first);
  CHECK(ledger.receive(1, start + 11ms).kind == reply_kind::first);
  CHECK(ledger.receive(1, start + 12ms).kind == reply_kind::duplicate);
  CHECK(ledger.receive(5, start + 12ms).kind == reply_kind::strange);
  CHECK(ledger.receive(0, start + 12ms).kind == reply_kind::strange);
  CHECK(ledger.next_deadline() == start + 2ms + 1s);
  CHECK(ledger.expire(start + 2ms + 1s) == 1);
  CHECK(ledger.expire(start + 2ms + 1s) == 0);
  CHECK(ledger.receive(3, start + 2s).kind == reply_kind::late);
  CHECK(ledger.receive(3, start + 2s).kind == reply_kind::duplicate);
  CHECK(ledger.expire(start + 2s) == 1);
  CHECK(ledger.open() == 0);
  CHECK(ledger.counts() == reply_counts{.sent = 4,
                                        .received = 2,
                                        .lost = 2,
                                        .late = 1,
                                        .duplicates = 2,
                                        .reordered = 1,
                                        .strange = 2});
}

TEST_CASE("reply_ledger: remembers a bounded number") {
  reply_ledger ledger(10);
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    ledger.sent(start, start + 1s);
    CHECK(ledger.receive(number, start).kind == reply_kind::first);
  }
  // Forgotten numbers were answered or lost; what comes of them now is no news.
  CHECK(ledger.receive(1, start).kind == reply_kind::duplicate);
  CHECK(ledger.receive(1000, start).kind == reply_kind::duplicate);
  CHECK(ledger.counts().duplicates == 2);
}

TEST_CASE("reply_ledger: what was not sent has a number and no answer") {
  reply_ledger ledger;
  ledger.not_sent();
  CHECK(ledger.next_number() == 2);
  CHECK_FALSE(ledger.next_deadline());
  ledger.sent(start, start + 1s);
  CHECK(ledger.receive(1, start).kind == reply_kind::strange);
  CHECK(ledger.receive(2, start).kind == reply_kind::first);
  ledger.receive_bad();
  CHECK(ledger.counts() ==
        reply_counts{.sent = 1, .received = 1, .strange = 1, .bad = 1, .not_sent = 1});
}

TEST_CASE("reply_ledger: the first that is waited for can be lost before its deadline") {
  reply_ledger ledger;
  CHECK_FALSE(ledger.lose_first());
  for (int each = 0; each < 3; ++each) ledger.sent(start, start + 1s);
  ledger.receive(1, start);
  CHECK(ledger.lose_first() == 2U);
  CHECK(ledger.expire_one(start + 1s) == 3U);
  CHECK_FALSE(ledger.expire_one(start + 1s));
  CHECK_FALSE(ledger.lose_first());
  CHECK(ledger.counts() == reply_counts{.sent = 3, .received = 1, .lost = 2});
}

TEST_CASE("reply_ledger: grows with what is waited for and keeps its order") {
  reply_ledger ledger(4);
  for (std::uint64_t round = 0; round < 5; ++round) {
    for (int each = 0; each < 100; ++each) ledger.sent(start, start + 1s);
    // The oldest stays, so that nothing behind it is forgotten.
    for (std::uint64_t number = round * 100 + 100; number > round * 100; --number)
      CHECK(ledger.receive(number, start + 1ms).kind == reply_kind::first);
  }
  CHECK(ledger.counts().received == 500);
  CHECK(ledger.counts().reordered == 5 * 99);
}

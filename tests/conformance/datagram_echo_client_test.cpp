// SPDX-License-Identifier: MIT
// datagram_echo_client: what it counts and tells of answers that come, come late, twice, damaged, or not at all.
#include <algorithm>
#include <string>
#include <vector>

#include "datagram_client.hpp"
#include "duet/error.hpp"
#include "errors.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE_TEMPLATE("datagram echo client: each is answered by the echo server", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  typename Row::backend::datagram_echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  for (const std::size_t bytes : {std::size_t{16}, std::size_t{64}, std::size_t{60'000}}) {
    CAPTURE(bytes);
    // A socket's buffer holds three of the long ones.
    auto how = at_once(50, bytes > 1000 ? 1 : 4);
    how.bytes = bytes;
    client<Row> it(f, how);
    it.run(where);
    CHECK_FALSE(it.ec);
    CHECK(it.counts == reply_counts{.sent = 50, .received = 50});
    CHECK(it.progress() == it.counts);
    CHECK(it.told.size() == 50);
    for (const datagram_reply& each : it.told) {
      CHECK(each.kind == reply_kind::first);
      CHECK(each.round_trip.count() > 0);
      CHECK_FALSE(each.error);
    }
    CHECK(std::ranges::all_of(it.peers, [&](const endpoint& each) { return each == where; }));
  }
  server.stop();
}

TEST_CASE_TEMPLATE("datagram echo client: one goes each interval whatever comes back", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram silent = raw_datagram::bound(f.anywhere());
  auto how = at_once(3);
  how.interval = 2ms;
  client<Row> patient(f, how);
  patient.start(silent.local_endpoint());
  f.run_until([&] { return patient.progress().sent == 3; });
  patient.it->cancel();
  f.run_until([&] { return patient.done; });
  CHECK(patient.counts == reply_counts{.sent = 3});
  for (std::uint64_t number = 1; number <= 3; ++number)
    CHECK(policy::read_probe(silent.receive().bytes) == number);

  how.reply_deadline = 20ms;
  client<Row> it(f, how);
  it.run(silent.local_endpoint());
  CHECK_FALSE(it.ec);
  CHECK(it.kinds() == std::vector<std::string>{"lost 1", "lost 2", "lost 3"});
  for (const datagram_reply& each : it.told) CHECK(each.error == condition::timed_out);
  CHECK(it.counts == reply_counts{.sent = 3, .lost = 3});
}

TEST_CASE_TEMPLATE("datagram echo client: its books agree with what a bad way did", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  constexpr std::uint64_t count = 150;
  served<Row> by(f, {.dropped = 30, .doubled = 10, .swapped = 10, .damaged = 10}, count);
  auto how = at_once(count, count);
  how.reply_deadline = 1s;
  client<Row> it(f, how);
  it.run(by.echo.where());
  CHECK_FALSE(it.ec);
  const reply_counts expected = by.echo.expected();
  CHECK(it.counts.sent == count);
  CHECK(it.counts.received == expected.received);
  CHECK(it.counts.lost == expected.lost);
  CHECK(it.counts.duplicates == expected.duplicates);
  CHECK(it.counts.reordered == expected.reordered);
  CHECK(it.counts.bad == expected.bad);
  CHECK(it.counts == expected);
  // The die has rolled each.
  CHECK(expected.lost > 30);
  CHECK(std::min({expected.duplicates, expected.reordered, expected.bad}) > 0);
  std::uint64_t told[7] = {};
  for (const datagram_reply& each : it.told) ++told[static_cast<std::size_t>(each.kind)];
  CHECK(told[static_cast<std::size_t>(reply_kind::first)] == expected.received);
  CHECK(told[static_cast<std::size_t>(reply_kind::duplicate)] == expected.duplicates);
  CHECK(told[static_cast<std::size_t>(reply_kind::lost)] == expected.lost);
  CHECK(told[static_cast<std::size_t>(reply_kind::bad)] == expected.bad);
}

TEST_CASE_TEMPLATE("datagram echo client: an answer after the deadline is late", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  served<Row> by(f, {.held = 100}, 0);
  auto how = at_once(std::nullopt);
  how.reply_deadline = 20ms;
  client<Row> it(f, how);
  it.then = [&](const datagram_reply& about) {
    // On a busy machine the first may be lost before the echo has seen it.
    if (about.kind == reply_kind::lost && by.echo.holds()) by.echo.release();
    if (about.kind == reply_kind::late) it.it->cancel();
  };
  it.run(by.echo.where());
  CHECK(is(it.ec, std::errc::operation_canceled));
  CHECK(it.kinds().at(0) == "lost 1");
  CHECK(it.kinds().back() == "late 1");
  CHECK(it.counts.late == 1);
  CHECK(it.counts.received == 0);
}

TEST_CASE_TEMPLATE("datagram echo client: no more than the window are under way", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  client<Row> it(f, at_once(std::nullopt, 3));
  it.start(peer.local_endpoint());
  f.run_ready();
  CHECK(it.progress().sent == 3);
  const auto first = peer.receive();
  static_cast<void>(peer.receive());
  peer.send_to(first.bytes, first.peer);
  f.run_until([&] { return it.progress().received == 1; });
  f.run_ready();
  CHECK(it.progress().sent == 4);
  it.it->cancel();
  f.run_until([&] { return it.done; });
  CHECK(it.counts == reply_counts{.sent = 4, .received = 1});
}

TEST_CASE_TEMPLATE("datagram echo client: what is not an answer is told from answers", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  client<Row> it(f, at_once(1));
  it.start(peer.local_endpoint());
  f.run_ready();
  const auto got = peer.receive();
  byte_vector other(64);
  policy::write_probe(other, 99);
  byte_vector longer = got.bytes;
  longer.push_back(std::byte{0});
  for (const byte_vector& each : {other, longer, byte_vector(2000), byte_vector(),
                                  byte_vector(got.bytes.begin(), got.bytes.end() - 1), got.bytes})
    peer.send_to(each, got.peer);
  f.run_until([&] { return it.done; });
  CHECK(it.kinds() ==
        std::vector<std::string>{"strange 99", "bad 0", "bad 0", "bad 0", "bad 0", "first 1"});
  CHECK(it.counts == reply_counts{.sent = 1, .received = 1, .strange = 1, .bad = 4});
}

TEST_CASE_TEMPLATE("datagram echo client: strangers are not heard", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  const raw_datagram stranger = raw_datagram::bound(f.anywhere());
  client<Row> it(f, at_once(1));
  it.start(peer.local_endpoint());
  f.run_ready();
  const auto got = peer.receive();
  // UNIX tells the stranger, UDP does not.
  static_cast<void>(stranger.try_send_to(got.bytes, got.peer));
  f.run_ready();
  CHECK(it.told.empty());
  peer.send_to(got.bytes, got.peer);
  f.run_until([&] { return it.done; });
  CHECK(it.counts == reply_counts{.sent = 1, .received = 1});
}

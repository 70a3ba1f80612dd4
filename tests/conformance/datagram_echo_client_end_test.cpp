// SPDX-License-Identifier: MIT
// datagram_echo_client: peers that refuse, go, come back or do not read; and how a run ends.
#include <memory>
#include <string>
#include <vector>

#include "datagram_client.hpp"
#include "duet/error.hpp"
#include "errors.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE_TEMPLATE("datagram echo client: a peer that refuses loses them at once and may come back",
                   Row, DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const endpoint where = deserted<Row>(f);
  client<Row> it(f, at_once(4));
  // The deadline is an hour away: only what the kernel says can end it.
  it.start(where);
  f.run_until([&] { return it.told.size() == 2; });
  for (const datagram_reply& each : it.told) {
    CHECK(each.kind == reply_kind::lost);
    CHECK(errc_of(each.error) == std::errc::connection_refused);
  }
  const raw_datagram there = raw_datagram::bound(where);
  f.run_until([&] { return it.progress().sent == 3; });
  for (int each = 0; each < 2; ++each) {
    const auto got = there.receive();
    there.send_to(got.bytes, got.peer);
    f.run_until([&] { return it.done || it.progress().sent == 4; });
  }
  f.run_until([&] { return it.done; });
  CHECK_FALSE(it.ec);
  CHECK(it.counts == reply_counts{.sent = 4, .received = 2, .lost = 2});
}

TEST_CASE_TEMPLATE("datagram echo client: a UNIX peer that goes and comes back at its path", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  const endpoint where = deserted<Row>(f);
  client<Row> it(f, at_once(std::nullopt));
  const auto answer = [&](const raw_datagram& there) {
    const std::uint64_t before = it.progress().received;
    const auto got = there.receive();
    there.send_to(got.bytes, got.peer);
    f.run_until([&] { return it.progress().received > before; });
  };
  it.start(where);
  f.run_until([&] { return it.told.size() == 1; });
  CHECK(it.told.at(0).kind == reply_kind::not_sent);
  CHECK(errc_of(it.told.at(0).error) == std::errc::no_such_file_or_directory);
  {
    const raw_datagram there = raw_datagram::bound(where);
    f.run_until([&] { return it.progress().sent == 1; });
    answer(there);
    answer(there);
    f.run_ready();
    static_cast<void>(there.receive());  // the third is heard, and not answered
  }
  it.it->cancel();
  f.run_until([&] { return it.done; });
  CHECK(it.counts == reply_counts{.sent = 3, .received = 2, .not_sent = 1});
}

TEST_CASE_TEMPLATE("datagram echo client: a UNIX peer that is replaced is found again", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  auto how = at_once(std::nullopt);
  how.interval = 1ms;
  client<Row> it(f, how);
  raw_datagram first = raw_datagram::bound(f.anywhere());
  const endpoint where = first.local_endpoint();
  it.start(where);
  f.run_until([&] { return it.progress().sent >= 1; });
  first.close();
  f.run_until([&] { return it.progress().not_sent >= 2; });
  CHECK(errc_of(it.told.at(0).error) == std::errc::connection_refused);
  CHECK(errc_of(it.told.at(1).error) == std::errc::no_such_file_or_directory);
  const raw_datagram second = raw_datagram::bound(where);
  const std::uint64_t before = it.progress().sent;
  f.run_until([&] { return it.progress().sent > before; });
  const auto got = second.receive();
  second.send_to(got.bytes, got.peer);
  f.run_until([&] { return it.progress().received == 1; });
  it.it->cancel();
  f.run_until([&] { return it.done; });
}

TEST_CASE_TEMPLATE("datagram echo client: a UNIX queue that stays full is not sent to", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  auto how = at_once(std::nullopt, 10'000);
  how.reply_deadline = 30ms;
  client<Row> it(f, how);
  it.then = [&](const datagram_reply& about) {
    if (about.kind == reply_kind::not_sent) it.it->cancel();
  };
  it.run(peer.local_endpoint());
  CHECK(errc_of(it.told.back().error) == std::errc::resource_unavailable_try_again);
  CHECK(it.counts.not_sent == 1);
  CHECK(it.counts.lost == it.counts.sent);
}

TEST_CASE_TEMPLATE("datagram echo client: room in a UNIX queue is used", Row, DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  client<Row> it(f, at_once(500, 500));
  it.start(peer.local_endpoint());
  for (std::uint64_t number = 1; number <= 500; ++number) {
    f.run_until([&] { return it.progress().sent >= number; });
    CHECK(policy::read_probe(peer.receive().bytes) == number);
  }
  it.it->cancel();
  f.run_until([&] { return it.done; });
  CHECK(it.counts == reply_counts{.sent = 500});
}

TEST_CASE_TEMPLATE("datagram echo client: cancel ends it with what was counted", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram silent = raw_datagram::bound(f.anywhere());
  client<Row> it(f, at_once(10, 2));
  it.it->cancel();  // nothing to cancel
  it.start(silent.local_endpoint());
  it.it->cancel();
  f.run_until([&] { return it.done; });
  CHECK(is(it.ec, std::errc::operation_canceled));
  CHECK(it.counts == reply_counts{});

  it.done = false;
  it.start(silent.local_endpoint());
  f.run_ready();
  it.it->cancel();
  CHECK_FALSE(it.done);
  f.run_until([&] { return it.done; });
  CHECK(is(it.ec, std::errc::operation_canceled));
  CHECK(it.counts == reply_counts{.sent = 2});
  CHECK(it.progress() == it.counts);
}

TEST_CASE_TEMPLATE("datagram echo client: its end is a cancel and may come from what it tells", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram silent = raw_datagram::bound(f.anywhere());
  client<Row> parked(f, at_once(10));
  parked.start(silent.local_endpoint());
  f.run_ready();
  parked.it.reset();
  f.run_until([&] { return parked.done; });
  CHECK(is(parked.ec, std::errc::operation_canceled));

  auto how = at_once(10, 3);
  how.reply_deadline = 10ms;
  client<Row> it(f, how);
  it.then = [&](const datagram_reply&) { it.it.reset(); };
  it.run(silent.local_endpoint());
  CHECK(is(it.ec, std::errc::operation_canceled));
  CHECK(it.told.size() == 1);
}

TEST_CASE_TEMPLATE("datagram echo client: a moved one goes on and runs one at a time", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  served<Row> by(f, {}, 0);
  client<Row> it(f, at_once(3));
  it.start(by.echo.where());
  auto moved = std::move(*it.it);
  result second;
  moved.async_run(by.echo.where(), f.once("second run", [&](std::error_code ec, reply_counts) {
    second = {true, ec, 0};
  }));
  f.run_until([&] { return it.done && second.done; });
  CHECK_FALSE(it.ec);
  CHECK(is(second.ec, std::errc::operation_in_progress));
  CHECK(it.counts == reply_counts{.sent = 3, .received = 3});
  // Afterwards it runs again, with numbers from the beginning.
  result third;
  moved.async_run(by.echo.where(), f.once("third run", [&](std::error_code ec, reply_counts all) {
    third = {true, ec, static_cast<std::size_t>(all.received)};
  }));
  f.run_until([&] { return third.done; });
  CHECK_FALSE(third.ec);
  CHECK(third.size == 3);
  CHECK(it.kinds().back() == "first 3");
}

TEST_CASE_TEMPLATE("datagram echo client: what cannot be run is refused", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const endpoint where = deserted<Row>(f);
  const auto ends_with = [&](datagram_echo_client_options how, const endpoint& to) {
    client<Row> it(f, how);
    it.run(to);
    CHECK(it.counts == reply_counts{});
    return it.ec;
  };
  CHECK(ends_with(at_once(0), where) == std::errc::invalid_argument);
  CHECK(ends_with(at_once(1, 0), where) == std::errc::invalid_argument);
  auto how = at_once(1);
  how.bytes = 15;
  CHECK(ends_with(how, where) == std::errc::invalid_argument);
  CHECK(ends_with(at_once(1), endpoint::parse("tcp://127.0.0.1:9")) == condition::bad_endpoint);
  CHECK(ends_with(at_once(1), endpoint::parse("udp://name:9")) == condition::bad_endpoint);
}

TEST_CASE_TEMPLATE("datagram echo client: what is too long is not sent and the run goes on", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  auto how = at_once(2);
  how.bytes = Row::transport::largest + 1;
  client<Row> it(f, how);
  it.run(deserted<Row>(f));
  CHECK_FALSE(it.ec);
  CHECK(it.kinds() == std::vector<std::string>{"not sent 1", "not sent 2"});
  for (const datagram_reply& each : it.told) CHECK(errc_of(each.error) == std::errc::message_size);
  CHECK(it.counts == reply_counts{.not_sent = 2});
}

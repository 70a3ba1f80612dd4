// SPDX-License-Identifier: MIT
// datagram: peers that refuse, are not there, or do not read, in every row where such a thing happens.
#include "datagram_pair.hpp"
#include "duet/error.hpp"
#include "errors.hpp"

using namespace duet;
using namespace duet::test;

TEST_CASE_TEMPLATE("datagram: a peer that refuses and is there again", Row, DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const endpoint where = pair.peer.local_endpoint();
  pair.socket.connect(where);
  pair.peer.close();
  byte_vector buffer(16);
  result received;
  pair.socket.async_receive(buffer, f.into(received, "receive"));
  f.run_ready();
  std::error_code ec;
  CHECK(pair.socket.try_send(as_bytes("1"), ec) == 1U);
  f.run_until([&] { return received.done; });
  CHECK(errc_of(received.ec) == std::errc::connection_refused);
  CHECK(pair.socket.counters().receive_errors[datagram_failure::refused] == 1);

  // The next send is told of the one before, and goes nevertheless.
  CHECK(pair.socket.try_send(as_bytes("2"), ec) == 1U);
  await_datagram(pair.socket.native_handle(), 0);
  result sent;
  pair.socket.async_send(as_bytes("3"), f.into(sent, "send"));
  f.run_until([&] { return sent.done; });
  CHECK_FALSE(sent.ec);
  CHECK(pair.socket.counters().sent == 3);
  CHECK(pair.socket.counters().sent_again == 1);

  // Of the third nobody has been told yet.
  await_datagram(pair.socket.native_handle(), 0);
  pair.peer = raw_datagram::bound(where);
  CHECK(pair.socket.try_receive(buffer, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::connection_refused);
  result answer;
  pair.socket.async_receive(buffer, f.into(answer, "receive"));
  CHECK(pair.socket.try_send(as_bytes("4"), ec) == 1U);
  pair.peer.send_to(pair.peer.receive().bytes, pair.where());
  f.run_until([&] { return answer.done; });
  CHECK_FALSE(answer.ec);
  CHECK(as_text(std::span(buffer).first(answer.size)) == "4");
}

TEST_CASE_TEMPLATE("datagram: an unconnected socket is not told of peers that refuse", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  endpoint gone;
  {
    const raw_datagram briefly = raw_datagram::bound(f.anywhere());
    gone = briefly.local_endpoint();
  }
  byte_vector buffer(16);
  datagram_info about;
  result received;
  pair.socket.async_receive_from(buffer, about, f.into(received, "receive_from"));
  for (int each = 0; each < 3; ++each) CHECK_FALSE(pair.send(as_bytes("x"), gone).ec);
  CHECK_FALSE(received.done);
  pair.peer.send_to(as_bytes("y"), pair.where());
  f.run_until([&] { return received.done; });
  CHECK(received.size == 1);
  CHECK(about.peer == pair.peer.local_endpoint());
}

TEST_CASE_TEMPLATE("datagram: a UNIX peer that is not there is refused at once", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const endpoint nowhere = f.anywhere();
  CHECK(errc_of(pair.send(as_bytes("x"), nowhere).ec) == std::errc::no_such_file_or_directory);
  // A socket file that nobody is behind any more.
  pair.socket.connect(pair.peer.local_endpoint());
  const endpoint where = pair.peer.local_endpoint();
  static_cast<void>(raw_socket(pair.peer.release()));
  result sent;
  pair.socket.async_send(as_bytes("x"), f.into(sent, "send"));
  f.run_until([&] { return sent.done; });
  CHECK(errc_of(sent.ec) == std::errc::connection_refused);
  CHECK(errc_of(pair.send(as_bytes("x"), where).ec) == std::errc::connection_refused);
  CHECK(pair.socket.counters().not_sent[datagram_failure::refused] == 3);
  pair.peer.close();

  const raw_datagram back = raw_datagram::bound(where);
  CHECK_FALSE(pair.send(as_bytes("y"), where).ec);
  CHECK(as_text(back.receive().bytes) == "y");
}

TEST_CASE_TEMPLATE("datagram: the queue of a UNIX peer is full", Row, DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  std::error_code ec;
  std::size_t queued = 0;
  while (pair.socket.try_send_to(as_bytes("x"), pair.peer.local_endpoint(), ec) == 1U &&
         queued < 10'000)
    ++queued;
  CHECK(errc_of(ec) == std::errc::resource_unavailable_try_again);
  CHECK(queued > 0);
  // Not connected: nobody would tell when there is room.
  CHECK(errc_of(pair.send(as_bytes("x"), pair.peer.local_endpoint()).ec) ==
        std::errc::resource_unavailable_try_again);
  CHECK(pair.socket.counters().not_sent[datagram_failure::no_room] == 2);

  // Connected: it waits for room.
  pair.socket.connect(pair.peer.local_endpoint());
  CHECK_FALSE(pair.socket.try_send(as_bytes("y"), ec));
  CHECK_FALSE(ec);
  result sent;
  pair.socket.async_send(as_bytes("y"), f.into(sent, "send"));
  f.run_ready();
  CHECK_FALSE(sent.done);
  for (std::size_t each = 0; each < queued; ++each) static_cast<void>(pair.peer.receive());
  f.run_until([&] { return sent.done; });
  CHECK_FALSE(sent.ec);
  CHECK(as_text(pair.peer.receive().bytes) == "y");
}

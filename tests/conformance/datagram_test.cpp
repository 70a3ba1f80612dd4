// SPDX-License-Identifier: MIT
// datagram: single datagrams in every row: what arrives and what is known of it, who is heard. What fails is in datagram_failure_test.cpp, batches
// are in datagram_batch_test.cpp, endings in datagram_end_test.cpp, options and groups in datagram_options_test.cpp.
#include <cerrno>
#include <string>
#include <vector>

#include "datagram_pair.hpp"
#include "duet/error.hpp"
#include "errors.hpp"

using namespace duet;
using namespace duet::test;

TEST_CASE_TEMPLATE("datagram: what was asked goes back to who asked", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  byte_vector buffer(Row::transport::largest);
  for (const std::size_t size : {std::size_t{5}, std::size_t{0}, std::size_t{1}, std::size_t{65507},
                                 Row::transport::largest}) {
    CAPTURE(size);
    const byte_vector bytes = some_bytes(size);
    pair.peer.send_to(bytes, pair.where());
    datagram_info about;
    const result received = pair.receive(buffer, about);
    CHECK_FALSE(received.ec);
    CHECK(received.size == size);
    CHECK(about.bytes == size);
    CHECK(about.whole_bytes == size);
    CHECK_FALSE(about.truncated());
    CHECK(about.peer == pair.peer.local_endpoint());
    CHECK(std::ranges::equal(std::span(buffer).first(received.size), bytes));
    const result sent = pair.send(std::span(buffer).first(received.size), about.peer);
    CHECK_FALSE(sent.ec);
    CHECK(sent.size == size);
    const auto echo = pair.peer.receive();
    CHECK(echo.bytes == bytes);
    CHECK(echo.peer == pair.where());
  }
  CHECK(pair.socket.counters().received == 5);
  CHECK(pair.socket.counters().sent == 5);
}

TEST_CASE_TEMPLATE("datagram: a socket without an address of its own is answered", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const raw_datagram server = raw_datagram::bound(f.anywhere());
  typename Row::backend::datagram_socket client(f.loop());
  client.open(server.local_endpoint());
  CHECK(client.is_open());
  result sent;
  client.async_send_to(as_bytes("question"), server.local_endpoint(), f.into(sent, "send_to"));
  f.run_until([&] { return sent.done; });
  CHECK(sent.size == 8);
  const auto question = server.receive();
  CHECK(question.peer.port() == client.local_endpoint().port());
  server.send_to(as_bytes("answer"), question.peer);
  byte_vector buffer(16);
  result received;
  client.async_receive(buffer, f.into(received, "receive"));
  f.run_until([&] { return received.done; });
  CHECK(as_text(std::span(buffer).first(received.size)) == "answer");
}

TEST_CASE_TEMPLATE("datagram: a UNIX socket needs an address to be answered", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const raw_datagram nameless = raw_datagram::opened(pair.where());
  nameless.send_to(as_bytes("x"), pair.where());
  byte_vector buffer(8);
  datagram_info about;
  CHECK(pair.receive(buffer, about).size == 1);
  CHECK(about.peer == endpoint::local(transport::unix_datagram, {}));
  const result sent = pair.send(buffer, about.peer);
  CHECK(sent.ec);
  CHECK(pair.socket.counters().not_sent.total() == 1);

  // The kernel gives one that has none an abstract name.
  typename Row::backend::datagram_socket client(f.loop());
  client.bind(endpoint::local(transport::unix_datagram, {}));
  CHECK(client.local_endpoint().is_abstract());
  result asked;
  client.async_send_to(as_bytes("y"), pair.where(), f.into(asked, "send_to"));
  f.run_until([&] { return asked.done; });
  CHECK(pair.receive(buffer, about).size == 1);
  CHECK(about.peer == client.local_endpoint());
}

TEST_CASE_TEMPLATE("datagram: what is too long is refused by its name and nothing is sent", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const byte_vector bytes(Row::transport::largest + 1);
  const result sent = pair.send(bytes, pair.peer.local_endpoint());
  CHECK(errc_of(sent.ec) == std::errc::message_size);
  CHECK(sent.size == 0);
  std::error_code ec;
  CHECK(pair.socket.try_send_to(bytes, pair.peer.local_endpoint(), ec) == 0U);
  CHECK(errc_of(ec) == std::errc::message_size);
  CHECK_FALSE(pair.peer.anything());
  CHECK(pair.socket.counters().sent == 0);
  CHECK(pair.socket.counters().not_sent[datagram_failure::too_long] == 2);
}

TEST_CASE_TEMPLATE("datagram: truncation is told with the real length", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const byte_vector bytes = some_bytes(1000);
  byte_vector buffer(10);
  for (int each = 0; each < 3; ++each) pair.peer.send_to(bytes, pair.where());
  datagram_info about;
  const result told = pair.receive(buffer, about);
  CHECK_FALSE(told.ec);
  CHECK(told.size == 10);
  CHECK(about.truncated());
  CHECK(about.bytes == 10);
  CHECK(about.whole_bytes == 1000);
  CHECK(std::ranges::equal(buffer, std::span(bytes).first(10)));

  // Who does not want to be told is told by an error.
  result plain;
  pair.socket.async_receive(buffer, f.into(plain, "receive"));
  f.run_until([&] { return plain.done; });
  CHECK(errc_of(plain.ec) == std::errc::message_size);
  CHECK(plain.size == 10);

  // No room at all: the datagram is taken and gone.
  CHECK(pair.receive({}, about).size == 0);
  CHECK(about.truncated());
  CHECK(about.whole_bytes == 1000);
  std::error_code ec;
  CHECK_FALSE(pair.socket.try_receive(buffer, ec));
  CHECK(pair.socket.counters().truncated == 3);
}

TEST_CASE_TEMPLATE("datagram: a connected socket hears its peer and nobody else", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const raw_datagram stranger = raw_datagram::bound(f.anywhere());
  pair.socket.connect(pair.peer.local_endpoint());
  CHECK(pair.socket.remote_endpoint() == pair.peer.local_endpoint());
  // UDP loses the stranger's, UNIX refuses it.
  static_cast<void>(stranger.try_send_to(as_bytes("stranger"), pair.where()));
  pair.peer.send_to(as_bytes("peer"), pair.where());
  byte_vector buffer(16);
  datagram_info about;
  CHECK(pair.receive(buffer, about).size == 4);
  CHECK(about.peer == pair.peer.local_endpoint());
  std::error_code ec;
  CHECK_FALSE(pair.socket.try_receive_from(buffer, about, ec));
  CHECK_FALSE(ec);

  result sent;
  pair.socket.async_send(as_bytes("to the peer"), f.into(sent, "send"));
  f.run_until([&] { return sent.done; });
  CHECK(sent.size == 11);
  CHECK(as_text(pair.peer.receive().bytes) == "to the peer");

  // Connected to the other one, it hears that one.
  pair.socket.connect(stranger.local_endpoint());
  stranger.send_to(as_bytes("now"), pair.where());
  CHECK(pair.receive(buffer, about).size == 3);
  CHECK(about.peer == stranger.local_endpoint());
  CHECK(pair.socket.try_send(as_bytes("you"), ec) == 3U);
  CHECK(as_text(stranger.receive().bytes) == "you");
}

TEST_CASE_TEMPLATE("datagram: one that is asked at an address answers from it", Backend,
                   DUET_BACKENDS) {
  for (const char* bound_at : {"udp://0.0.0.0:0", "udp://*:0"}) {
    CAPTURE(bound_at);
    fixture<Backend> f;
    if (std::string(bound_at) == "udp://*:0" && !has_ipv6()) continue;
    typename Backend::datagram_socket server(f.loop());
    datagram_options options;
    options.metadata.local_address = true;
    server.bind(endpoint::parse(bound_at), options);
    const endpoint asked{transport::udp, *address::parse("127.0.0.2"),
                         server.local_endpoint().port()};
    // Connected, so that it hears nothing from any other address.
    const raw_datagram client = raw_datagram::opened(asked);
    client.connect(asked);
    client.send(as_bytes("question"));

    byte_vector buffer(16);
    datagram_info about;
    result received;
    server.async_receive_from(buffer, about, f.into(received, "receive_from"));
    f.run_until([&] { return received.done; });
    CHECK(about.local_address == asked.address());
    CHECK(about.destination == asked.address());
    CHECK(about.interface_index == 1);
    CHECK_FALSE(about.to_many());
    result sent;
    server.async_send_to(as_bytes("answer"), reply_to(about), f.into(sent, "send_to"));
    f.run_until([&] { return sent.done; });
    CHECK_FALSE(sent.ec);
    CHECK(as_text(client.receive().bytes) == "answer");
  }
}

TEST_CASE_TEMPLATE("datagram: a long send goes as datagrams of the segment's size", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options = roomy<Row>();
  options.segment_bytes = 400;
  with_peer<Row> pair(f, options);
  pair.peer.set(SOL_SOCKET, SO_RCVBUF, 1'000'000);
  const byte_vector bytes = some_bytes(1000);
  const auto check_arrival = [&](std::initializer_list<std::size_t> sizes) {
    byte_vector got;
    for (const std::size_t size : sizes) {
      const byte_vector part = pair.peer.receive().bytes;
      CHECK(part.size() == size);
      got.insert(got.end(), part.begin(), part.end());
    }
    CHECK(got == bytes);
    CHECK_FALSE(pair.peer.anything());
  };
  CHECK(pair.send(bytes, pair.peer.local_endpoint()).size == 1000);
  check_arrival({400, 400, 200});
  std::error_code ec;
  CHECK(pair.socket.try_send_to(bytes, datagram_route{pair.peer.local_endpoint(), {}, 0, 700},
                                ec) == 1000U);
  check_arrival({700, 300});
  CHECK(pair.socket.counters().sent == 5);
}

TEST_CASE_TEMPLATE("datagram: try and wait", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  byte_vector buffer(16);
  datagram_info about;
  std::error_code ec = error::timed_out;
  CHECK_FALSE(pair.socket.try_receive_from(buffer, about, ec));
  CHECK_FALSE(ec);
  result readable;
  pair.socket.async_wait(wait_type::read, f.into(readable, "readable"));
  f.run_ready();
  CHECK_FALSE(readable.done);
  pair.peer.send_to({}, pair.where());
  pair.peer.send_to(as_bytes("ab"), pair.where());
  f.run_until([&] { return readable.done; });
  CHECK_FALSE(readable.ec);
  // Readiness is a state: asked again, it is told again.
  result again;
  pair.socket.async_wait(wait_type::read, f.into(again, "readable again"));
  f.run_until([&] { return again.done; });
  CHECK(pair.socket.try_receive_from(buffer, about, ec) ==
        0U);  // of no bytes, and one all the same
  CHECK(about.peer == pair.peer.local_endpoint());
  await_datagram(pair.socket.native_handle());
  CHECK(pair.socket.try_receive(buffer, ec) == 2U);
  CHECK_FALSE(pair.socket.try_receive(buffer, ec));

  result writable;
  pair.socket.async_wait(wait_type::write, f.into(writable, "writable"));
  f.run_until([&] { return writable.done; });
  CHECK(pair.socket.try_send_to(as_bytes("abc"), pair.peer.local_endpoint(), ec) == 3U);
  CHECK(pair.peer.receive().bytes.size() == 3);
}

TEST_CASE_TEMPLATE("datagram: both directions are busy at the same time", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  typename Row::backend::datagram_socket other(f.loop());
  other.bind(f.anywhere());
  constexpr int rounds = 50;
  byte_vector to_one(8);
  byte_vector to_other(8);
  datagram_info about_one;
  datagram_info about_other;
  for (int each = 0; each < rounds; ++each) {
    result results[4];
    pair.socket.async_receive_from(to_one, about_one, f.into(results[0], "receive"));
    other.async_receive_from(to_other, about_other, f.into(results[1], "receive of the other"));
    pair.socket.async_send_to(as_bytes("there"), other.local_endpoint(),
                              f.into(results[2], "send"));
    other.async_send_to(as_bytes("back"), pair.where(), f.into(results[3], "send of the other"));
    f.run_until_all_called();
    for (const result& each_result : results) CHECK_FALSE(each_result.ec);
    CHECK(results[0].size == 4);
    CHECK(results[1].size == 5);
  }
  CHECK(pair.socket.counters().received == rounds);
  CHECK(other.counters().sent == rounds);
}

TEST_CASE_TEMPLATE("datagram: a name is no place to send to or to be at", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const endpoint name = endpoint::parse("udp://localhost:9");
  CHECK(pair.send(as_bytes("x"), name).ec == condition::bad_endpoint);
  std::error_code ec;
  CHECK(pair.socket.try_send_to(as_bytes("x"), name, ec) == 0U);
  CHECK(ec == condition::bad_endpoint);
  pair.socket.connect(name, ec);
  CHECK(ec == condition::bad_endpoint);
  CHECK(pair.socket.is_open());
  pair.socket.bind(name, {}, ec);
  CHECK(ec == condition::bad_endpoint);
  CHECK_FALSE(pair.socket.is_open());
}

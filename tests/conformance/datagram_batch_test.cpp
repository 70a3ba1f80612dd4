// SPDX-License-Identifier: MIT
// datagram: batches in every row: as many as there are in one call, in memory that is used again; counting of what is lost; cutting and
// coalescing by the kernel.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/datagram_options.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

datagram_options batches_of(std::size_t count, std::size_t bytes = 2048) {
  datagram_options options;
  options.batch_size = count;
  options.max_datagram_bytes = bytes;
  options.socket.receive_buffer_bytes = 1'000'000;
  return options;
}

/// A socket of the row with a batch for each direction.
template <class Row>
struct batch_socket {
  batch_socket(fixture_of<Row>& of, const datagram_options& options)
      : f(of), socket(f.loop()), incoming(options), outgoing(options) {
    socket.bind(f.anywhere(), options);
  }
  [[nodiscard]] endpoint where() const { return socket.local_endpoint(); }

  /// Completed.
  result receive() {
    result done;
    socket.async_receive_batch(incoming, f.into(done, "receive_batch"));
    f.run_until([&] { return done.done; });
    return done;
  }
  result send() {
    result done;
    socket.async_send_batch(outgoing, f.into(done, "send_batch"));
    f.run_until([&] { return done.done; });
    return done;
  }
  void add(std::span<const std::byte> bytes, const endpoint& to) {
    outgoing.add(bytes, datagram_route{to});
  }

  fixture_of<Row>& f;
  typename Row::backend::datagram_socket socket;
  typename Row::backend::incoming_batch incoming;
  typename Row::backend::outgoing_batch outgoing;
};

}  // namespace

TEST_CASE_TEMPLATE("batch: an echo of 1 and of 64 at a time", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  for (const std::size_t count : {std::size_t{1}, std::size_t{64}}) {
    CAPTURE(count);
    fixture_of<Row> f;
    batch_socket<Row> server(f, batches_of(count));
    batch_socket<Row> client(f, batches_of(count));
    std::vector<byte_vector> sent;
    for (std::size_t each = 0; each < count; ++each) sent.push_back(some_bytes(each * 30, each));
    for (int round = 0; round < 3; ++round) {
      client.outgoing.clear();
      for (const byte_vector& bytes : sent) client.add(bytes, server.where());
      CHECK(client.outgoing.full());
      result asked;
      // A UNIX queue holds fewer than 64: sending goes on while the server takes.
      client.socket.connect(server.where());
      client.socket.async_send_batch(client.outgoing, f.into(asked, "ask"));
      std::vector<byte_vector> echoed;
      while (echoed.size() < count) {
        const result received = server.receive();
        REQUIRE_FALSE(received.ec);
        REQUIRE(received.size > 0);
        CHECK(received.size == server.incoming.size());
        server.outgoing.clear();
        for (std::size_t each = 0; each < received.size; ++each) {
          CHECK(server.incoming.info(each).peer == client.where());
          CHECK(server.outgoing.add_reply(server.incoming.bytes(each), server.incoming, each));
        }
        CHECK(server.send().size == received.size);
        std::size_t came = 0;
        while (came < received.size) {
          const std::size_t now = client.receive().size;
          REQUIRE(now > 0);
          for (std::size_t each = 0; each < now; ++each) {
            const auto bytes = client.incoming.bytes(each);
            echoed.emplace_back(bytes.begin(), bytes.end());
          }
          came += now;
        }
      }
      f.run_until([&] { return asked.done; });
      CHECK_FALSE(asked.ec);
      CHECK(asked.size == count);
      CHECK(echoed == sent);
    }
    CHECK(server.socket.counters().received == 3 * count);
    CHECK(server.socket.counters().sent == 3 * count);
  }
}

TEST_CASE_TEMPLATE("batch: brings what is there and waits only for the first", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  batch_socket<Row> server(f, batches_of(4, 8));
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  result received;
  server.socket.async_receive_batch(server.incoming, f.into(received, "receive_batch"));
  f.run_ready();
  CHECK_FALSE(received.done);
  const std::vector<std::string> texts{"", "1", "too long for it", "3", "4", "5"};
  for (const std::string& text : texts) peer.send_to(as_bytes(text), server.where());
  f.run_until([&] { return received.done; });
  std::size_t seen = 0;
  while (seen < texts.size()) {
    REQUIRE(received.size > 0);
    CHECK(received.size <= 4);
    for (std::size_t each = 0; each < received.size; ++each, ++seen) {
      CHECK(as_text(server.incoming.bytes(each)) == texts[seen].substr(0, 8));
      CHECK(server.incoming.whole_bytes(each) == texts[seen].size());
      CHECK(server.incoming.truncated(each) == (texts[seen].size() > 8));
    }
    if (seen < texts.size()) received = server.receive();
  }
  std::error_code ec;
  CHECK_FALSE(server.socket.try_receive_batch(server.incoming, ec));
  CHECK_FALSE(ec);
  CHECK(server.incoming.size() == 0);
  CHECK(server.socket.counters().received == 6);
  CHECK(server.socket.counters().truncated == 1);
}

TEST_CASE_TEMPLATE("batch: of 100 datagrams for a small buffer all are received or counted", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options = batches_of(64);
  options.socket.receive_buffer_bytes = 4096;
  options.metadata.drop_count = true;
  batch_socket<Row> server(f, options);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  const byte_vector bytes(1000);
  constexpr std::size_t sent = 100;
  for (std::size_t each = 0; each < sent; ++each) peer.send_to(bytes, server.where());
  // Each is told what was lost before it. What was lost last is told by one more, for which there is room again.
  std::error_code ec;
  std::size_t received = 0;
  while (const auto now = server.socket.try_receive_batch(server.incoming, ec)) received += *now;
  peer.send_to(as_bytes("last"), server.where());
  std::optional<datagram_info> last;
  while (!last) {
    const std::size_t now = server.receive().size;
    REQUIRE(now > 0);
    for (std::size_t each = 0; each < now; ++each) {
      if (server.incoming.bytes(each).size() == 4) last = server.incoming.info(each);
    }
    received += now;
  }
  CHECK(received < sent);
  REQUIRE(last->drop_count);
  CHECK(received + *last->drop_count == sent + 1);
}

TEST_CASE_TEMPLATE("batch: what cannot be sent is counted and the rest is sent", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options = batches_of(4);
  options.socket.send_buffer_bytes = Row::transport::buffer_bytes;
  batch_socket<Row> sender(f, options);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  const byte_vector large(Row::transport::largest + 1);
  sender.add(large, peer.local_endpoint());
  sender.add(as_bytes("one"), peer.local_endpoint());
  sender.add(large, peer.local_endpoint());
  sender.add(as_bytes("two"), peer.local_endpoint());
  const result sent = sender.send();
  CHECK_FALSE(sent.ec);
  CHECK(sent.size == 2);
  CHECK(sender.outgoing.sent() == 2);
  CHECK(sender.outgoing.dropped() == 2);
  CHECK(sender.socket.counters().not_sent[datagram_failure::too_long] == 2);
  CHECK(as_text(peer.receive().bytes) == "one");
  CHECK(as_text(peer.receive().bytes) == "two");
}

TEST_CASE_TEMPLATE("batch: a connected peer that refuses is told once and stops nothing", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  batch_socket<Row> client(f, batches_of(8));
  raw_datagram peer = raw_datagram::bound(f.anywhere());
  const endpoint where = peer.local_endpoint();
  client.socket.connect(where);
  peer.close();
  for (int each = 0; each < 4; ++each) client.outgoing.add(as_bytes("x"));
  CHECK(client.send().size == 4);
  CHECK(errc_of(client.receive().ec) == std::errc::connection_refused);
  CHECK(client.incoming.size() == 0);
  peer = raw_datagram::bound(where);
  client.outgoing.clear();
  client.outgoing.add(as_bytes("y"));
  CHECK(client.send().size == 1);
  peer.send_to(peer.receive().bytes, client.where());
  const result received = client.receive();
  CHECK_FALSE(received.ec);
  CHECK(as_text(client.incoming.bytes(0)) == "y");
}

TEST_CASE_TEMPLATE("batch: the full queue of a connected UNIX peer is waited for", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  batch_socket<Row> client(f, batches_of(1024));
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  client.socket.connect(peer.local_endpoint());
  for (int each = 0; each < 1024; ++each) client.outgoing.add(as_bytes("x"));
  std::error_code ec;
  CHECK_FALSE(client.socket.try_send_batch(client.outgoing, ec));
  CHECK_FALSE(ec);
  const std::size_t at_once = client.outgoing.sent();
  CHECK(at_once > 0);
  CHECK(at_once < 1024);
  result sent;
  client.socket.async_send_batch(client.outgoing, f.into(sent, "send_batch"));
  f.run_ready();
  CHECK_FALSE(sent.done);
  std::size_t came = 0;
  const auto take = [&] {
    for (; peer.anything(); ++came) static_cast<void>(peer.receive());
  };
  // Each time the peer takes what is there, more is sent.
  for (int turns = 0; !sent.done && turns < 1024; ++turns) {
    take();
    f.run_ready();
  }
  REQUIRE(sent.done);
  CHECK(sent.size == 1024);
  take();
  CHECK(came == 1024);
  CHECK(client.outgoing.dropped() == 0);
}

TEST_CASE_TEMPLATE("batch: an unconnected UNIX peer that is full loses its own and nobody else's",
                   Row, DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  batch_socket<Row> sender(f, batches_of(1024));
  const raw_datagram full = raw_datagram::bound(f.anywhere());
  const raw_datagram other = raw_datagram::bound(f.anywhere());
  for (int each = 0; each < 1023; ++each) sender.add(as_bytes("x"), full.local_endpoint());
  sender.add(as_bytes("y"), other.local_endpoint());
  const result sent = sender.send();
  CHECK_FALSE(sent.ec);
  CHECK(sent.size + sender.outgoing.dropped() == 1024);
  CHECK(sender.socket.counters().not_sent[datagram_failure::no_room] == sender.outgoing.dropped());
  CHECK(sender.outgoing.dropped() > 0);
  CHECK(as_text(other.receive().bytes) == "y");
}

TEST_CASE_TEMPLATE("batch: an empty one is sent at once", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  batch_socket<Row> sender(f, batches_of(1));
  const result sent = sender.send();
  CHECK_FALSE(sent.ec);
  CHECK(sent.size == 0);
}

TEST_CASE_TEMPLATE("batch: the kernel cuts and coalesces and the echo comes back as it went", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options = batches_of(8);
  options.coalesce = true;
  batch_socket<Row> server(f, options);
  std::error_code ec;
  if (!os::effective_datagram_options(server.socket.native_handle(), ec).coalesce)
    DUET_SKIP("this kernel has no UDP GRO");
  datagram_options cutting = batches_of(64);
  cutting.segment_bytes = 500;
  batch_socket<Row> client(f, cutting);
  const byte_vector bytes = some_bytes(5 * 500 + 100);
  client.add(bytes, server.where());
  CHECK(client.send().size == 1);
  CHECK(client.socket.counters().sent == 6);

  byte_vector got;
  while (got.size() < bytes.size()) {
    const result received = server.receive();
    REQUIRE_FALSE(received.ec);
    server.outgoing.clear();
    for (std::size_t each = 0; each < received.size; ++each) {
      const auto part = server.incoming.bytes(each);
      got.insert(got.end(), part.begin(), part.end());
      const datagram_info info = server.incoming.info(each);
      CHECK((info.segment_bytes == 0 || info.segment_bytes == 500));
      CHECK(server.outgoing.add_reply(part, server.incoming, each));
    }
    CHECK(server.send().size == received.size);
  }
  CHECK(got == bytes);
  CHECK(server.socket.counters().received == 6);
  CHECK(server.socket.counters().sent == 6);

  byte_vector echoed;
  while (echoed.size() < bytes.size()) {
    const std::size_t count = client.receive().size;
    REQUIRE(count > 0);
    for (std::size_t each = 0; each < count; ++each) {
      const auto part = client.incoming.bytes(each);
      CHECK(part.size() == std::min<std::size_t>(500, bytes.size() - echoed.size()));
      echoed.insert(echoed.end(), part.begin(), part.end());
    }
  }
  CHECK(echoed == bytes);
}

TEST_CASE_TEMPLATE("batch: every fact that was asked for is told of each", Row, DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options = batches_of(8);
  options.metadata = {true, true, true, true, true};
  batch_socket<Row> server(f, options);
  datagram_options marked = batches_of(8);
  marked.hops = 17;
  marked.traffic_class = 0x20;
  batch_socket<Row> client(f, marked);
  for (int each = 0; each < 3; ++each) client.add(as_bytes("x"), server.where());
  CHECK(client.send().size == 3);
  std::size_t seen = 0;
  while (seen < 3) {
    const result received = server.receive();
    REQUIRE(received.size > 0);
    for (std::size_t each = 0; each < received.size; ++each, ++seen) {
      const datagram_info info = server.incoming.info(each);
      CHECK(info.destination == server.where().address());
      CHECK(info.local_address == server.where().address());
      CHECK(info.interface_index == 1);
      CHECK(info.received_at);
      CHECK(info.hops == 17);
      CHECK(info.traffic_class == 0x20);
      CHECK_FALSE(info.to_many());
    }
  }
}

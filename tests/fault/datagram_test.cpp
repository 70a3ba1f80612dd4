// SPDX-License-Identifier: MIT
// Datagrams when calls fail: interrupted, cut short, refused by a firewall or a kernel that lacks something. Both columns make these calls
// through the seam.
#include <cerrno>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/datagram_options.hpp"
#include "errors.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

datagram_options batches_of(std::size_t count) {
  datagram_options options;
  options.batch_size = count;
  options.max_datagram_bytes = 2048;
  options.socket.receive_buffer_bytes = 1'000'000;
  return options;
}

/// A bound socket of the row and a plain peer that no fault reaches.
template <class Row>
struct with_peer {
  explicit with_peer(fixture_of<Row>& of, std::size_t batch = 8)
      : f(of),
        socket(f.loop()),
        peer(raw_datagram::bound(f.anywhere())),
        incoming(batches_of(batch)),
        outgoing(batches_of(batch)) {
    socket.bind(f.anywhere(), batches_of(batch));
    peer.set(SOL_SOCKET, SO_RCVBUF, 1'000'000);
  }
  [[nodiscard]] endpoint where() const { return socket.local_endpoint(); }
  template <class Start>
  result completed(const char* what, Start start) {
    result done;
    start(f.into(done, what));
    f.run_until([&] { return done.done; });
    return done;
  }
  result receive(std::span<std::byte> to) {
    return completed("receive",
                     [&](auto handler) { socket.async_receive(to, std::move(handler)); });
  }
  result send(std::string_view text) {
    return completed("send_to", [&](auto handler) {
      socket.async_send_to(as_bytes(text), peer.local_endpoint(), std::move(handler));
    });
  }
  result receive_batch() {
    return completed("receive_batch", [&](auto handler) {
      socket.async_receive_batch(incoming, std::move(handler));
    });
  }
  result send_batch() {
    return completed("send_batch",
                     [&](auto handler) { socket.async_send_batch(outgoing, std::move(handler)); });
  }
  void add(std::string_view text) {
    outgoing.add(as_bytes(text), datagram_route{peer.local_endpoint()});
  }

  fixture_of<Row>& f;
  typename Row::backend::datagram_socket socket;
  raw_datagram peer;
  typename Row::backend::incoming_batch incoming;
  typename Row::backend::outgoing_batch outgoing;
};

/// One datagram there and one back, alone and in a batch of one.
template <class Row>
void exchange(with_peer<Row>& pair) {
  byte_vector buffer(16);
  pair.peer.send_to(as_bytes("one"), pair.where());
  const result received = pair.receive(buffer);
  CHECK_FALSE(received.ec);
  CHECK(as_text(std::span(buffer).first(received.size)) == "one");
  CHECK_FALSE(pair.send("two").ec);
  CHECK(as_text(pair.peer.receive().bytes) == "two");
  pair.peer.send_to(as_bytes("three"), pair.where());
  CHECK(pair.receive_batch().size == 1);
  CHECK(as_text(pair.incoming.bytes(0)) == "three");
  pair.outgoing.clear();
  pair.add("four");
  CHECK(pair.send_batch().size == 1);
  CHECK(as_text(pair.peer.receive().bytes) == "four");
}

constexpr os::call datagram_calls[] = {os::call::recvmsg, os::call::sendmsg, os::call::recvmmsg,
                                       os::call::sendmmsg};

}  // namespace

TEST_CASE_TEMPLATE("datagram: an interrupted call is made again", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  for (const os::call which : datagram_calls) {
    fixture_of<Row> f;
    with_peer<Row> pair(f);
    const planned fault(which, first(3, EINTR));
    exchange(pair);
    CHECK(fault.calls() >= 4);
  }
}

TEST_CASE_TEMPLATE("datagram: a false would-block does not hang a level-triggered loop", Row,
                   duet::test::posix_udp4, duet::test::posix_udp6, duet::test::posix_unixgram) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  for (const os::call which : datagram_calls) {
    // A UNIX peer's queue that seems full is an error and no wait.
    const bool sends = which == os::call::sendmsg || which == os::call::sendmmsg;
    fixture_of<Row> f;
    if (sends && f.anywhere().is_unix()) continue;
    with_peer<Row> pair(f);
    const planned fault(which, first(3, EAGAIN));
    exchange(pair);
    CHECK(fault.calls() >= 4);
  }
}

TEST_CASE_TEMPLATE("datagram: batches that are cut short are whole in the end", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  {
    const planned fault(os::call::sendmmsg, one_byte_each());  // one datagram each
    for (int each = 0; each < 8; ++each) pair.add("x");
    CHECK(pair.send_batch().size == 8);
    CHECK(fault.calls() == 8);
    for (int each = 0; each < 8; ++each) static_cast<void>(pair.peer.receive());
  }
  const planned fault(os::call::recvmmsg, one_byte_each());
  for (int each = 0; each < 3; ++each) pair.peer.send_to(as_bytes("y"), pair.where());
  for (int each = 0; each < 3; ++each) CHECK(pair.receive_batch().size == 1);
}

TEST_CASE_TEMPLATE("datagram: receiving goes on after every error but the socket's own", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  for (const int error : {ENOMEM, ENOBUFS, ECONNREFUSED, EHOSTUNREACH, EPROTO, EBADF}) {
    CAPTURE(error);
    fixture_of<Row> f;
    with_peer<Row> pair(f);
    byte_vector buffer(8);
    pair.peer.send_to(as_bytes("x"), pair.where());
    {
      const planned fault(os::call::recvmsg, nth(1, error));
      CHECK(errc_of(pair.receive(buffer).ec) == static_cast<std::errc>(error));
    }
    {
      const planned fault(os::call::recvmmsg, nth(1, error));
      CHECK(errc_of(pair.receive_batch().ec) == static_cast<std::errc>(error));
      CHECK(pair.incoming.size() == 0);
    }
    CHECK(pair.socket.counters().receive_errors.total() == 2);
    CHECK(pair.receive(buffer).size == 1);
  }
}

TEST_CASE_TEMPLATE("datagram: a send that is refused is counted and the batch goes on", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  struct row {
    int error;
    datagram_failure kind;
  };
  for (const row& each : {row{EPERM, datagram_failure::forbidden},
                          {ENOBUFS, datagram_failure::no_room},
                          {EINVAL, datagram_failure::bad_address},
                          {EACCES, datagram_failure::forbidden}}) {
    CAPTURE(each.error);
    fixture_of<Row> f;
    with_peer<Row> pair(f);
    {
      const planned fault(os::call::sendmsg, nth(1, each.error));
      CHECK(errc_of(pair.send("a").ec) == static_cast<std::errc>(each.error));
      CHECK(fault.calls() == 1);
    }
    const planned fault(os::call::sendmmsg, nth(1, each.error));
    for (const char* text : {"lost", "b", "c"}) pair.add(text);
    const result sent = pair.send_batch();
    CHECK_FALSE(sent.ec);
    CHECK(sent.size == 2);
    CHECK(pair.outgoing.dropped() == 1);
    CHECK(pair.socket.counters().not_sent[each.kind] == 2);
    CHECK(as_text(pair.peer.receive().bytes) == "b");
    CHECK(as_text(pair.peer.receive().bytes) == "c");
  }
}

TEST_CASE_TEMPLATE("datagram: what may be an earlier one's error is tried again once", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  for (const int error : {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH}) {
    CAPTURE(error);
    fixture_of<Row> f;
    with_peer<Row> pair(f);
    {
      const planned fault(os::call::sendmsg, first(1, error));
      CHECK_FALSE(pair.send("a").ec);
      CHECK(fault.calls() == 2);
    }
    {
      const planned fault(os::call::sendmsg, first(2, error));
      CHECK(errc_of(pair.send("b").ec) == static_cast<std::errc>(error));
      CHECK(fault.calls() == 2);
    }
    const planned fault(os::call::sendmmsg, first(3, error));
    for (const char* text : {"lost", "c"}) pair.add(text);
    CHECK(pair.send_batch().size == 1);
    CHECK(pair.socket.counters().sent_again == 4);
    CHECK(as_text(pair.peer.receive().bytes) == "a");
    CHECK(as_text(pair.peer.receive().bytes) == "c");
  }
}

TEST_CASE_TEMPLATE("datagram: a kernel that does not cut or cannot here is done without", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  const byte_vector bytes = some_bytes(1000);
  struct way {
    os::call which;
    int error;
  };
  for (const bool batch : {false, true}) {
    const os::call send = batch ? os::call::sendmmsg : os::call::sendmsg;
    for (const way& each : {way{os::call::getsockopt, ENOPROTOOPT}, {send, EIO}, {send, EINVAL}}) {
      CAPTURE(batch);
      CAPTURE(each.error);
      fixture_of<Row> f;
      with_peer<Row> pair(f);
      const endpoint to = pair.peer.local_endpoint();
      const planned fault(each.which, first(1, each.error));
      const datagram_route by{to, {}, 0, 300};
      if (batch) {
        pair.outgoing.add(bytes, by);
        CHECK(pair.send_batch().size == 1);
      } else {
        const result sent = pair.completed("send_to", [&](auto handler) {
          pair.socket.async_send_to(bytes, by, std::move(handler));
        });
        CHECK_FALSE(sent.ec);
        CHECK(sent.size == 1000);
      }
      byte_vector got;
      for (const std::size_t size : {300U, 300U, 300U, 100U}) {
        const byte_vector part = pair.peer.receive().bytes;
        CHECK(part.size() == size);
        got.insert(got.end(), part.begin(), part.end());
      }
      CHECK(got == bytes);
      CHECK(pair.socket.counters().sent == 4);
      CHECK(pair.socket.counters().not_sent.total() == 0);
    }
  }
}

TEST_CASE_TEMPLATE("datagram: a device without checksums is not asked twice", Row, DUET_UDP_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const byte_vector bytes = some_bytes(1000);
  const datagram_route by{pair.peer.local_endpoint(), {}, 0, 500};
  const planned fault(os::call::sendmsg, first(1, EIO));
  std::error_code ec;
  CHECK(pair.socket.try_send_to(bytes, by, ec) == 1000U);
  CHECK(fault.calls() == 3);
  CHECK(pair.socket.try_send_to(bytes, by, ec) == 1000U);
  CHECK(fault.calls() == 5);
}

TEST_CASE_TEMPLATE("datagram: a kernel without UDP GRO gives what comes uncoalesced", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options = batches_of(8);
  options.coalesce = true;
  typename Row::backend::datagram_socket socket(f.loop());
  std::error_code ec;
  // UDP_GRO is set last.
  std::uint64_t settings = 0;
  {
    const planned count(os::call::setsockopt, {0, 0, 0, {}});
    socket.bind(f.anywhere(), options);
    settings = count.calls();
  }
  const planned fault(os::call::setsockopt, nth(settings, ENOPROTOOPT));
  socket.bind(f.anywhere(), options, ec);
  CHECK_FALSE(ec);
  CHECK(fault.calls() == settings);
  CHECK_FALSE(os::effective_datagram_options(socket.native_handle(), ec).coalesce);
}

TEST_CASE_TEMPLATE("datagram: an option that wants a privilege says which", Backend,
                   DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  fixture<Backend> f;
  typename Backend::datagram_socket socket(f.loop());
  datagram_options options;
  options.device = "lo";
  const endpoint at = endpoint::parse("udp://127.0.0.1:0");
  const planned fault(os::call::setsockopt, nth(2, EPERM));  // the first is IP_MULTICAST_ALL
  try {
    socket.bind(at, options);
    FAIL("bound");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()) ==
          "setsockopt SO_BINDTODEVICE (needs CAP_NET_RAW) udp://127.0.0.1:0: Operation not "
          "permitted");
  }
  CHECK_FALSE(socket.is_open());
}

TEST_CASE_TEMPLATE("datagram: each step of binding fails in its turn", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_SEAM();
  DUET_NEEDS_ROW(Row);
  datagram_options options = batches_of(8);
  options.metadata = {true, true, true, true, true};
  int strikes = 0;
  for (const call_name& call : {call_name{os::call::socket, "socket"},
                                {os::call::setsockopt, "setsockopt"},
                                {os::call::bind, "bind"}}) {
    for (std::uint64_t n = 1; n < 30; ++n) {
      INFO(call.name, " number ", n);
      fixture_of<Row> f;
      typename Row::backend::datagram_socket socket(f.loop());
      const planned fault(call.which, nth(n, ENOBUFS));
      std::string what;
      try {
        socket.bind(f.anywhere(), options);
      } catch (const std::system_error& error) {
        what = error.what();
      }
      if (fault.calls() < n) break;  // Asio's own bind(2) is never struck
      ++strikes;
      CHECK(what.starts_with(call.name));
      CHECK_FALSE(socket.is_open());
    }
  }
  CHECK(strikes >= 3);
}

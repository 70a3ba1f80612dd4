// SPDX-License-Identifier: MIT
// datagram: how operations end in every row: cancelled, closed under them, moved meanwhile; and what a closed socket says.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

template <class Row>
using socket_of = typename Row::backend::datagram_socket;

datagram_options small_batch() {
  datagram_options options;
  options.batch_size = 4;
  options.max_datagram_bytes = 64;
  return options;
}

/// Starts each kind of receive in turn, on a socket that nothing comes to.
template <class Row>
struct parked_receives {
  explicit parked_receives(fixture_of<Row>& of) : f(of) {}

  static constexpr int kinds = 4;
  void start(int kind, socket_of<Row>& on, result& into) {
    switch (kind) {
      case 0: return on.async_receive_from(buffer, about, f.into(into, "receive_from"));
      case 1: return on.async_receive(buffer, f.into(into, "receive"));
      case 2: return on.async_receive_batch(batch, f.into(into, "receive_batch"));
      default: return on.async_wait(wait_type::read, f.into(into, "wait"));
    }
  }

  fixture_of<Row>& f;
  byte_vector buffer = byte_vector(64);
  datagram_info about;
  typename Row::backend::incoming_batch batch{small_batch()};
};

/// A connected UNIX socket whose peer takes no more: sends to it are parked.
template <class Row>
struct parked_sends {
  explicit parked_sends(fixture_of<Row>& of)
      : f(of), socket(f.loop()), peer(raw_datagram::bound(f.anywhere())) {
    socket.bind(f.anywhere());
    socket.connect(peer.local_endpoint());
    std::error_code ec;
    while (socket.try_send(as_bytes("x"), ec)) ++queued;
    REQUIRE_FALSE(ec);
    batch.add(as_bytes("y"));
  }

  static constexpr int kinds = 3;
  void start(int kind, result& into) {
    switch (kind) {
      case 0: return socket.async_send(as_bytes("y"), f.into(into, "send"));
      case 1: return socket.async_send_batch(batch, f.into(into, "send_batch"));
      default: return socket.async_wait(wait_type::write, f.into(into, "wait"));
    }
  }

  fixture_of<Row>& f;
  socket_of<Row> socket;
  raw_datagram peer;
  typename Row::backend::outgoing_batch batch{small_batch()};
  std::size_t queued = 0;
};

}  // namespace

TEST_CASE_TEMPLATE("end: every receive is cancelled and the socket goes on", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  using socket = socket_of<Row>;
  const std::function<void(socket&)> ways[] = {[](socket& it) { it.cancel(); },
                                               [](socket& it) { it.cancel(wait_type::read); }};
  for (int kind = 0; kind < parked_receives<Row>::kinds; ++kind) {
    for (const auto& cancel : ways) {
      for (const bool ran : {false, true}) {
        CAPTURE(kind);
        CAPTURE(ran);
        fixture_of<Row> f;
        parked_receives<Row> parked(f);
        socket it(f.loop());
        it.bind(f.anywhere());
        result ended;
        parked.start(kind, it, ended);
        if (ran) f.run_ready();
        cancel(it);
        CHECK_FALSE(ended.done);
        // At once another one; the first is not yet told.
        result next;
        parked.start(kind, it, next);
        f.run_until([&] { return ended.done; });
        CHECK(ended.ec == condition::operation_canceled);
        CHECK(ended.size == 0);
        CHECK_FALSE(next.done);
        const raw_datagram peer = raw_datagram::opened(it.local_endpoint());
        peer.send_to(as_bytes("ab"), it.local_endpoint());
        f.run_until([&] { return next.done; });
        CHECK_FALSE(next.ec);
      }
    }
  }
}

TEST_CASE_TEMPLATE("end: every send is cancelled and the socket goes on", Row, DUET_UNIXGRAM_ROWS) {
  for (int kind = 0; kind < parked_sends<Row>::kinds; ++kind) {
    CAPTURE(kind);
    fixture_of<Row> f;
    parked_sends<Row> parked(f);
    for (const bool both : {false, true}) {
      result ended;
      parked.start(kind, ended);
      f.run_ready();
      both ? parked.socket.cancel() : parked.socket.cancel(wait_type::write);
      f.run_until([&] { return ended.done; });
      CHECK(ended.ec == condition::operation_canceled);
      CHECK(ended.size == 0);
    }
    result next;
    parked.start(kind, next);
    f.run_ready();
    for (std::size_t each = 0; each < parked.queued; ++each)
      static_cast<void>(parked.peer.receive());
    f.run_until([&] { return next.done; });
    CHECK_FALSE(next.ec);
  }
}

TEST_CASE_TEMPLATE("end: cancelling one direction leaves the other alone", Row,
                   DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  parked_sends<Row> parked(f);
  parked_receives<Row> receives(f);
  result sent;
  result received;
  parked.start(0, sent);
  receives.start(0, parked.socket, received);
  f.run_ready();
  parked.socket.cancel(wait_type::read);
  f.run_until([&] { return received.done; });
  CHECK(received.ec == condition::operation_canceled);
  f.run_ready();
  CHECK_FALSE(sent.done);

  result again;
  receives.start(2, parked.socket, again);
  f.run_ready();
  parked.socket.cancel(wait_type::write);
  f.run_until([&] { return sent.done; });
  CHECK(sent.ec == condition::operation_canceled);
  f.run_ready();
  CHECK_FALSE(again.done);
  parked.peer.send_to(as_bytes("z"), parked.socket.local_endpoint());
  f.run_until([&] { return again.done; });
  CHECK(again.size == 1);
}

TEST_CASE_TEMPLATE("end: closing and destroying and opening anew end what is in flight", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  for (int kind = 0; kind < parked_receives<Row>::kinds; ++kind) {
    for (int way = 0; way < 5; ++way) {
      CAPTURE(kind);
      CAPTURE(way);
      fixture_of<Row> f;
      parked_receives<Row> parked(f);
      std::optional<socket_of<Row>> it(f.loop());
      it->bind(f.anywhere());
      result ended;
      parked.start(kind, *it, ended);
      f.run_ready();
      os::unique_fd given_away;
      if (way == 0) it->close();
      if (way == 1) it.reset();
      if (way == 2) it->bind(f.anywhere());
      if (way == 3) {
        *it = socket_of<Row>(f.loop());
        CHECK_FALSE(it->is_open());
      }
      if (way == 4) {
        given_away = it->release();
        CHECK(given_away);
        CHECK_FALSE(it->is_open());
      }
      f.run_until([&] { return ended.done; });
      CHECK(ended.ec == condition::operation_canceled);
      for (const auto& file : f.folder.files())  // of way 4, whose owner we are now
        if (way == 4) std::filesystem::remove(f.folder.path() + "/" + file);
    }
  }
}

TEST_CASE_TEMPLATE("end: a socket is moved while operations are in flight", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  parked_receives<Row> parked(f);
  socket_of<Row> first(f.loop());
  first.bind(f.anywhere());
  const endpoint where = first.local_endpoint();
  result received;
  parked.start(0, first, received);
  f.run_ready();
  socket_of<Row> second(std::move(first));
  socket_of<Row> third(f.loop());
  third = std::move(second);
  CHECK(third.is_open());
  CHECK(third.local_endpoint() == where);
  const raw_datagram peer = raw_datagram::opened(where);
  peer.send_to(as_bytes("moved"), where);
  f.run_until([&] { return received.done; });
  CHECK(received.size == 5);
  // And what was moved from may be used again.
  first = socket_of<Row>(f.loop());
  first.bind(f.anywhere());
  CHECK(first.is_open());
}

TEST_CASE_TEMPLATE("end: a result that is known wins over a cancellation", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  for (const bool close : {false, true}) {
    fixture_of<Row> f;
    socket_of<Row> it(f.loop());
    it.bind(f.anywhere());
    const raw_datagram peer = raw_datagram::bound(f.anywhere());
    result sent;
    it.async_send_to(as_bytes("gone"), peer.local_endpoint(), f.into(sent, "send_to"));
    close ? it.close() : it.cancel();
    f.run_until([&] { return sent.done; });
    CHECK_FALSE(sent.ec);
    CHECK(sent.size == 4);
    CHECK(peer.receive().bytes.size() == 4);
  }
}

TEST_CASE_TEMPLATE("end: a handler starts the next one and closes its own socket", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  auto it = std::make_unique<socket_of<Row>>(f.loop());
  it->bind(f.anywhere());
  const endpoint where = it->local_endpoint();
  const raw_datagram peer = raw_datagram::opened(where);
  byte_vector buffer(8);
  int received = 0;
  std::function<void()> next = [&] {
    it->async_receive(buffer, f.once("receive", [&](std::error_code ec, std::size_t) {
      CHECK_FALSE(ec);
      if (++received == 3) return it.reset();
      next();
    }));
  };
  next();
  for (int each = 0; each < 3; ++each) peer.send_to(as_bytes("x"), where);
  f.run_until([&] { return received == 3; });
  CHECK_FALSE(it);
}

TEST_CASE_TEMPLATE("end: a loop that goes first destroys handlers uncalled", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  const auto token = std::make_shared<int>(0);
  byte_vector buffer(8);
  {
    socket_of<Row> it(f.loop());
    it.bind(f.anywhere());
    it.async_receive(buffer, f.once("receive", [token](std::error_code, std::size_t) {}));
    it.async_wait(wait_type::write, f.once("wait", [token](std::error_code) {}));
    it.close();
  }
  CHECK(token.use_count() == 3);
  f.destroy_loop();
  CHECK(token.use_count() == 1);
  f.calls.check_never_called();
  f.calls.forget();
}

TEST_CASE_TEMPLATE("end: operations on a closed socket are errors", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  parked_receives<Row> parked(f);
  socket_of<Row> closed(f.loop());
  const endpoint where = f.anywhere();
  typename Row::backend::outgoing_batch outgoing(small_batch());
  outgoing.add(as_bytes("x"), datagram_route{where});
  for (int kind = 0; kind < parked_receives<Row>::kinds; ++kind) {
    result ended;
    parked.start(kind, closed, ended);
    f.run_until([&] { return ended.done; });
    CHECK(errc_of(ended.ec) == std::errc::bad_file_descriptor);
  }
  result sent[4];
  closed.async_send_to(as_bytes("x"), where, f.into(sent[0], "send_to"));
  f.run_until_all_called();
  closed.async_send(as_bytes("x"), f.into(sent[1], "send"));
  f.run_until_all_called();
  closed.async_send_batch(outgoing, f.into(sent[2], "send_batch"));
  f.run_until_all_called();
  closed.async_wait(wait_type::write, f.into(sent[3], "wait"));
  f.run_until_all_called();
  for (const result& each : sent) {
    CHECK(errc_of(each.ec) == std::errc::bad_file_descriptor);
    CHECK(each.size == 0);
  }
  byte_vector buffer(8);
  datagram_info about;
  std::error_code ec;
  const auto refused = [&] {
    return errc_of(std::exchange(ec, {})) == std::errc::bad_file_descriptor;
  };
  CHECK(closed.try_receive_from(buffer, about, ec) == 0U);
  CHECK(refused());
  CHECK(closed.try_receive(buffer, ec) == 0U);
  CHECK(refused());
  CHECK(closed.try_send_to(buffer, where, ec) == 0U);
  CHECK(refused());
  CHECK(closed.try_send(buffer, ec) == 0U);
  CHECK(refused());
  CHECK(closed.try_receive_batch(parked.batch, ec) == 0U);
  CHECK(refused());
  CHECK(closed.try_send_batch(outgoing, ec) == 0U);
  CHECK(refused());
  CHECK(closed.local_endpoint(ec) == endpoint());
  CHECK(refused());
  CHECK(closed.remote_endpoint(ec) == endpoint());
  CHECK(refused());
  closed.join({*address::parse("239.1.2.3"), "lo", {}}, ec);
  CHECK(refused());
  CHECK_THROWS_AS(static_cast<void>(closed.local_endpoint()), std::system_error);
  CHECK_THROWS_AS(closed.leave({*address::parse("239.1.2.3"), "lo", {}}), std::system_error);
  CHECK_FALSE(static_cast<bool>(closed.release()));
  CHECK(closed.native_handle() == -1);
  closed.cancel();
  closed.cancel(wait_type::write);
  closed.close();
}

TEST_CASE_TEMPLATE("end: a native socket goes in and comes out again", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  raw_datagram outside = raw_datagram::bound(f.anywhere());
  const endpoint where = outside.local_endpoint();
  const int number = outside.fd();
  socket_of<Row> inside(f.loop());
  inside.assign(os::unique_fd(outside.release()));
  CHECK(inside.native_handle() == number);
  const raw_datagram peer = raw_datagram::opened(where);
  // It blocks, as its owner made it; operations do not.
  byte_vector buffer(8);
  std::error_code ec;
  CHECK_FALSE(inside.try_receive(buffer, ec));
  result received;
  inside.async_receive(buffer, f.into(received, "receive"));
  f.run_ready();
  peer.send_to(as_bytes("in"), where);
  f.run_until([&] { return received.done; });
  CHECK(received.size == 2);

  os::unique_fd out = inside.release();
  CHECK(out.get() == number);
  CHECK_FALSE(inside.is_open());
  socket_of<Row> next(f.loop());
  next.assign(std::move(out));
  peer.send_to(as_bytes("again"), where);
  result second;
  next.async_receive(buffer, f.into(second, "second receive"));
  f.run_until([&] { return second.done; });
  CHECK(second.size == 5);
}

TEST_CASE_TEMPLATE("end: close removes the file and release leaves it", Row, DUET_UNIXGRAM_ROWS) {
  fixture_of<Row> f;
  socket_of<Row> it(f.loop());
  it.bind(f.anywhere());
  CHECK(f.folder.files().size() == 1);
  it.close();
  CHECK(f.folder.files().empty());
  it.bind(f.anywhere());
  const os::unique_fd out = it.release();
  it.close();
  CHECK(f.folder.files().size() == 1);
  for (const auto& file : f.folder.files()) std::filesystem::remove(f.folder.path() + "/" + file);
}

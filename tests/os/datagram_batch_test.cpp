// SPDX-License-Identifier: MIT
// datagram_batch: many datagrams a call, into and out of memory that is used again; what one of them fails with is not the others'.
#include "duet/os/datagram_batch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/datagram_io.hpp"
#include "duet/os/datagram_options.hpp"
#include "errors.hpp"
#include "raw_datagram.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet;
using namespace duet::test;

namespace {

const endpoint anywhere = endpoint::parse("udp://127.0.0.1:0");

datagram_options of(std::size_t count, std::size_t bytes) {
  datagram_options options;
  options.batch_size = count;
  options.max_datagram_bytes = bytes;
  return options;
}

datagram_route to(const endpoint& where, std::size_t segment_bytes = 0) {
  datagram_route route;
  route.to = where;
  route.segment_bytes = segment_bytes;
  return route;
}

/// A plain socket with the batch calls on it.
struct batch_socket {
  explicit batch_socket(const endpoint& at) : raw(raw_datagram::bound(at)) {
    setup.family = os::family_of(at);
    raw.set(SOL_SOCKET, SO_RCVBUF, 1 << 20);
  }
  std::optional<std::size_t> receive(os::incoming_batch& into) {
    await_datagram(raw.fd());
    return receive_now(into);
  }
  std::optional<std::size_t> receive_now(os::incoming_batch& into) {
    return os::receive_batch(raw.fd(), into, setup, ec);
  }
  std::optional<std::size_t> send(os::outgoing_batch& from) {
    return os::send_batch(raw.fd(), from, setup, ec);
  }
  [[nodiscard]] endpoint where() const { return raw.local_endpoint(); }
  raw_datagram raw;
  os::datagram_setup setup;
  std::error_code ec;
};

}  // namespace

TEST_CASE("datagram_batch: capacities are kept to what a call takes") {
  CHECK(os::incoming_batch(of(0, 10)).capacity() == 1);
  CHECK(os::incoming_batch(of(5000, 0)).capacity() == 1024);
  CHECK(os::outgoing_batch(of(7, 10)).capacity() == 7);
  datagram_options coalescing = of(2, 10);
  coalescing.coalesce = true;
  CHECK(os::incoming_batch(coalescing).max_datagram_bytes() == 65535);
}

TEST_CASE("datagram_batch: nothing there is no error and leaves it empty") {
  batch_socket socket(anywhere);
  os::incoming_batch batch(of(4, 16));
  CHECK_FALSE(socket.receive_now(batch));
  CHECK_FALSE(socket.ec);
  CHECK(batch.size() == 0);
}

TEST_CASE("datagram_batch: what is there comes in order with its peers and lengths") {
  batch_socket socket(anywhere);
  const raw_datagram one = raw_datagram::bound(anywhere);
  const raw_datagram other = raw_datagram::bound(anywhere);
  os::incoming_batch batch(of(4, 4));
  // Twice, and the second time fewer: what a call left behind must not show.
  for (const std::vector<std::string>& texts :
       {std::vector<std::string>{"abc", "", "truncated", "d", "late"}, {"xy"}}) {
    for (std::size_t each = 0; each < texts.size(); ++each)
      (each % 2 == 0 ? one : other).send_to(as_bytes(texts[each]), socket.where());
    std::size_t seen = 0;
    while (seen < texts.size() && socket.receive(batch).value_or(0) > 0) {
      for (std::size_t each = 0; each < batch.size(); ++each, ++seen) {
        const datagram_info info = batch.info(each);
        CHECK(as_text(batch.bytes(each)) == texts[seen].substr(0, 4));
        CHECK(info.bytes == batch.bytes(each).size());
        CHECK(info.whole_bytes == texts[seen].size());
        CHECK(info.truncated() == batch.truncated(each));
        CHECK(info.truncated() == (texts[seen].size() > 4));
        CHECK(info.peer == (seen % 2 == 0 ? one : other).local_endpoint());
        CHECK(batch.segments(each) == 1);
      }
    }
    CHECK_FALSE(socket.ec);
    CHECK(seen == texts.size());
  }
  CHECK(socket.setup.counters.received == 6);
  CHECK(socket.setup.counters.truncated == 1);
}

TEST_CASE("datagram_batch: a batch is sent in one piece and used again") {
  batch_socket socket(anywhere);
  const raw_datagram peer = raw_datagram::bound(anywhere);
  os::outgoing_batch batch(of(3, 0));
  const std::vector<std::string> texts{"a", "", "ccc"};
  for (int times = 0; times < 2; ++times) {
    for (const std::string& text : texts) batch.add(as_bytes(text), to(peer.local_endpoint()));
    CHECK(batch.full());
    CHECK(batch.left() == 3);
    std::error_code ec;
    batch.add({}, to(peer.local_endpoint()), ec);
    CHECK(errc_of(ec) == std::errc::no_buffer_space);
    CHECK_THROWS_AS(batch.add({}, to(peer.local_endpoint())), std::system_error);
    CHECK(socket.send(batch) == 3U);
    CHECK(batch.sent() == 3);
    CHECK(batch.left() == 0);
    CHECK(socket.send(batch) == 3U);  // nothing is left to do
    for (const std::string& text : texts) CHECK(as_text(peer.receive().bytes) == text);
    CHECK_FALSE(peer.anything());
    batch.clear();
    CHECK(batch.size() == 0);
  }
  CHECK(socket.setup.counters.sent == 6);
}

TEST_CASE("datagram_batch: a name is refused and takes no place") {
  os::outgoing_batch batch(of(1, 0));
  std::error_code ec;
  batch.add({}, to(endpoint::parse("udp://localhost:9")), ec);
  CHECK(ec == condition::bad_endpoint);
  CHECK(batch.size() == 0);
}

TEST_CASE("datagram_batch: one that cannot be sent is counted and the others go") {
  batch_socket socket(anywhere);
  const raw_datagram peer = raw_datagram::bound(anywhere);
  const byte_vector large(65508);
  os::outgoing_batch batch(of(6, 0));
  batch.add(as_bytes("1"), to(endpoint::parse("udp://127.0.0.1:0")));
  batch.add(as_bytes("2"), to(peer.local_endpoint()));
  batch.add(large, to(peer.local_endpoint()));
  batch.add(as_bytes("4"), to(endpoint::parse("udp://127.255.255.255:9")));
  batch.add(as_bytes("5"), to(peer.local_endpoint()));
  batch.add(as_bytes("6"), to(endpoint::parse("udp://127.0.0.1:0")));
  CHECK(socket.send(batch) == 2U);
  CHECK_FALSE(socket.ec);
  CHECK(batch.dropped() == 4);
  CHECK(as_text(peer.receive().bytes) == "2");
  CHECK(as_text(peer.receive().bytes) == "5");
  const datagram_failures& failures = socket.setup.counters.not_sent;
  CHECK(failures[datagram_failure::bad_address] == 2);
  CHECK(failures[datagram_failure::too_long] == 1);
  CHECK(failures[datagram_failure::forbidden] == 1);
  CHECK(failures.total() == 4);
}

TEST_CASE("datagram_batch: replies go back by the address that was asked") {
  batch_socket socket(endpoint::parse("udp://0.0.0.0:0"));
  socket.raw.set(IPPROTO_IP, IP_PKTINFO, 1);
  const raw_datagram peer = raw_datagram::opened(anywhere);
  os::incoming_batch incoming(of(8, 16));
  os::outgoing_batch outgoing(of(8, 16));
  for (const auto& round : {std::vector{"127.0.0.2", "127.0.0.3"}, {"127.0.0.4"}}) {
    for (const char* asked : round)
      peer.send_to(as_bytes(asked),
                   {transport::udp, *address::parse(asked), socket.where().port()});
    REQUIRE(socket.receive(incoming) == round.size());
    outgoing.clear();
    for (std::size_t each = 0; each < round.size(); ++each)
      CHECK(outgoing.add_reply(incoming.bytes(each), incoming, each));
    CHECK(socket.send(outgoing) == round.size());
    for (std::size_t each = 0; each < round.size(); ++each) {
      const auto reply = peer.receive();
      CHECK(reply.peer.address().to_string() == as_text(reply.bytes));
    }
  }
}

TEST_CASE("datagram_batch: a sender without an address gets no reply") {
  const temporary_folder folder;
  batch_socket socket(endpoint::local(transport::unix_datagram, folder.fresh_path()));
  const raw_datagram peer = raw_datagram::opened(socket.where());
  os::incoming_batch incoming(of(1, 16));
  os::outgoing_batch outgoing(of(1, 16));
  // The memory remembers one that had.
  batch_socket other(anywhere);
  other.raw.send_to(as_bytes("x"), other.where());
  REQUIRE(other.receive(incoming) == 1U);
  peer.send_to(as_bytes("x"), socket.where());
  REQUIRE(socket.receive(incoming) == 1U);
  CHECK_FALSE(outgoing.add_reply(incoming.bytes(0), incoming, 0));
  CHECK(incoming.info(0).peer == endpoint::local(transport::unix_datagram, {}));
  // Nor does it remember that one had not.
  other.raw.send_to(as_bytes("x"), other.where());
  REQUIRE(other.receive(incoming) == 1U);
  CHECK(incoming.info(0).peer == other.where());
}

TEST_CASE("datagram_batch: long ones go in segments however they are cut") {
  for (const bool by_kernel : {true, false}) {
    CAPTURE(by_kernel);
    batch_socket socket(anywhere);
    if (!by_kernel) socket.setup.cuts = false;
    socket.setup.segment_bytes = 50;
    const raw_datagram peer = raw_datagram::bound(anywhere);
    peer.set(SOL_SOCKET, SO_RCVBUF, 1 << 20);
    const byte_vector bytes = some_bytes(230);
    const byte_vector many = some_bytes(70 * 50);  // more segments than one call takes
    os::outgoing_batch batch(of(4, 0));
    batch.add(as_bytes("short"), to(peer.local_endpoint()));
    batch.add(bytes, to(peer.local_endpoint(), 100));
    batch.add(many, to(peer.local_endpoint()));
    batch.add(as_bytes("last"), to(peer.local_endpoint()));
    CHECK(socket.send(batch) == 4U);
    CHECK(as_text(peer.receive().bytes) == "short");
    for (const std::size_t size : {100U, 100U, 30U}) CHECK(peer.receive().bytes.size() == size);
    byte_vector got;
    for (int each = 0; each < 70; ++each) {
      const byte_vector part = peer.receive().bytes;
      got.insert(got.end(), part.begin(), part.end());
    }
    CHECK(got == many);
    CHECK(as_text(peer.receive().bytes) == "last");
    CHECK_FALSE(peer.anything());
    CHECK(socket.setup.counters.sent == 75);
  }
}

TEST_CASE("datagram_batch: what the kernel coalesces is told with its segments") {
  datagram_options options = of(4, 0);
  options.coalesce = true;
  os::flow steps(nullptr);
  batch_socket socket(anywhere);
  REQUIRE(os::apply_datagram_options(steps, socket.raw.fd(), AF_INET, options));
  std::error_code ec;
  if (!os::effective_datagram_options(socket.raw.fd(), ec).coalesce)
    DUET_SKIP("this kernel has no UDP GRO");
  batch_socket sender(anywhere);
  os::outgoing_batch out(of(1, 0));
  const byte_vector bytes = some_bytes(250);
  out.add(bytes, to(socket.where(), 100));
  CHECK(sender.send(out) == 1U);
  if (!sender.setup.cuts.value_or(false)) DUET_SKIP("this kernel has no UDP GSO");
  os::incoming_batch in(options);
  REQUIRE(socket.receive(in) == 1U);
  CHECK(in.info(0).segment_bytes == 100);
  CHECK(in.segments(0) == 3);
  CHECK(socket.setup.counters.received == 3);
  CHECK(std::ranges::equal(in.bytes(0), bytes));

  // And the reply goes back as it came.
  os::outgoing_batch back(of(1, 0));
  CHECK(back.add_reply(in.bytes(0), in, 0));
  CHECK(socket.send(back) == 1U);
  for (const std::size_t size : {100U, 100U, 50U}) CHECK(sender.raw.receive().bytes.size() == size);
}

TEST_CASE("datagram_batch: a full UNIX queue drops and goes on") {
  const temporary_folder folder;
  const auto path = [&] { return endpoint::local(transport::unix_datagram, folder.fresh_path()); };
  batch_socket socket(path());
  const raw_datagram full = raw_datagram::bound(path());
  const raw_datagram free = raw_datagram::bound(path());
  os::outgoing_batch batch(of(1024, 0));
  for (int each = 0; each < 1023; ++each) batch.add(as_bytes("x"), to(full.local_endpoint()));
  batch.add(as_bytes("y"), to(free.local_endpoint()));
  const auto sent = socket.send(batch);
  REQUIRE(sent);
  CHECK_FALSE(socket.ec);
  CHECK(*sent < 1024);
  CHECK(*sent + batch.dropped() == 1024);
  CHECK(socket.setup.counters.not_sent[datagram_failure::no_room] == batch.dropped());
  CHECK(as_text(free.receive().bytes) == "y");
}

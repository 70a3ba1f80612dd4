// SPDX-License-Identifier: MIT
// datagram_socket as Asio's users use it: Asio's own sockets in and out, buffer sequences, tokens, several operations at once, strands, and
// cancellation between two steps.
#include <asio/any_io_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/ip/udp.hpp>
#include <asio/local/datagram_protocol.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "parked.hpp"
#include "tokens.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// Two bound sockets.
struct datagram_pair {
  explicit datagram_pair(world& in) : one(in.context), other(in.context) {
    one.bind(any_datagram_port());
    other.bind(any_datagram_port());
  }
  void send(std::string_view text) {
    std::error_code ec;
    CHECK(other.try_send_to(as_bytes(text), one.local_endpoint(), ec) == text.size());
  }
  datagram_socket one;
  datagram_socket other;
};

}  // namespace

TEST_CASE("datagram: a UDP socket of Asio goes in and comes out again") {
  world w;
  asio::ip::udp::socket theirs(w.context,
                               asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto at = theirs.local_endpoint();
  datagram_socket in(w.context.get_executor(), std::move(theirs));
  CHECK(in.local_endpoint().port() == at.port());
  datagram_socket peer(w.context);
  peer.open(in.local_endpoint());
  std::error_code ec;
  CHECK(peer.try_send_to(as_bytes("inside"), in.local_endpoint(), ec) == 6U);
  std::array<std::byte, 16> to{};
  datagram_info about;
  fate& read = w.expect();
  in.async_receive_from(std::span(to), about, probe(read));
  w.until(read);
  CHECK(as_text({to.data(), read.size}) == "inside");
  CHECK(about.peer.port() == peer.local_endpoint().port());

  asio::ip::udp::socket out(w.context, asio::ip::udp::v4(), in.release().release());
  CHECK(out.local_endpoint() == at);
  CHECK_FALSE(in.is_open());
  CHECK(peer.try_send_to(as_bytes("outside"),
                         endpoint{transport::udp, address::loopback_v4(), at.port()}, ec) == 7U);
  CHECK(out.receive(asio::buffer(to)) == 7);
}

TEST_CASE("datagram: a UNIX socket of Asio goes in") {
  world w;
  using protocol = asio::local::datagram_protocol;
  protocol::socket left(w.context);
  protocol::socket right(w.context);
  asio::local::connect_pair(left, right);
  datagram_socket in(w.context.get_executor(), std::move(left));
  std::error_code ec;
  CHECK(in.try_send(as_bytes("there"), ec) == 5U);
  std::array<std::byte, 16> to{};
  CHECK(right.receive(asio::buffer(to)) == 5);
}

TEST_CASE("datagram: a socket that is not open is refused") {
  world w;
  asio::ip::udp::socket closed(w.context);
  CHECK_THROWS_AS(datagram_socket(w.context.get_executor(), std::move(closed)), std::system_error);
}

TEST_CASE("datagram: buffer sequences scatter and gather") {
  world w;
  datagram_pair pair(w);
  const std::string head = "one,";
  const std::string tail = "two,three";
  const std::array out{asio::buffer(head), asio::buffer(tail)};
  fate& sent = w.expect();
  pair.other.async_send_to(out, pair.one.local_endpoint(), probe(sent));
  std::array<char, 5> first{};
  std::array<char, 20> second{};
  const std::array in{asio::buffer(first), asio::buffer(second)};
  datagram_info about;
  fate& received = w.expect();
  pair.one.async_receive_from(in, about, probe(received));
  w.until(received);
  CHECK(sent.size == 13);
  CHECK(received.size == 13);
  CHECK(std::string_view(first.data(), 5) == "one,t");
  CHECK(std::string_view(second.data(), 8) == "wo,three");
  CHECK(about.whole_bytes == 13);

  pair.other.connect(pair.one.local_endpoint());
  fate& again = w.expect();
  pair.other.async_send(out, probe(again));
  fate& plain = w.expect();
  pair.one.async_receive(in, probe(plain));
  w.until(plain);
  CHECK(plain.size == 13);
}

TEST_CASE("datagram: more pieces than a call takes are refused and not cut") {
  world w;
  datagram_pair pair(w);
  const std::vector<asio::const_buffer> many(17, asio::buffer("x", 1));
  fate& sent = w.expect();
  pair.other.async_send_to(many, pair.one.local_endpoint(), probe(sent));
  w.until(sent);
  CHECK(is(sent.error, std::errc::message_size));
  std::array<char, 17> byte_each{};
  std::vector<asio::mutable_buffer> places;
  for (char& each : byte_each) places.push_back(asio::buffer(&each, 1));
  pair.send("kept");
  fate& received = w.expect();
  pair.one.async_receive(places, probe(received));
  w.until(received);
  CHECK(is(received.error, std::errc::message_size));
  std::array<std::byte, 8> to{};
  std::error_code ec;
  CHECK(pair.one.try_receive(to, ec) == 4U);
}

TEST_CASE("datagram: several receives at once each get one") {
  world w;
  datagram_pair pair(w);
  std::array<std::array<std::byte, 4>, 3> buffers{};
  std::vector<fate*> fates;
  for (auto& buffer : buffers) {
    fates.push_back(&w.expect());
    pair.one.async_receive(std::span(buffer), probe(*fates.back()));
  }
  w.context.poll();
  for (const char* text : {"a", "bb", "ccc"}) pair.send(text);
  std::size_t total = 0;
  for (const fate* each : fates) {
    w.until([&] { return each->called == 1; });
    CHECK_FALSE(each->error);
    total += each->size;
  }
  CHECK(total == 6);
}

TEST_CASE("datagram: a cancelled direction ends all of its operations and none of the other") {
  world w;
  parked_send sending(w);
  datagram_socket& socket = sending.socket;
  std::array<std::byte, 4> to{};
  fate& sent = w.expect();
  fate& one = w.expect();
  fate& two = w.expect();
  fate& waited = w.expect();
  asio::cancellation_signal own;
  sending.start(probe(sent));
  socket.async_receive(std::span(to), probe(one));
  // A slot of its own does not keep it from being cancelled.
  socket.async_receive(std::span(to), asio::bind_cancellation_slot(own.slot(), probe(two)));
  socket.async_wait(wait_type::read, probe(waited));
  w.context.poll();
  socket.cancel(wait_type::read);
  w.until([&] { return one.called + two.called + waited.called == 3; });
  for (const fate* each : {&one, &two, &waited})
    CHECK(each->error == asio::error::operation_aborted);
  w.context.poll();
  CHECK(sent.called == 0);
  // What was spared is still there to be served.
  std::error_code ec;
  CHECK(sending.peer.try_receive(to, ec) == 1U);
  w.until(sent);
  CHECK_FALSE(sent.error);
}

TEST_CASE("datagram: Asio's own cancel ends what is in flight") {
  world w;
  parked_receive op(w);
  fate& end = w.expect();
  op.start(probe(end));
  w.context.poll();
  op.socket.lowest_layer().cancel();
  w.until(end);
  CHECK(end.error == asio::error::operation_aborted);
}

TEST_CASE("datagram: one slot ends one of several") {
  world w;
  datagram_pair pair(w);
  std::array<std::byte, 4> to_one{};
  std::array<std::byte, 4> to_two{};
  asio::cancellation_signal signal;
  fate& one = w.expect();
  fate& two = w.expect();
  pair.one.async_receive(std::span(to_one),
                         asio::bind_cancellation_slot(signal.slot(), probe(one)));
  pair.one.async_receive(std::span(to_two), probe(two));
  w.context.poll();
  signal.emit(asio::cancellation_type::total);
  w.until(one);
  CHECK(one.error == asio::error::operation_aborted);
  CHECK(two.called == 0);
  pair.send("ok");
  w.until(two);
  CHECK(two.size == 2);
}

// A handler bound to another context holds an operation between two of its steps: its own step waits there.

TEST_CASE("datagram: cancelled between readiness and the receive") {
  const auto by_cancel = [](datagram_socket& it, asio::cancellation_signal&) { it.cancel(); };
  const auto by_direction = [](datagram_socket& it, asio::cancellation_signal&) {
    it.cancel(wait_type::read);
  };
  const auto by_close = [](datagram_socket& it, asio::cancellation_signal&) { it.close(); };
  const auto by_slot = [](datagram_socket&, asio::cancellation_signal& signal) {
    signal.emit(asio::cancellation_type::terminal);
  };
  const auto by_bind = [](datagram_socket& it, asio::cancellation_signal&) {
    it.bind(any_datagram_port());
  };
  for (void (*const stop)(datagram_socket&, asio::cancellation_signal&) :
       {+by_cancel, +by_direction, +by_close, +by_slot, +by_bind}) {
    world w;
    parked_receive op(w);
    datagram_socket peer(w.context);
    peer.open(op.socket.local_endpoint());
    asio::cancellation_signal signal;
    fate& end = w.expect();
    op.start(asio::bind_cancellation_slot(signal.slot(),
                                          asio::bind_executor(w.other.get_executor(), probe(end))));
    std::error_code ec;
    peer.try_send_to(as_bytes("x"), op.socket.local_endpoint(), ec);
    w.context.run_one();  // ready; the step that receives waits on `other`
    REQUIRE(end.called == 0);
    stop(op.socket, signal);
    w.settle();
    CHECK(end.called == 1);
    CHECK(end.error == asio::error::operation_aborted);
  }
}

TEST_CASE("datagram: futures and deferred operations") {
  world w;
  datagram_pair pair(w);
  std::array<std::byte, 8> to{};
  datagram_info about;
  std::future<std::size_t> received =
      pair.one.async_receive_from(std::span(to), about, asio::use_future);
  std::future<std::size_t> sent =
      pair.other.async_send_to(as_bytes("future"), pair.one.local_endpoint(), asio::use_future);
  const auto ready = [](const auto& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  w.until([&] { return ready(received) && ready(sent); });
  CHECK(received.get() == 6);
  CHECK(sent.get() == 6);

  // The route of a deferred one is its own, whatever becomes of what it was made from.
  auto later = [&] {
    const endpoint gone = pair.one.local_endpoint();
    return pair.other.async_send_to(as_bytes("later"), gone, deferred);
  }();
  fate& done = w.expect();
  std::move(later)(probe(done));
  w.until(done);
  CHECK(done.size == 5);
  std::error_code ec;
  CHECK(pair.one.try_receive(to, ec) == 5U);
}

TEST_CASE("datagram: other executors") {
  world w;
  const auto strand = asio::make_strand(w.context);
  on_asio::basic_datagram_socket<asio::strand<asio::io_context::executor_type>> stranded(strand);
  on_asio::basic_datagram_socket<> erased{asio::any_io_executor(w.context.get_executor())};
  stranded.bind(any_datagram_port());
  erased.open(stranded.local_endpoint());
  std::array<std::byte, 8> to{};
  datagram_info about;
  fate& received = w.expect();
  fate& sent = w.expect();
  bool in_strand = false;
  stranded.async_receive_from(
      std::span(to), about,
      [&, handler = probe(received)](std::error_code ec, std::size_t size) mutable {
        in_strand = strand.running_in_this_thread();
        handler(ec, size);
      });
  erased.async_send_to(as_bytes("x"), stranded.local_endpoint(), probe(sent));
  w.until(received);
  CHECK(in_strand);
  CHECK(sent.size == 1);
}

// SPDX-License-Identifier: MIT
// stream: how connections and operations end, in every row: half-close, reset, cancel, close, destruction, and moves meanwhile.
#include <csignal>
#include <memory>
#include <optional>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// More than any pair of socket buffers takes: a write of it stays in flight until somebody reads.
const byte_vector& large() {
  static const byte_vector bytes = some_bytes(32 << 20);
  return bytes;
}

/// Small ones, so that a write is soon stuck.
socket_options tight() {
  socket_options options;
  options.send_buffer_bytes = 4096;
  options.receive_buffer_bytes = 4096;
  return options;
}

/// A stream and its peer, which is none of duet's.
template <class Fixture>
struct with_raw_peer {
  explicit with_raw_peer(Fixture& f) : mine(f.loop()) {
    const raw_socket door = raw_socket::listening(f.anywhere());
    peer = raw_socket::opened(door.local_endpoint());
    peer.start_connect(door.local_endpoint());
    raw_socket accepted = door.accept();
    checked(::fcntl(accepted.fd(), F_SETFL, O_NONBLOCK), "fcntl");
    mine.assign(os::unique_fd(accepted.release()));
  }
  typename Fixture::stream mine;
  raw_socket peer;
};

}  // namespace

TEST_CASE_TEMPLATE("end: a half-closed stream still reads what the peer has to say", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  byte_vector buffer(16);
  result write;
  one.async_write(as_bytes("last words"), f.into(write, "write"));
  f.run_until_all_called();
  one.shutdown(shutdown_type::send);

  result read;
  other.async_read_some(buffer, f.into(read, "read"));
  f.run_until_all_called();
  CHECK(as_text(std::span(buffer).first(read.size)) == "last words");
  result end;
  other.async_read_some(buffer, f.into(end, "end"));
  f.run_until_all_called();
  CHECK(end.ec == condition::end_of_stream);
  CHECK(end.size == 0);

  // And the other way: the peer's own side is open still.
  result answer;
  other.async_write(as_bytes("answer"), f.into(answer, "answer"));
  one.async_read_some(buffer, f.into(read, "read the answer"));
  f.run_until_all_called();
  CHECK_FALSE(answer.ec);
  CHECK(as_text(std::span(buffer).first(read.size)) == "answer");
  other.shutdown(shutdown_type::send);
  result both;
  one.async_read_some(buffer, f.into(both, "end of both"));
  f.run_until_all_called();
  CHECK(both.ec == condition::end_of_stream);

  std::error_code ec;
  CHECK(one.try_write_some(buffer, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::broken_pipe);
}

TEST_CASE_TEMPLATE("end: a read that waits is told of the peer's end", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  std::byte byte{};
  result read;
  one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_ready();
  CHECK_FALSE(read.done);
  SUBCASE("by shutdown") { other.shutdown(shutdown_type::send); }
  SUBCASE("by close") { other.close(); }
  f.run_until([&] { return read.done; });
  CHECK(read.ec == condition::end_of_stream);
}

TEST_CASE_TEMPLATE("end: the end of a stream is told again and again", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  other.close();
  std::byte byte{};
  std::error_code ec;
  for (int each = 0; each < 3; ++each) {
    result read;
    one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
    f.run_until([&] { return read.done; });
    CHECK(read.ec == condition::end_of_stream);
    CHECK(read.size == 0);
    CHECK(one.try_read_some(std::span(&byte, 1), ec) == 0U);
    CHECK(ec == condition::end_of_stream);
    result wait;
    one.async_wait(wait_type::read, f.into(wait, "wait"));
    f.run_until([&] { return wait.done; });
    CHECK_FALSE(wait.ec);
  }
}

TEST_CASE_TEMPLATE("end: after shutdown of receiving reads end at once", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  std::byte byte{};
  result read;
  one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_ready();
  one.shutdown(shutdown_type::receive);
  f.run_until([&] { return read.done; });
  CHECK(read.ec == condition::end_of_stream);
  one.shutdown(shutdown_type::both);
  result at_other;
  other.async_read_some(std::span(&byte, 1), f.into(at_other, "read of the other"));
  f.run_until([&] { return at_other.done; });
  CHECK(at_other.ec == condition::end_of_stream);
}

TEST_CASE_TEMPLATE("end: a reset ends a write and a read in flight", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  with_raw_peer<fixture<Backend>> pair(f);
  std::byte byte{};
  result write;
  result read;
  pair.mine.async_write(large(), f.into(write, "write"));
  pair.mine.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_ready();
  CHECK_FALSE(write.done);
  pair.peer.reset();
  f.run_until_all_called();
  // The kernel tells a socket of its reset once; whoever asks second hears its consequence.
  const auto reset_or_after = [](std::error_code ec, std::error_code after) {
    return errc_of(ec) == std::errc::connection_reset || ec == after;
  };
  CHECK(write.size > 0);
  CHECK(write.size < large().size());
  CHECK(reset_or_after(write.ec, {EPIPE, write.ec.category()}));
  CHECK((read.ec == condition::end_of_stream || errc_of(read.ec) == std::errc::connection_reset));
  CHECK(errc_of(write.ec) != errc_of(read.ec));
}

TEST_CASE_TEMPLATE("end: a peer that leaves in the middle of a write ends it", Row, DUET_ROWS) {
  fixture_of<Row> f;
  with_raw_peer<fixture_of<Row>> pair(f);
  result write;
  pair.mine.async_write(large(), f.into(write, "write"));
  f.run_ready();
  CHECK_FALSE(write.done);
  // Unread input makes TCP reset at close; a UNIX socket's peer gets EPIPE, or ECONNRESET for the unread input.
  pair.peer.close();
  f.run_until([&] { return write.done; });
  CHECK((errc_of(write.ec) == std::errc::connection_reset ||
         errc_of(write.ec) == std::errc::broken_pipe));
  CHECK(write.size > 0);
  CHECK(write.size < large().size());
  std::error_code ec;
  CHECK(pair.mine.try_write_some(large(), ec) == 0U);
  CHECK(errc_of(ec) == std::errc::broken_pipe);
}

TEST_CASE_TEMPLATE("end: writing to a stream that is over raises no SIGPIPE", Row, DUET_ROWS) {
  fixture_of<Row> f;
  std::signal(SIGPIPE, SIG_DFL);  // it would end this process
  auto [one, other] = f.connected_pair();
  one.shutdown(shutdown_type::send);
  std::byte byte{};
  std::error_code ec;
  CHECK(one.try_write_some(std::span(&byte, 1), ec) == 0U);
  CHECK(errc_of(ec) == std::errc::broken_pipe);
  result write;
  one.async_write(std::span(&byte, 1), f.into(write, "write"));
  f.run_until([&] { return write.done; });
  CHECK(errc_of(write.ec) == std::errc::broken_pipe);
  result write_some;
  one.async_write_some(std::span(&byte, 1), f.into(write_some, "write some"));
  f.run_until([&] { return write_some.done; });
  CHECK(errc_of(write_some.ec) == std::errc::broken_pipe);
}

TEST_CASE_TEMPLATE("end: cancelling one direction keeps the other", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair(tight());
  byte_vector buffer(16);
  result read;
  result write;
  one.async_read_some(buffer, f.into(read, "read"));
  one.async_write(large(), f.into(write, "write"));
  f.run_ready();

  one.cancel(wait_type::write);
  f.run_until([&] { return write.done; });
  CHECK(errc_of(write.ec) == std::errc::operation_canceled);
  CHECK(write.size < large().size());
  CHECK_FALSE(read.done);
  result reply;
  other.async_write(as_bytes("here"), f.into(reply, "reply"));
  f.run_until_all_called();
  CHECK(as_text(std::span(buffer).first(read.size)) == "here");

  result second_read;
  result second_write;
  one.async_read_some(buffer, f.into(second_read, "second read"));
  one.async_write(large(), f.into(second_write, "second write"));
  f.run_ready();
  one.cancel(wait_type::read);
  f.run_until([&] { return second_read.done; });
  CHECK(errc_of(second_read.ec) == std::errc::operation_canceled);
  CHECK_FALSE(second_write.done);

  // What was cancelled can be started again at once, and cancel() means both.
  result third_read;
  one.async_read_some(buffer, f.into(third_read, "third read"));
  f.run_ready();
  one.cancel();
  result fourth_read;
  one.async_read_some(buffer, f.into(fourth_read, "fourth read"));
  f.run_until([&] { return third_read.done && second_write.done; });
  CHECK(errc_of(third_read.ec) == std::errc::operation_canceled);
  CHECK(errc_of(second_write.ec) == std::errc::operation_canceled);
  CHECK(one.is_open());
  CHECK_FALSE(fourth_read.done);
  other.close();
  f.run_until([&] { return fourth_read.done; });
}

TEST_CASE_TEMPLATE("end: waits are cancelled by direction too", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair(tight());
  std::error_code ec;
  while (one.try_write_some(large(), ec)) CHECK_FALSE(ec);
  result readable;
  result writable;
  one.async_wait(wait_type::read, f.into(readable, "readable"));
  one.async_wait(wait_type::write, f.into(writable, "writable"));
  f.run_ready();
  one.cancel(wait_type::read);
  f.run_until([&] { return readable.done; });
  CHECK(errc_of(readable.ec) == std::errc::operation_canceled);
  CHECK_FALSE(writable.done);
  one.cancel(wait_type::write);
  f.run_until([&] { return writable.done; });
  CHECK(errc_of(writable.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("end: close ends both directions and frees the descriptor", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  std::byte byte{};
  result read;
  result write;
  one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  one.async_write(large(), f.into(write, "write"));
  f.run_ready();
  const int number = one.native_handle();
  one.close();
  one.close();
  CHECK_FALSE(one.is_open());
  CHECK_FALSE(open_descriptors().contains(number));
  f.run_until_all_called();
  CHECK(errc_of(read.ec) == std::errc::operation_canceled);
  CHECK(errc_of(write.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("end: a handler that is due is called though the stream was closed", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  result write;
  one.async_write(as_bytes("sent"), f.into(write, "write"));
  one.close();
  f.run_until([&] { return write.done; });
  CHECK_FALSE(write.ec);  // its result was known before
  CHECK(write.size == 4);
  byte_vector buffer(8);
  result read;
  other.async_read_some(buffer, f.into(read, "read"));
  f.run_until([&] { return read.done; });
  CHECK(as_text(std::span(buffer).first(read.size)) == "sent");
}

TEST_CASE_TEMPLATE("end: destruction with operations in flight is a close", Row, DUET_ROWS) {
  fixture_of<Row> f;
  std::byte byte{};
  result read;
  result write;
  result unstarted;
  {
    auto [one, other] = f.connected_pair();
    one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
    one.async_write(large(), f.into(write, "write"));
    f.run_ready();
    // A part of this one is written before it is destroyed, and the loop has not run since.
    other.async_write(large(), f.into(unstarted, "write that was just started"));
  }
  f.run_until_all_called();
  CHECK(errc_of(read.ec) == std::errc::operation_canceled);
  CHECK(errc_of(write.ec) == std::errc::operation_canceled);
  CHECK(errc_of(unstarted.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("end: a stream may be destroyed by its own handler", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using stream = typename Row::backend::stream;
  auto pair = f.connected_pair(tight());
  auto mine = std::make_unique<stream>(std::move(pair.first));
  byte_vector buffer(16);
  result write;
  bool read = false;
  mine->async_write(large(), f.into(write, "write"));
  mine->async_read_some(buffer, f.once("read that destroys", [&](std::error_code ec, std::size_t) {
    CHECK_FALSE(ec);
    mine.reset();
    read = true;
  }));
  f.run_ready();
  // Both directions become ready in the same turn of the loop.
  std::error_code ec;
  byte_vector taken(65536);
  while (pair.second.try_read_some(taken, ec)) CHECK_FALSE(ec);
  CHECK(pair.second.try_write_some(as_bytes("go"), ec) == 2U);
  f.run_until_all_called();
  CHECK(read);
  CHECK(errc_of(write.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("end: a stream moved with operations in flight keeps them", Row, DUET_ROWS) {
  fixture_of<Row> f;
  using stream = typename Row::backend::stream;
  auto [one, other] = f.connected_pair();
  byte_vector buffer(16);
  result read;
  result write;
  one.async_read_some(buffer, f.into(read, "read"));
  one.async_write(large(), f.into(write, "write"));
  f.run_ready();

  std::vector<stream> home;
  home.push_back(std::move(one));
  home.reserve(home.capacity() + 1);  // moves it once more
  result answer;
  other.async_write(as_bytes("found you"), f.into(answer, "answer"));
  f.run_until([&] { return read.done; });
  CHECK_FALSE(read.ec);
  CHECK(as_text(std::span(buffer).first(read.size)) == "found you");

  home.front().cancel(wait_type::write);
  f.run_until([&] { return write.done; });
  CHECK(errc_of(write.ec) == std::errc::operation_canceled);

  // Assigning to an open stream closes it, operations and all.
  auto [third, fourth] = f.connected_pair();
  result dropped;
  home.front().async_read_some(buffer, f.into(dropped, "dropped"));
  f.run_ready();
  home.front() = std::move(third);
  f.run_until([&] { return dropped.done; });
  CHECK(errc_of(dropped.ec) == std::errc::operation_canceled);
  CHECK(home.front().remote_endpoint() == fourth.local_endpoint());
  third = stream(f.loop());  // a moved-from stream can be assigned to
  CHECK_FALSE(third.is_open());
}

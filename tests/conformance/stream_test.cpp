// SPDX-License-Identifier: MIT
// stream: bytes through a connection, in every row. How connections end is in stream_end_test.cpp.
#include <optional>
#include <string>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// Reads to the end of the stream, `piece` bytes at most at once, and hashes.
template <class Fixture>
struct reader {
  using stream = typename Fixture::stream;

  void start() {
    from.async_read_some(buffer, f.once("read", [this](std::error_code ec, std::size_t size) {
      got.add(std::span(buffer).first(size));
      if (!ec) return start();
      end = ec;
    }));
  }

  Fixture& f;
  stream& from;
  byte_vector buffer;
  digest got{};
  std::error_code end{};
};

}  // namespace

TEST_CASE_TEMPLATE("stream: what one end writes the other reads", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  byte_vector buffer(16);
  result write;
  result read;
  other.async_read_some(buffer, f.into(read, "read"));
  one.async_write(as_bytes("question"), f.into(write, "write"));
  f.run_until_all_called();
  CHECK_FALSE(write.ec);
  CHECK(write.size == 8);
  CHECK_FALSE(read.ec);
  CHECK(as_text(std::span(buffer).first(read.size)) == "question");

  other.async_write_some(as_bytes("answer"), f.into(write, "write"));
  one.async_read_some(buffer, f.into(read, "read"));
  f.run_until_all_called();
  CHECK_FALSE(write.ec);
  CHECK(write.size == 6);
  CHECK(as_text(std::span(buffer).first(read.size)) == "answer");
}

TEST_CASE_TEMPLATE("stream: 16 MiB pass through 4 KiB socket buffers", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair(small_buffers());
  const byte_vector bytes = some_bytes(16 << 20);
  digest sent;
  sent.add(bytes);
  reader<fixture_of<Row>> all{f, other, byte_vector(65536)};
  all.start();
  result write;
  one.async_write(bytes, f.into(write, "write"));
  f.run_until([&] { return write.done; });
  CHECK_FALSE(write.ec);
  CHECK(write.size == bytes.size());
  one.shutdown(shutdown_type::send);
  f.run_until([&] { return static_cast<bool>(all.end); });
  CHECK(all.end == condition::end_of_stream);
  CHECK(all.got == sent);
}

TEST_CASE_TEMPLATE("stream: both directions are busy at the same time", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  const byte_vector there = some_bytes(8 << 20, 1);
  const byte_vector back = some_bytes(8 << 20, 2);
  digest sent_there;
  digest sent_back;
  sent_there.add(there);
  sent_back.add(back);
  reader<fixture_of<Row>> at_other{f, other, byte_vector(10000)};
  reader<fixture_of<Row>> at_one{f, one, byte_vector(30000)};
  at_other.start();
  at_one.start();
  result write_there;
  result write_back;
  one.async_write(there, f.into(write_there, "write there"));
  other.async_write(back, f.into(write_back, "write back"));
  f.run_until([&] { return write_there.done && write_back.done; });
  one.shutdown(shutdown_type::send);
  other.shutdown(shutdown_type::send);
  f.run_until_all_called();
  CHECK(at_other.got == sent_there);
  CHECK(at_one.got == sent_back);
}

TEST_CASE_TEMPLATE("stream: async_write_some writes a part when not all fits", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair(small_buffers());
  const byte_vector bytes = some_bytes(1 << 20);
  result first;
  one.async_write_some(bytes, f.into(first, "first"));
  f.run_until([&] { return first.done; });
  CHECK_FALSE(first.ec);
  CHECK(first.size > 0);
  CHECK(first.size < bytes.size());
  // Fill it up; the next one waits for the peer to read.
  std::error_code ec;
  while (one.try_write_some(bytes, ec)) CHECK_FALSE(ec);
  result second;
  one.async_write_some(bytes, f.into(second, "second"));
  f.run_ready();
  CHECK_FALSE(second.done);
  byte_vector drain(bytes.size());
  f.run_until([&] {
    other.try_read_some(drain, ec);
    return second.done;
  });
  CHECK_FALSE(second.ec);
  CHECK(second.size > 0);
}

TEST_CASE_TEMPLATE("stream: operations of no bytes complete at once", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  result read;
  result write;
  result write_some;
  // Nothing has come and nothing will: a read that waited would never end.
  one.async_read_some({}, f.into(read, "read"));
  one.async_write({}, f.into(write, "write"));
  f.run_until_all_called();
  one.async_write_some({}, f.into(write_some, "write some"));
  f.run_until_all_called();
  for (const result& each : {read, write, write_some}) {
    CHECK_FALSE(each.ec);
    CHECK(each.size == 0);
  }
  std::error_code ec;
  CHECK(one.try_read_some({}, ec) == 0U);
  CHECK_FALSE(ec);
  CHECK(one.try_write_some({}, ec) == 0U);
  CHECK_FALSE(ec);
  CHECK(other.is_open());
}

TEST_CASE_TEMPLATE("stream: wait and try", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair(small_buffers());
  byte_vector buffer(65536);
  std::error_code ec = error::end_of_stream;
  CHECK_FALSE(one.try_read_some(buffer, ec));
  CHECK_FALSE(ec);

  result readable;
  one.async_wait(wait_type::read, f.into(readable, "readable"));
  f.run_ready();
  CHECK_FALSE(readable.done);
  CHECK(other.try_write_some(as_bytes("x"), ec) == 1U);
  f.run_until([&] { return readable.done; });
  CHECK_FALSE(readable.ec);
  // Readiness is a state: asked again, it is told again.
  result again;
  one.async_wait(wait_type::read, f.into(again, "readable again"));
  f.run_until([&] { return again.done; });
  CHECK(one.try_read_some(buffer, ec) == 1U);
  CHECK_FALSE(one.try_read_some(buffer, ec));

  result writable;
  one.async_wait(wait_type::write, f.into(writable, "writable"));
  f.run_until([&] { return writable.done; });
  CHECK_FALSE(writable.ec);
  while (one.try_write_some(buffer, ec)) CHECK_FALSE(ec);
  CHECK_FALSE(ec);
  result room;
  one.async_wait(wait_type::write, f.into(room, "room"));
  f.run_ready();
  CHECK_FALSE(room.done);
  f.run_until([&] {
    other.try_read_some(buffer, ec);
    return room.done;
  });
  CHECK(one.try_write_some(buffer, ec).value_or(0) > 0);
}

TEST_CASE_TEMPLATE("stream: waiting takes nothing and both directions can wait", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  result readable;
  result writable;
  one.async_wait(wait_type::read, f.into(readable, "readable"));
  one.async_wait(wait_type::write, f.into(writable, "writable"));
  f.run_until([&] { return writable.done; });
  CHECK_FALSE(readable.done);
  result write;
  other.async_write(as_bytes("kept"), f.into(write, "write"));
  f.run_until_all_called();
  byte_vector buffer(16);
  result read;
  one.async_read_some(buffer, f.into(read, "read"));
  f.run_until_all_called();
  CHECK(as_text(std::span(buffer).first(read.size)) == "kept");
}

TEST_CASE_TEMPLATE("stream: a native socket goes in and comes out again", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  raw_socket outside = raw_socket::opened(door.local_endpoint(), SOCK_NONBLOCK);
  outside.start_connect(door.local_endpoint());
  const raw_socket peer = door.accept();
  typename Row::backend::stream inside(f.loop());
  const int number = outside.fd();
  inside.assign(os::unique_fd(outside.release()));
  CHECK(inside.is_open());
  CHECK(inside.native_handle() == number);
  CHECK(inside.remote_endpoint() == door.local_endpoint());

  result read;
  byte_vector buffer(8);
  inside.async_read_some(buffer, f.into(read, "read"));
  f.run_ready();
  os::unique_fd back = inside.release();
  CHECK(back.get() == number);
  CHECK_FALSE(inside.is_open());
  f.run_until([&] { return read.done; });
  CHECK(errc_of(read.ec) == std::errc::operation_canceled);

  // It lives on, and works in another stream.
  typename Row::backend::stream next(f.loop());
  next.assign(std::move(back));
  peer.send_all(as_bytes("again"));
  result second;
  next.async_read_some(buffer, f.into(second, "second read"));
  f.run_until([&] { return second.done; });
  CHECK(as_text(std::span(buffer).first(second.size)) == "again");
  CHECK_FALSE(static_cast<bool>(inside.release()));
}

TEST_CASE_TEMPLATE("stream: operations on a closed stream are errors", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::stream closed(f.loop());
  byte_vector buffer(8);
  std::error_code ec;
  result read;
  result write;
  closed.async_read_some(buffer, f.into(read, "read"));
  closed.async_write(buffer, f.into(write, "write"));
  f.run_until_all_called();
  CHECK(errc_of(read.ec) == std::errc::bad_file_descriptor);
  CHECK(errc_of(write.ec) == std::errc::bad_file_descriptor);
  CHECK(write.size == 0);
  result wait;
  closed.async_wait(wait_type::read, f.into(wait, "wait"));
  f.run_until_all_called();
  CHECK(errc_of(wait.ec) == std::errc::bad_file_descriptor);
  CHECK(closed.try_read_some(buffer, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK(closed.try_write_some(buffer, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK(closed.local_endpoint(ec) == endpoint());
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK(closed.remote_endpoint(ec) == endpoint());
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  closed.shutdown(shutdown_type::send, ec);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK_THROWS_AS(static_cast<void>(closed.local_endpoint()), std::system_error);
  CHECK_THROWS_AS(static_cast<void>(closed.remote_endpoint()), std::system_error);
  CHECK_THROWS_AS(closed.shutdown(shutdown_type::both), std::system_error);
  closed.cancel();
  closed.cancel(wait_type::write);
  closed.close();
}

TEST_CASE_TEMPLATE("stream: reads behind the end are all told of it", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  other.close();
  std::byte byte{};
  for (int each = 0; each < 5; ++each) {
    result read;
    one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
    CHECK_FALSE(read.done);
    f.run_until([&] { return read.done; });
    CHECK(read.ec == condition::end_of_stream);
  }
  // A new connection has another end.
  auto [near, far] = f.connected_pair();
  one.close();
  one.assign(near.release());
  result write;
  far.async_write(as_bytes("x"), f.into(write, "write"));
  result read;
  one.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_until([&] { return read.done && write.done; });
  CHECK_FALSE(read.ec);
  CHECK(byte == std::byte{'x'});
}

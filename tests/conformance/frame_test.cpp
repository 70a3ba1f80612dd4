// SPDX-License-Identifier: MIT
// frames: messages in a stream, at every cut of the bytes, at their limits, and at every end. What a framing is, is in unit/policy_frame.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "duet/error.hpp"
#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_length.hpp"
#include "duet/policy/frame_text.hpp"
#include "errors.hpp"
#include "fixture.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::string_view_literals;
using policy::frame_buffer;
using policy::length_framing;
using policy::line_framing;
using policy::netstring_framing;

namespace {

/// What a read of a frame ended with.
struct frame_result {
  int done = 0;
  std::error_code ec;
  std::string text;

  [[nodiscard]] auto into() {
    return [this](std::error_code ended, std::span<const std::byte> frame) {
      ++done;
      ec = ended;
      text = as_text(frame);
    };
  }
};

struct recv_counter : observer {
  void on_step(const flow_step& step) override {
    received += step.call == "recv" && step.result > 0 ? 1 : 0;
    written += step.call == "sendmsg" ? 1 : 0;
    const bool sent = step.call == "sendmsg" || step.call == "send";
    if (sent && step.result > 0) bytes += static_cast<std::size_t>(step.result);
  }
  int received = 0;
  int written = 0;
  std::size_t bytes = 0;
};

template <class Row, class Framing = line_framing>
struct framed_pair {
  using backend = typename Row::backend;
  using stream = typename backend::stream;

  explicit framed_pair(fixture_of<Row>& of, const Framing& how = Framing(),
                       const socket_options& socket = {}, std::size_t read_bytes = 4096)
      : f(of), pair(f.connected_pair(socket)), buffer(how, read_bytes) {}

  void start(frame_result& to, const char* what = "read a frame") {
    backend::async_read_frame(pair.first, buffer, f.once(what, to.into()));
  }
  frame_result read() {
    frame_result got;
    start(got);
    f.run_until([&] { return got.done > 0; });
    return got;
  }
  /// Given to the kernel whole.
  void write(std::string_view text) { write(as_bytes(text)); }
  void write(std::span<const std::byte> bytes) {
    result written;
    pair.second.async_write(bytes, f.into(written, "write"));
    f.run_until([&] { return written.done; });
    REQUIRE_FALSE(written.ec);
  }
  void end() { pair.second.shutdown(shutdown_type::send); }

  fixture_of<Row>& f;
  std::pair<stream, stream> pair;
  frame_buffer<Framing> buffer;
};

}  // namespace

TEST_CASE_TEMPLATE("frames: bytes may come cut anywhere", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f);
  const std::string_view wire = "one\r\n\ntwo\n";
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    CAPTURE(cut);
    frame_result first;
    s.start(first);
    s.write(wire.substr(0, cut));
    f.run_ready();
    CHECK(first.done == (cut >= 5 ? 1 : 0));
    s.write(wire.substr(cut));
    f.run_until([&] { return first.done > 0; });
    CHECK(first.text == "one");
    CHECK(s.read().text.empty());
    CHECK(s.read().text == "two");
  }
}

TEST_CASE_TEMPLATE("frames: one read brings many and the rest costs no call", Row, DUET_ROWS) {
  fixture_of<Row> f;
  recv_counter steps;
  framed_pair<Row, netstring_framing> s(f);
  s.pair.first.set_observer(&steps);
  std::string wire;
  for (int each = 0; each < 100; ++each) wire += "3:abc,";
  s.write(wire);
  CHECK(s.read().text == "abc");
  CHECK(steps.received == 1);
  for (int each = 1; each < 50; ++each) CHECK(s.read().text == "abc");
  std::error_code ec;
  int more = 0;
  while (const auto frame = s.buffer.next(ec)) {
    CHECK(as_text(*frame) == "abc");
    ++more;
  }
  CHECK(more == 50);
  CHECK_FALSE(ec);
  CHECK(steps.received == 1);
}

TEST_CASE_TEMPLATE("frames: at the limit and beyond it", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f, line_framing(8), {}, 4);
  s.write("12345678\r\n\n123456789\nlater\n");
  CHECK(s.read().text == "12345678");
  const frame_result empty = s.read();
  CHECK_FALSE(empty.ec);
  CHECK(empty.text.empty());
  for (int each = 0; each < 3; ++each) {
    const frame_result over = s.read();
    CHECK(over.ec == condition::frame_too_long);
    CHECK(over.text.empty());
  }
  CHECK(s.buffer.capacity() <= 10);
  CHECK(s.pair.first.is_open());
}

TEST_CASE_TEMPLATE("frames: bytes that are no frame", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row, netstring_framing> s(f);
  s.write("2:ok,2:no!");
  CHECK(s.read().text == "ok");
  CHECK(s.read().ec == condition::bad_frame);
  CHECK(s.read().ec == condition::bad_frame);
}

TEST_CASE_TEMPLATE("frames: the end between two and in one", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f);
  SUBCASE("between") {
    s.write("last\n");
    s.end();
    CHECK(s.read().text == "last");
    for (int each = 0; each < 3; ++each) {
      const frame_result end = s.read();
      CHECK(end.ec == condition::end_of_stream);
      CHECK(end.ec != condition::unexpected_end);
    }
  }
  SUBCASE("within") {
    s.write("last\ncut sho");
    s.end();
    CHECK(s.read().text == "last");
    for (int each = 0; each < 3; ++each) {
      const frame_result end = s.read();
      CHECK(end.ec == condition::unexpected_end);
      CHECK(end.ec != condition::end_of_stream);
    }
    CHECK(as_text(s.buffer.unread()) == "cut sho");
  }
  SUBCASE("while it is waited for") {
    frame_result got;
    s.start(got);
    s.write("cut");
    f.run_ready();
    CHECK(got.done == 0);
    s.end();
    f.run_until([&] { return got.done > 0; });
    CHECK(got.ec == condition::unexpected_end);
  }
}

TEST_CASE_TEMPLATE("frames: cancelling a read loses nothing", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f);
  s.write("half a ");
  frame_result got;
  s.start(got);
  f.run_until([&] { return s.buffer.unread().size() == 7; });
  CHECK(got.done == 0);
  SUBCASE("in both directions") { s.pair.first.cancel(); }
  SUBCASE("in its own") { s.pair.first.cancel(wait_type::read); }
  f.run_until([&] { return got.done > 0; });
  CHECK(got.ec == condition::operation_canceled);
  s.write("frame\n");
  CHECK(s.read().text == "half a frame");
  // The other direction is no business of it.
  frame_result next;
  s.start(next);
  s.pair.first.cancel(wait_type::write);
  f.run_ready();
  CHECK(next.done == 0);
  s.write("whole\n");
  f.run_until([&] { return next.done > 0; });
  CHECK(next.text == "whole");
}

TEST_CASE_TEMPLATE("frames: one that is here already wins over a cancel", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f);
  s.write("one\ntwo\n");
  CHECK(s.read().text == "one");
  frame_result got;
  s.start(got);
  s.pair.first.cancel();
  CHECK(got.done == 0);
  f.run_until([&] { return got.done > 0; });
  CHECK_FALSE(got.ec);
  CHECK(got.text == "two");
}

TEST_CASE_TEMPLATE("frames: close and destruction end a read and a move does not", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f);
  s.write("half");
  frame_result got;
  s.start(got);
  f.run_until([&] { return s.buffer.unread().size() == 4; });
  SUBCASE("close") {
    s.pair.first.close();
    f.run_until([&] { return got.done > 0; });
    CHECK(got.ec == condition::operation_canceled);
    CHECK(errc_of(s.read().ec) == std::errc::bad_file_descriptor);
  }
  SUBCASE("destruction") {
    { const auto gone = std::move(s.pair.first); }
    f.run_until([&] { return got.done > 0; });
    CHECK(got.ec == condition::operation_canceled);
  }
  SUBCASE("move") {
    auto moved = std::move(s.pair.first);
    s.write(" and half\n");
    f.run_until([&] { return got.done > 0; });
    CHECK(got.text == "half and half");
  }
}

TEST_CASE_TEMPLATE("frames: a loop that goes first calls nobody", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const auto token = std::make_shared<bool>(false);
  {
    // Whatever is in flight owns what it needs.
    const auto s = std::make_shared<framed_pair<Row, length_framing>>(
        f, length_framing(policy::length_layout{.max_frame_bytes = 1 << 22}), small_buffers());
    const auto message = std::make_shared<byte_vector>(some_bytes(1 << 22));
    Row::backend::async_read_frame(
        s->pair.first, s->buffer,
        [s, token](std::error_code, std::span<const std::byte>) { *token = true; });
    Row::backend::async_write_frame(
        s->pair.first, s->buffer.how(), *message,
        [s, message, token](std::error_code, std::size_t) { *token = true; });
    f.run_ready();
  }
  CHECK(token.use_count() == 3);
  f.destroy_loop();
  CHECK(token.use_count() == 1);
  CHECK_FALSE(*token);
}

TEST_CASE_TEMPLATE("frames: written ones are whole and in one call if there is room", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  recv_counter steps;
  framed_pair<Row, netstring_framing> s(f);
  s.pair.second.set_observer(&steps);
  for (const auto message : {"hello"sv, ""sv, "world!"sv}) {
    result written;
    Row::backend::async_write_frame(s.pair.second, s.buffer.how(), as_bytes(message),
                                    f.into(written, "write a frame"));
    CHECK_FALSE(written.done);
    f.run_until([&] { return written.done; });
    CHECK_FALSE(written.ec);
    CHECK(written.size == message.size() + 3);
  }
  CHECK(steps.written == 3);
  CHECK(s.read().text == "hello");
  CHECK(s.read().text.empty());
  CHECK(s.read().text == "world!");
}

TEST_CASE_TEMPLATE("frames: one that cannot be is not written", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row> s(f, line_framing(8));
  const auto write = [&](std::string_view message) {
    result written;
    Row::backend::async_write_frame(s.pair.second, s.buffer.how(), as_bytes(message),
                                    f.into(written, "write a frame"));
    f.run_until([&] { return written.done; });
    CHECK(written.size == (written.ec ? 0 : message.size() + 1));
    return written.ec;
  };
  CHECK(write("two\nof") == condition::bad_frame);
  CHECK(write("too long a line") == condition::frame_too_long);
  CHECK_FALSE(write("good"));
  CHECK(s.read().text == "good");
  s.pair.second.close();
  CHECK(errc_of(write("gone")) == std::errc::bad_file_descriptor);
}

TEST_CASE_TEMPLATE("frames: a long one waits for room and arrives unchanged", Row, DUET_ROWS) {
  fixture_of<Row> f;
  recv_counter steps;
  framed_pair<Row, length_framing> s(
      f, length_framing(policy::length_layout{.max_frame_bytes = 1 << 20}), small_buffers());
  const byte_vector message = some_bytes(1 << 20);
  s.pair.second.set_observer(&steps);
  result written;
  Row::backend::async_write_frame(s.pair.second, s.buffer.how(), message,
                                  f.into(written, "write a frame"));
  f.run_ready();
  CHECK_FALSE(written.done);
  frame_result got;
  s.start(got);
  f.run_until([&] { return got.done > 0 && written.done; });
  CHECK_FALSE(written.ec);
  CHECK(written.size == message.size() + 4);
  CHECK(steps.bytes == written.size);
  CHECK(got.text == as_text(message));
  CHECK(s.buffer.capacity() == (1 << 20) + 4);
}

TEST_CASE_TEMPLATE("frames: cancelling a write tells how far it came", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row, length_framing> s(
      f, length_framing(policy::length_layout{.max_frame_bytes = 1 << 22}), small_buffers());
  const byte_vector message = some_bytes(1 << 22);
  result written;
  Row::backend::async_write_frame(s.pair.second, s.buffer.how(), message,
                                  f.into(written, "write a frame"));
  f.run_ready();
  CHECK_FALSE(written.done);
  SUBCASE("cancel") { s.pair.second.cancel(wait_type::write); }
  SUBCASE("close") { s.pair.second.close(); }
  f.run_until([&] { return written.done; });
  CHECK(written.ec == condition::operation_canceled);
  CHECK(written.size > 4);
  CHECK(written.size < message.size());
}

TEST_CASE_TEMPLATE("frames: a peer that is gone ends a write without a signal", Row, DUET_ROWS) {
  fixture_of<Row> f;
  framed_pair<Row, length_framing> s(
      f, length_framing(policy::length_layout{.max_frame_bytes = 1 << 22}), small_buffers());
  const byte_vector message = some_bytes(1 << 22);
  result written;
  Row::backend::async_write_frame(s.pair.first, s.buffer.how(), message,
                                  f.into(written, "write a frame"));
  f.run_ready();
  CHECK_FALSE(written.done);
  s.pair.second.close();
  f.run_until([&] { return written.done; });
  CHECK((errc_of(written.ec) == std::errc::broken_pipe ||
         errc_of(written.ec) == std::errc::connection_reset));
}

// SPDX-License-Identifier: MIT
// frames on Asio: every kind of token, what is associated with a handler, and a stream on a strand. What both columns do is in
// conformance/frame_test.cpp.
#include "duet/on_asio/frame.hpp"

#include <doctest/doctest.h>

#include <array>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/read.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "duet/error.hpp"
#include "duet/policy/frame_length.hpp"
#include "duet/policy/frame_text.hpp"
#include "tokens.hpp"
#include "world.hpp"

using namespace duet;
using namespace duet::test;
using on_asio::async_read_frame;
using on_asio::async_write_frame;
using policy::frame_buffer;
using policy::line_framing;

namespace {

using line_buffer = frame_buffer<line_framing>;

asio::awaitable<void> answer_lines(stream& on, int count) {
  line_buffer in;
  for (int each = 0; each < count; ++each) {
    const auto line = co_await async_read_frame(on, in, asio::use_awaitable);
    const std::string reply = "so " + std::string(as_text(line));
    const std::size_t size =
        co_await async_write_frame(on, in.how(), as_bytes(reply), asio::use_awaitable);
    CHECK(size == reply.size() + 1);
  }
  const auto [ec, line] = co_await async_read_frame(on, in, as_tuple(asio::use_awaitable));
  CHECK(ec == asio::error::eof);  // Asio's own
  CHECK(line.empty());
}

}  // namespace

TEST_CASE("frames: coroutines read and write them") {
  world w;
  auto [near, far] = w.pair();
  bool over = false;
  asio::co_spawn(w.context, answer_lines(near, 2), [&](std::exception_ptr failed) {
    CHECK_FALSE(failed);
    over = true;
  });
  fate& sent = w.expect();
  far.async_write(as_bytes("one\ntwo\n"), probe(sent));
  w.until(sent);
  std::array<std::byte, 14> got{};
  fate& read = w.expect();
  asio::async_read(far, asio::buffer(got), probe(read));
  w.until(read);
  CHECK(as_text(got) == "so one\nso two\n");
  far.shutdown(shutdown_type::send);
  w.until([&] { return over; });
}

TEST_CASE("frames: an error is thrown where the token throws") {
  world w;
  auto [near, far] = w.pair();
  line_buffer in(line_framing(2));
  fate& sent = w.expect();
  far.async_write(as_bytes("far too long"), probe(sent));
  auto line = async_read_frame(near, in, asio::use_future);
  w.until([&] { return line.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  CHECK_THROWS_WITH_AS(static_cast<void>(line.get()), "frame too long", std::system_error);
  auto written = async_write_frame(near, in.how(), as_bytes("abc"), asio::use_future);
  w.until([&] { return written.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  CHECK_THROWS_WITH_AS(written.get(), "frame too long", std::system_error);
}

TEST_CASE("frames: deferred operations begin when they are called") {
  world w;
  auto [near, far] = w.pair();
  line_buffer in;
  auto write = async_write_frame(far, line_framing(), as_bytes("later"), deferred);
  auto read = async_read_frame(near, in, deferred);
  w.settle();
  std::array<std::byte, 1> none{};
  std::error_code ec;
  CHECK_FALSE(near.try_read_some(none, ec));
  fate& written = w.expect();
  fate& got = w.expect();
  std::move(read)(probe(got));
  std::move(write)(probe(written));
  w.until(got);
  w.until(written);
  CHECK(written.size == 6);
  CHECK_FALSE(got.error);
}

TEST_CASE("frames: a slot of the handler ends a read and loses nothing") {
  world w;
  auto [near, far] = w.pair();
  for (const auto kind : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total}) {
    line_buffer in;
    fate& sent = w.expect();
    far.async_write(as_bytes("half "), probe(sent));
    asio::cancellation_signal signal;
    fate& read = w.expect();
    async_read_frame(near, in, asio::bind_cancellation_slot(signal.slot(), probe(read)));
    w.until([&] { return in.unread().size() == 5; });
    CHECK(read.called == 0);
    // The stream's own does not reach it.
    near.cancel(wait_type::read);
    signal.emit(kind);
    w.until(read);
    CHECK(read.error == asio::error::operation_aborted);
    CHECK(as_text(in.unread()) == "half ");
  }
}

TEST_CASE("frames: a handler is called by its own executor") {
  world w;
  auto [near, far] = w.pair();
  line_buffer in;
  fate& written = w.expect();
  fate& first = w.expect();
  fate& buffered = w.expect();
  async_write_frame(far, line_framing(), as_bytes("a\rb"),
                    asio::bind_executor(w.other.get_executor(), probe(written)));
  std::error_code ignored;
  CHECK(far.try_write_some(as_bytes("c\n"), ignored) == 2U);
  async_read_frame(near, in, asio::bind_executor(w.other.get_executor(), probe(first)));
  w.context.poll();
  CHECK(written.called == 0);
  CHECK(first.called == 0);
  w.other.poll();
  CHECK(written.called == 1);
  CHECK(first.called == 1);
  async_read_frame(near, in, asio::bind_executor(w.other.get_executor(), probe(buffered)));
  if (w.context.stopped()) w.context.restart();
  w.context.poll();
  CHECK(buffered.called == 0);
  if (w.other.stopped()) w.other.restart();
  w.other.poll();
  CHECK(buffered.called == 1);
}

TEST_CASE("frames: a stream on a strand") {
  world w;
  using strand = asio::strand<asio::io_context::executor_type>;
  const strand one = asio::make_strand(w.context);
  auto ends = descriptor_pair();
  on_asio::basic_stream<strand> near(one);
  near.assign(std::move(ends.first));
  stream far(w.context);
  far.assign(std::move(ends.second));
  frame_buffer<policy::varint_framing> in;
  bool on_strand = false;
  bool done = false;
  async_read_frame(near, in, [&](std::error_code ec, std::span<const std::byte> frame) {
    CHECK_FALSE(ec);
    CHECK(as_text(frame) == "hello");
    on_strand = one.running_in_this_thread();
    async_write_frame(near, in.how(), frame, [&](std::error_code failed, std::size_t size) {
      CHECK_FALSE(failed);
      CHECK(size == 6);
      done = one.running_in_this_thread();
    });
  });
  fate& sent = w.expect();
  async_write_frame(far, in.how(), as_bytes("hello"), probe(sent));
  w.until([&] { return done; });
  CHECK(on_strand);
}

TEST_CASE("frames: the end of one connection is not that of the next one of the same stream") {
  world w;
  auto [near, far] = w.pair();
  line_buffer in;
  std::array<std::byte, 4> got{};
  const auto ends = [&](auto start) {
    fate& read = w.expect();
    start(probe(read));
    w.until(read);
    return read.error == asio::error::eof;
  };
  const auto some = [&](probe&& then) { near.async_read_some(got, std::move(then)); };
  const auto frame = [&](probe&& then) { async_read_frame(near, in, std::move(then)); };
  far.close();
  for (int each = 0; each < 2; ++each) {
    CHECK(ends(some));
    CHECK(ends(frame));
  }
  // Behind the stream's back.
  near.lowest_layer().close();
  auto [again, peer] = descriptor_pair();
  near.lowest_layer().assign({AF_UNIX, 0}, again.release());
  SUBCASE("bytes") {
    fate& read = w.expect();
    some(probe(read));
    CHECK(::send(peer.get(), "more", 4, MSG_NOSIGNAL) == 4);
    w.until(read);
    CHECK_FALSE(read.error);
    CHECK(as_text(got) == "more");
  }
  SUBCASE("a frame") {
    fate& read = w.expect();
    frame(probe(read));
    CHECK(::send(peer.get(), "line\n", 5, MSG_NOSIGNAL) == 5);
    w.until(read);
    CHECK_FALSE(read.error);
  }
  peer.reset();
  CHECK(ends(some));
  CHECK(ends(frame));
}

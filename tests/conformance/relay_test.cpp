// SPDX-License-Identifier: MIT
// relay: what two streams receive goes through the other one, unchanged, both ways; and how that ends.
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "duet/error.hpp"
#include "duet/relay_options.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct relay_end {
  bool done = false;
  std::error_code ec;
  relay_result moved;
};

/// Two clients, `left` and `right`, with a relay between them.
template <class Row>
struct relayed {
  using stream = typename Row::backend::stream;

  explicit relayed(fixture_of<Row>& of, const socket_options& socket = {},
                   const relay_options& options = {})
      : f(of), first(f.connected_pair(socket)), second(f.connected_pair(socket)) {
    Row::backend::async_relay(first.first, second.first, options,
                              f.once("relay", [this](std::error_code ec, relay_result moved) {
                                end = {true, ec, moved};
                              }));
    CHECK_FALSE(end.done);
  }

  [[nodiscard]] stream& left() { return first.second; }
  [[nodiscard]] stream& right() { return second.second; }

  void send(stream& from, std::string_view text) {
    result written;
    from.async_write(as_bytes(text), f.into(written, "write"));
    f.run_until([&] { return written.done; });
    CHECK_FALSE(written.ec);
  }
  std::string receive(stream& at, std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t have = 0; have < size;) {
      result read;
      at.async_read_some(std::as_writable_bytes(std::span(text)).subspan(have),
                         f.into(read, "read"));
      f.run_until([&] { return read.done; });
      if (read.ec) return text.substr(0, have) + "...";
      have += read.size;
    }
    return text;
  }
  bool ends(stream& at) {
    std::byte byte{};
    result read;
    at.async_read_some(std::span(&byte, 1), f.into(read, "read the end"));
    f.run_until([&] { return read.done; });
    return read.ec == condition::end_of_stream;
  }
  void wait() {
    f.run_until([&] { return end.done; });
  }

  fixture_of<Row>& f;
  std::pair<stream, stream> first;
  std::pair<stream, stream> second;
  relay_end end;
};

/// Reads to the end, one buffer after another.
template <class Row>
struct collector {
  using stream = typename Row::backend::stream;

  collector(fixture_of<Row>& of, stream& at) : f(of), from(at) {}
  void go() {
    from.async_read_some(buffer, f.once("collect", [this](std::error_code ec, std::size_t size) {
      got.add(std::span(buffer).first(size));
      if (ec)
        ended = ec;
      else
        go();
    }));
  }

  fixture_of<Row>& f;
  stream& from;
  byte_vector buffer = byte_vector(65536);
  digest got{};
  std::error_code ended{};
};

/// Until `done()`, which does something itself each time.
template <class Fixture, class Done>
void take_turns(Fixture& f, Done done) {
  const auto until = std::chrono::steady_clock::now() + cap;
  while (!done()) {
    f.run_ready();
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
}

digest digest_of(std::span<const std::byte> bytes) {
  digest all;
  all.add(bytes);
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("relay: bytes of both ways arrive unchanged", Row, DUET_ROWS) {
  fixture_of<Row> f;
  relay_options options;
  SUBCASE("in the kernel") { options.splice = true; }
  SUBCASE("through memory") { options.splice = false; }
  SUBCASE("through one byte of it") { options = {1, false}; }
  const std::size_t size = options.buffer_bytes == 1 ? 10'000 : 4 << 20;
  relayed<Row> r(f, {}, options);
  const byte_vector forth = some_bytes(size, 1);
  const byte_vector back = some_bytes(size / 2, 2);
  collector<Row> at_right(f, r.right());
  collector<Row> at_left(f, r.left());
  at_right.go();
  at_left.go();
  r.left().async_write(forth, f.once("write forth", [&](std::error_code ec, std::size_t) {
    CHECK_FALSE(ec);
    r.left().shutdown(shutdown_type::send);
  }));
  r.right().async_write(back, f.once("write back", [&](std::error_code ec, std::size_t) {
    CHECK_FALSE(ec);
    r.right().shutdown(shutdown_type::send);
  }));
  r.wait();
  f.run_until([&] { return at_left.ended && at_right.ended; });
  CHECK_FALSE(r.end.ec);
  CHECK(at_right.ended == condition::end_of_stream);
  CHECK(at_left.ended == condition::end_of_stream);
  CHECK(at_right.got == digest_of(forth));
  CHECK(at_left.got == digest_of(back));
  CHECK(r.end.moved.first_to_second == forth.size());
  CHECK(r.end.moved.second_to_first == back.size());
  CHECK((r.end.moved.spliced > 0) == options.splice);
  CHECK(r.first.first.is_open());
  CHECK(r.second.first.is_open());
}

TEST_CASE_TEMPLATE("relay: the end of one way leaves the other one open", Row, DUET_ROWS) {
  fixture_of<Row> f;
  relayed<Row> r(f);
  r.send(r.left(), "question");
  r.left().shutdown(shutdown_type::send);
  CHECK(r.receive(r.right(), 8) == "question");
  CHECK(r.ends(r.right()));
  CHECK_FALSE(r.end.done);
  r.send(r.right(), "late answer");
  CHECK(r.receive(r.left(), 11) == "late answer");
  r.right().shutdown(shutdown_type::send);
  CHECK(r.ends(r.left()));
  r.wait();
  CHECK_FALSE(r.end.ec);
  CHECK(r.end.moved == relay_result{8, 11, 0});
}

TEST_CASE_TEMPLATE("relay: a slow reader holds its peer back and not the other way", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  relay_options options;
  options.splice = false;
  relayed<Row> r(f, small_buffers(), options);
  const byte_vector much = some_bytes(8 << 20);
  result written;
  r.left().async_write(much, f.into(written, "write much"));
  f.run_ready();
  CHECK_FALSE(written.done);
  // Nobody reads at the right: the other way goes on.
  r.send(r.right(), "still alive");
  CHECK(r.receive(r.left(), 11) == "still alive");
  CHECK_FALSE(written.done);
  collector<Row> at_right(f, r.right());
  at_right.go();
  f.run_until([&] { return written.done; });
  r.left().shutdown(shutdown_type::send);
  r.right().shutdown(shutdown_type::send);
  r.wait();
  f.run_until([&] { return static_cast<bool>(at_right.ended); });
  CHECK(at_right.got == digest_of(much));
  CHECK(r.end.moved.first_to_second == much.size());
}

TEST_CASE_TEMPLATE("relay: a reset of either side ends it", Backend, DUET_BACKENDS) {
  using tcp_row = row<Backend, tcp>;
  fixture_of<tcp_row> f;
  socket_options resets;
  resets.linger = std::chrono::seconds(0);
  relayed<tcp_row> r(f, resets);
  r.send(r.left(), "hello");
  CHECK(r.receive(r.right(), 5) == "hello");
  SUBCASE("first") { r.left().close(); }
  SUBCASE("second") { r.right().close(); }
  r.wait();
  CHECK(errc_of(r.end.ec) == std::errc::connection_reset);
  CHECK(r.end.moved.first_to_second == 5);
  CHECK(r.first.first.is_open());
}

TEST_CASE_TEMPLATE("relay: a sink that takes no more leaves the other way open", Backend,
                   DUET_BACKENDS) {
  using unix_row = row<Backend, unix_stream>;
  fixture_of<unix_row> f;
  relayed<unix_row> r(f);
  r.right().shutdown(shutdown_type::receive);
  r.send(r.left(), "in vain");
  // Whoever sends in vain is told so.
  take_turns(f, [&] {
    std::error_code ec;
    std::byte byte{};
    static_cast<void>(r.left().try_write_some(std::span(&byte, 1), ec));
    return errc_of(ec) == std::errc::broken_pipe;
  });
  CHECK_FALSE(r.end.done);
  r.send(r.right(), "still here");
  r.right().shutdown(shutdown_type::send);
  CHECK(r.receive(r.left(), 10) == "still here");
  CHECK(r.ends(r.left()));
  r.wait();
  CHECK(errc_of(r.end.ec) == std::errc::broken_pipe);
  CHECK(r.end.moved.second_to_first == 10);
}

TEST_CASE_TEMPLATE("relay: a peer that goes away in mid-flow raises no signal", Row, DUET_ROWS) {
  fixture_of<Row> f;
  relayed<Row> r(f);
  const byte_vector much = some_bytes(16 << 20);
  result written;
  r.left().async_write(much, f.into(written, "write much"));
  byte_vector some(1 << 20);
  std::size_t have = 0;
  take_turns(f, [&] {
    std::error_code ec;
    have += r.right().try_read_some(some, ec).value_or(0);
    return have > (4 << 20);
  });
  CHECK_FALSE(written.done);
  r.right().close();
  r.wait();
  const std::errc why = errc_of(r.end.ec);
  CHECK((why == std::errc::broken_pipe || why == std::errc::connection_reset));
  r.first.first.close();
  r.left().close();
  f.run_until([&] { return written.done; });
}

TEST_CASE_TEMPLATE("relay: cancelling or closing either stream ends it", Row, DUET_ROWS) {
  fixture_of<Row> f;
  relayed<Row> r(f);
  r.send(r.left(), "hello");
  CHECK(r.receive(r.right(), 5) == "hello");
  bool open = true;
  SUBCASE("cancel of the first") { r.first.first.cancel(); }
  SUBCASE("cancel of the second") { r.second.first.cancel(); }
  SUBCASE("cancel of one direction") { r.second.first.cancel(wait_type::read); }
  SUBCASE("close") {
    r.first.first.close();
    open = false;
  }
  SUBCASE("destruction") {
    { const auto gone = std::move(r.first.first); }
    open = false;
  }
  CHECK_FALSE(r.end.done);
  r.wait();
  CHECK(r.end.ec == condition::operation_canceled);
  CHECK(r.end.moved == relay_result{5, 0, 0});
  CHECK(r.second.first.is_open());
  // What is left can be used.
  result written;
  r.second.first.async_write(as_bytes("bye"), f.into(written, "write"));
  CHECK(r.receive(r.right(), 3) == "bye");
  if (open) CHECK(r.first.first.is_open());
}

TEST_CASE_TEMPLATE("relay: giving up a stream on which it waits for nothing ends it", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  relayed<Row> r(f, small_buffers());
  const byte_vector much = some_bytes(8 << 20);
  result written;
  const auto give_up = [&] {
    auto& given = r.first.first;
    SUBCASE("cancel") { given.cancel(); }
    SUBCASE("cancel of the direction that moves nothing") { given.cancel(wait_type::write); }
    SUBCASE("close") { given.close(); }
    SUBCASE("release") { CHECK(given.release()); }
    SUBCASE("destruction") { const auto gone = std::move(given); }
  };
  SUBCASE("because its bytes wait for the other") {
    r.left().async_write(much, f.into(written, "write much"));
    f.run_ready();
    CHECK_FALSE(written.done);
    give_up();
  }
  SUBCASE("because it has ended") {
    r.left().shutdown(shutdown_type::send);
    CHECK(r.ends(r.right()));
    written.done = true;
    give_up();
  }
  CHECK_FALSE(r.end.done);
  r.wait();
  CHECK(r.end.ec == condition::operation_canceled);
  CHECK(r.second.first.is_open());
  r.left().close();
  f.run_until([&] { return written.done; });
}

TEST_CASE_TEMPLATE("relay: a cancellation after its end meets what comes next and not the relay",
                   Row, DUET_ROWS) {
  fixture_of<Row> f;
  relayed<Row> r(f);
  r.first.first.cancel();
  r.wait();
  r.end.done = false;
  result read;
  std::byte byte{};
  r.first.first.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  r.second.first.cancel();
  f.run_ready();
  CHECK_FALSE(read.done);
  r.first.first.cancel();
  f.run_until([&] { return read.done; });
  CHECK(read.ec == condition::operation_canceled);
  CHECK_FALSE(r.end.done);
}

TEST_CASE_TEMPLATE("relay: TCP's urgent byte goes missing and nothing else", Backend,
                   DUET_BACKENDS) {
  using tcp_row = row<Backend, tcp>;
  fixture_of<tcp_row> f;
  relayed<tcp_row> r(f);
  const byte_vector much = some_bytes(1 << 20);
  digest expected = digest_of(much);
  expected.add(as_bytes("tail"));
  collector<tcp_row> at_right(f, r.right());
  at_right.go();
  result written;
  r.left().async_write(much, f.into(written, "write much"));
  f.run_until([&] { return written.done && at_right.got == digest_of(much); });
  // The relay splices by now.
  const int left = r.left().native_handle();
  REQUIRE(::send(left, "!", 1, MSG_OOB | MSG_NOSIGNAL) == 1);
  SUBCASE("when it comes alone") { f.run_ready(); }
  SUBCASE("when more comes with it") {}
  REQUIRE(::send(left, "tail", 4, MSG_NOSIGNAL) == 4);
  SUBCASE("before the end") {
    f.run_until([&] { return at_right.got == expected; });
  }
  SUBCASE("and the end with it") {}
  r.left().shutdown(shutdown_type::send);
  r.right().shutdown(shutdown_type::send);
  r.wait();
  f.run_until([&] { return static_cast<bool>(at_right.ended); });
  CHECK_FALSE(r.end.ec);
  CHECK(at_right.got == expected);
  CHECK(r.end.moved.first_to_second == much.size() + 4);
  CHECK(r.end.moved.spliced > 0);
}

TEST_CASE_TEMPLATE("relay: a reset is told although passing the end on has failed first", Backend,
                   DUET_BACKENDS) {
  using tcp_row = row<Backend, tcp>;
  fixture_of<tcp_row> f;
  relayed<tcp_row> r(f);
  f.run_ready();
  r.left().shutdown(shutdown_type::send);
  raw_socket(r.right().release().release()).reset();
  r.wait();
  CHECK(errc_of(r.end.ec) == std::errc::connection_reset);
}

TEST_CASE_TEMPLATE("relay: streams may be moved while it runs", Row, DUET_ROWS) {
  fixture_of<Row> f;
  relayed<Row> r(f);
  auto one = std::move(r.first.first);
  auto other = std::move(r.second.first);
  r.send(r.left(), "hello");
  CHECK(r.receive(r.right(), 5) == "hello");
  r.left().close();
  r.right().close();
  r.wait();
  CHECK_FALSE(r.end.ec);
}

TEST_CASE_TEMPLATE("relay: a loop that goes first calls nobody", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const auto token = std::make_shared<bool>(false);
  {
    using pair = std::pair<typename Row::backend::stream, typename Row::backend::stream>;
    const auto one = std::make_shared<pair>(f.connected_pair());
    const auto other = std::make_shared<pair>(f.connected_pair());
    Row::backend::async_relay(
        one->first, other->first, {},
        [one, other, token](std::error_code, relay_result) { *token = true; });
    f.run_ready();
    SUBCASE("while it waits") {}
    SUBCASE("while it is about to end") { one->first.cancel(); }
  }
  CHECK(token.use_count() == 2);
  f.destroy_loop();
  CHECK(token.use_count() == 1);
  CHECK_FALSE(*token);
}

TEST_CASE_TEMPLATE("relay: a stream that is not open is an error", Row, DUET_ROWS) {
  fixture_of<Row> f;
  auto pair = f.connected_pair();
  typename Row::backend::stream closed(f.loop());
  relay_end end;
  Row::backend::async_relay(pair.first, closed, {},
                            f.once("relay", [&](std::error_code ec, relay_result moved) {
                              end = {true, ec, moved};
                            }));
  CHECK_FALSE(end.done);
  f.run_until([&] { return end.done; });
  CHECK(errc_of(end.ec) == std::errc::bad_file_descriptor);
}

// SPDX-License-Identifier: MIT
// relay: how it ends: by a reset, a sink that takes no more, a stream that is given up, a loop that goes first.
#include <memory>
#include <utility>

#include "errors.hpp"
#include "raw_socket.hpp"
#include "relayed.hpp"

using namespace duet;
using namespace duet::test;

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

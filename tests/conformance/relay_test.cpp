// SPDX-License-Identifier: MIT
// relay: what two streams receive goes through the other one, unchanged, both ways. How that ends otherwise is in relay_end_test.cpp.
#include "relayed.hpp"

#include <sys/socket.h>

using namespace duet;
using namespace duet::test;

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

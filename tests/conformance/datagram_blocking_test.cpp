// SPDX-License-Identifier: MIT
// blocking: the documented flows of datagrams, one call after another. Kernel queues make them run on one thread: a datagram waits where it
// was sent to.
#include <sys/socket.h>

#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct calls_without_options : observer {
  void on_step(const flow_step& step) override {
    if (!step.call.starts_with("setsockopt")) calls.emplace_back(step.call);
  }
  std::vector<std::string> calls;
};

}  // namespace

TEST_CASE_TEMPLATE("blocking: the server's and the client's flow with recvfrom and sendto", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  calls_without_options server_steps;
  calls_without_options client_steps;
  auto server = Row::backend::bind_datagram(f.anywhere(), {}, &server_steps);
  auto client = Row::backend::open_datagram(server.local_endpoint(), {}, &client_steps);
  byte_vector buffer(64);
  endpoint asking;
  endpoint answering;
  CHECK(client.sendto(as_bytes("question"), server.local_endpoint()) == 8);
  CHECK(server.recvfrom(buffer, asking) == 8);
  CHECK(as_text(std::span(buffer).first(8)) == "question");
  CHECK(server.sendto(as_bytes("answer"), asking) == 6);
  CHECK(client.recvfrom(buffer, answering) == 6);
  CHECK(as_text(std::span(buffer).first(6)) == "answer");
  CHECK(answering == server.local_endpoint());
  // A client's own address is known once it has sent.
  CHECK(asking.port() == client.local_endpoint().port());
  CHECK(client.sendto({}, server.local_endpoint()) == 0);
  CHECK(server.recvfrom(buffer, asking) == 0);
  client.close();
  server.close();
  CHECK_FALSE(server.is_open());
  CHECK(server_steps.calls ==
        std::vector<std::string>{"socket", "bind", "recvfrom", "sendto", "recvfrom", "close"});
  // A UNIX client has no address unless it is given one.
  std::erase(client_steps.calls, "bind");
  CHECK(client_steps.calls ==
        std::vector<std::string>{"socket", "sendto", "recvfrom", "sendto", "close"});
}

TEST_CASE_TEMPLATE("blocking: flags of recvfrom peek and tell the whole length", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  auto server = Row::backend::bind_datagram(f.anywhere());
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  byte_vector buffer(3);
  endpoint from;
  peer.send_to(as_bytes("abcdef"), server.local_endpoint());
  CHECK(server.recvfrom(buffer, from, MSG_PEEK) == 3);  // cut without a word
  CHECK(from == peer.local_endpoint());
  CHECK(server.recvfrom(buffer, from, MSG_PEEK | MSG_TRUNC) == 6);
  CHECK(server.recvfrom(buffer, from) == 3);
  CHECK(as_text(buffer) == "abc");
}

TEST_CASE_TEMPLATE("blocking: datagrams fail with the step and the endpoint", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options;
  options.socket.send_buffer_bytes = Row::transport::buffer_bytes;
  auto server = Row::backend::bind_datagram(f.anywhere());
  const endpoint taken = server.local_endpoint();
  CHECK(thrown_text([&] { static_cast<void>(Row::backend::bind_datagram(taken)); }) ==
        "bind " + taken.to_string() + ": Address already in use");
  auto client = Row::backend::open_datagram(taken, options);
  const byte_vector large(Row::transport::largest + 1);
  CHECK(thrown_text([&] { client.sendto(large, taken); }) ==
        "sendto " + taken.to_string() + ": Message too long");
  std::error_code ec;
  CHECK(client.sendto(large, taken, 0, ec) == 0);
  CHECK(errc_of(ec) == std::errc::message_size);
  CHECK(client.sendto(as_bytes("x"), endpoint::parse("udp://localhost:9"), 0, ec) == 0);
  CHECK(ec == condition::bad_endpoint);
}

TEST_CASE_TEMPLATE("blocking: closed and moved datagram sockets", Row, DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  auto server = Row::backend::bind_datagram(f.anywhere());
  const endpoint where = server.local_endpoint();
  typename Row::backend::blocking_datagram_socket moved(std::move(server));
  CHECK(moved.is_open());
  CHECK_FALSE(server.is_open());
  server = std::move(moved);
  CHECK(server.local_endpoint() == where);
  server = Row::backend::bind_datagram(f.anywhere());  // over an open one
  CHECK(server.local_endpoint().is_unix() == where.is_unix());
  server.close();
  server.close();
  byte_vector buffer(1);
  endpoint from;
  std::error_code ec;
  CHECK(server.recvfrom(buffer, from, 0, ec) == 0);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK(server.sendto(buffer, where, 0, ec) == 0);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK_THROWS_AS(server.recvfrom(buffer, from), std::system_error);
  CHECK_THROWS_AS(static_cast<void>(server.local_endpoint()), std::system_error);
  typename Row::backend::blocking_datagram_socket never;
  CHECK_FALSE(never.is_open());
  CHECK(never.native_handle() == -1);
  never.close();
}

TEST_CASE_TEMPLATE("blocking: the datagram client's options reach the kernel", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options;
  options.socket.receive_buffer_bytes = 40000;
  auto client = Row::backend::open_datagram(f.anywhere(), options);
  int bytes = 0;
  socklen_t size = sizeof(bytes);
  REQUIRE(::getsockopt(client.native_handle(), SOL_SOCKET, SO_RCVBUF, &bytes, &size) == 0);
  CHECK(bytes == 80000);
}

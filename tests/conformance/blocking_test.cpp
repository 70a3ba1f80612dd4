// SPDX-License-Identifier: MIT
// blocking: the documented flows, one call after another. Kernel queues make them run on one thread: a connect is complete before it
// is accepted, and a few bytes fit before they are read.
#include <sys/socket.h>

#include <csignal>

#include <string>
#include <thread>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct call_list : observer {
  void on_step(const flow_step& step) override { calls.emplace_back(step.call); }
  std::vector<std::string> calls;
};

/// Both ends of one connection.
template <class Row>
struct blocking_pair {
  explicit blocking_pair(const fixture_of<Row>& f)
      : server(f.anywhere()),
        client(Row::backend::connect(server.local_endpoint())),
        accepted(server.accept()) {}
  typename Row::backend::blocking_server server;
  typename Row::backend::blocking_connection client;
  typename Row::backend::blocking_connection accepted;
};

}  // namespace

TEST_CASE_TEMPLATE("blocking: the server's and the client's flow with read and write", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  call_list steps;
  {
    connect_options options;
    options.watcher = &steps;
    typename Row::backend::blocking_server server(f.anywhere(), {}, &steps);
    auto client = Row::backend::connect(server.local_endpoint(), options);
    auto accepted = server.accept();
    CHECK(accepted.local_endpoint() == server.local_endpoint());
    CHECK(client.remote_endpoint() == server.local_endpoint());
    CHECK(accepted.remote_endpoint() == client.local_endpoint());
    byte_vector buffer(64);
    CHECK(client.write(as_bytes("hello")) == 5);
    CHECK(accepted.read(buffer) == 5);
    CHECK(as_text(std::span(buffer).first(5)) == "hello");
    CHECK(accepted.write(std::span(buffer).first(5)) == 5);
    client.shutdown(shutdown_type::send);
    CHECK(accepted.read(buffer) == 0);  // the end, as read(2) tells it
    CHECK(accepted.read(buffer) == 0);
    CHECK(client.read(buffer) == 5);
    accepted.close();
    CHECK_FALSE(accepted.is_open());
    CHECK(client.read(buffer) == 0);
    client.close();
    server.close();
  }
  // TCP listeners set SO_REUSEADDR between socket and bind; the rest is the flow as the notes have it.
  std::erase_if(steps.calls,
                [](const std::string& call) { return call.starts_with("setsockopt"); });
  const std::vector<std::string> flow{"socket", "bind",  "listen", "socket",   "connect", "accept4",
                                      "write",  "read",  "write",  "shutdown", "read",    "read",
                                      "read",   "close", "read",   "close",    "close"};
  CHECK(steps.calls == flow);
}

TEST_CASE_TEMPLATE("blocking: send and recv with MSG_PEEK and MSG_WAITALL", Row, DUET_ROWS) {
  fixture_of<Row> f;
  blocking_pair<Row> pair(f);
  byte_vector buffer(10);
  CHECK(pair.client.send(as_bytes("01234"), 0) == 5);
  for (int each = 0; each < 2; ++each) {
    CHECK(pair.accepted.recv(buffer, MSG_PEEK) == 5);
    CHECK(as_text(std::span(buffer).first(5)) == "01234");
  }
  CHECK(pair.accepted.recv(std::span(buffer).first(2), 0) == 2);

  // It waits for all ten, which come in two pieces.
  std::thread sender([&] {
    pair.client.send(as_bytes("5"), 0);
    pair.client.send(as_bytes("6789ab"), 0);
  });
  CHECK(pair.accepted.recv(buffer, MSG_WAITALL) == 10);
  sender.join();
  CHECK(as_text(buffer) == "23456789ab");

  // And for fewer, if the stream ends.
  pair.client.send(as_bytes("end"), MSG_MORE);
  pair.client.shutdown(shutdown_type::send);
  CHECK(pair.accepted.recv(buffer, MSG_WAITALL) == 3);
  CHECK(pair.accepted.recv(buffer, MSG_WAITALL) == 0);
}

TEST_CASE_TEMPLATE("blocking: errors name the step and the endpoint", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::blocking_server server(f.anywhere());
  const endpoint taken = server.local_endpoint();
  const auto text_of = [](auto&& call) {
    try {
      call();
    } catch (const std::system_error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(text_of([&] { typename Row::backend::blocking_server twice(taken); }) ==
        "bind " + taken.to_string() + ": Address already in use");

  const raw_socket bound = raw_socket::bound(f.anywhere());
  const endpoint silent = bound.local_endpoint();
  CHECK(text_of([&] { static_cast<void>(Row::backend::connect(silent)); }) ==
        "connect " + silent.to_string() + ": Connection refused");
}

TEST_CASE_TEMPLATE("blocking: a peer that is gone is an error of send and no SIGPIPE", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  std::signal(SIGPIPE, SIG_DFL);
  blocking_pair<Row> pair(f);
  pair.client.shutdown(shutdown_type::send);
  std::error_code ec;
  pair.client.send(as_bytes("x"), 0, ec);
  CHECK(errc_of(ec) == std::errc::broken_pipe);
  CHECK_THROWS_AS(pair.client.send(as_bytes("x"), 0), std::system_error);
}

TEST_CASE_TEMPLATE("blocking: connect by name", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::blocking_server server(f.anywhere());
  const std::string port = std::to_string(server.local_endpoint().port());
  auto client = Backend::connect(endpoint::named(transport::tcp, "localhost", port));
  auto accepted = server.accept();
  CHECK(client.remote_endpoint() == server.local_endpoint());
  try {
    static_cast<void>(Backend::connect(endpoint::parse("tcp://127.0.0.1:no-such-service")));
    FAIL("connected");
  } catch (const std::system_error& error) {
    CHECK(error.code() == condition::name_not_found);
    CHECK(std::string(error.what()).starts_with("getaddrinfo tcp://127.0.0.1:no-such-service: "));
  }
}

TEST_CASE_TEMPLATE("blocking: what is closed is an error and moves leave nothing behind", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  blocking_pair<Row> pair(f);
  typename Row::backend::blocking_connection moved(std::move(pair.client));
  CHECK_FALSE(pair.client.is_open());
  CHECK(moved.is_open());
  typename Row::backend::blocking_server server(std::move(pair.server));
  CHECK(server.native_handle() >= 0);
  moved = Row::backend::connect(server.local_endpoint());  // over an open one
  CHECK(moved.is_open());
  moved.close();
  moved.close();
  byte_vector buffer(1);
  std::error_code ec;
  CHECK(moved.read(buffer, ec) == 0);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK(moved.write(buffer, ec) == 0);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  moved.shutdown(shutdown_type::both, ec);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
  CHECK_THROWS_AS(static_cast<void>(moved.local_endpoint()), std::system_error);
  server.close();
  server.accept(ec);
  CHECK(errc_of(ec) == std::errc::bad_file_descriptor);
}

// SPDX-License-Identifier: MIT
// duet-echo serve, every model in each column: to a client they are one and the same.
#include <doctest/doctest.h>

#include <array>
#include <thread>
#include <vector>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// A server on TCP and on a UNIX path.
template <class Row>
struct model_server : running_server {
  explicit model_server(const temporary_folder& folder, const arguments& more = {})
      : running_server(command_line<Row>("serve", endpoints(folder, more)), 2) {}
  static arguments endpoints(const temporary_folder& folder, const arguments& more) {
    arguments all{"tcp://127.0.0.1:0", "unix:" + folder.fresh_path()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

byte_vector echo_of_bytes(const duet::endpoint& at, const byte_vector& bytes) {
  const raw_socket peer = raw_socket::connected(at);
  std::thread sender([&] {
    peer.send_all(bytes);
    peer.shut_down(SHUT_WR);
  });
  byte_vector got = peer.receive(bytes.size() + 1);
  sender.join();
  return got;
}

}  // namespace

TEST_CASE_TEMPLATE("models: every byte comes back and then the end", Row, DUET_APP_SERVERS) {
  const temporary_folder folder;
  model_server<Row> server(folder);
  std::size_t bytes = 0;
  for (const duet::endpoint& at : server.at) {
    for (const std::size_t size : {0U, 1U, 65536U, 1'000'003U}) {
      CHECK(echo_of_bytes(at, some_bytes(size)) == some_bytes(size));
      bytes += size;
    }
  }
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(),
                 "echoed " + std::to_string(bytes) + " bytes of 8 connections, 0 failed, 0 cut"));
  CHECK(folder.files().empty());
}

TEST_CASE_TEMPLATE("models: piece by piece as a person types", Row, DUET_APP_SERVERS) {
  const temporary_folder folder;
  model_server<Row> server(folder);
  for (const duet::endpoint& at : server.at) {
    const raw_socket client = raw_socket::connected(at);
    for (const char* word : {"one", "zwei", "three"}) {
      client.send_all(as_bytes(word));
      CHECK(as_text(client.receive(std::string_view(word).size())) == word);
    }
    client.shut_down(SHUT_WR);
    CHECK(client.receive(1).empty());
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("models: a client that resets is its own loss", Row, DUET_APP_SERVERS) {
  const temporary_folder folder;
  model_server<Row> server(folder);
  raw_socket rude = raw_socket::connected(server.at[0]);
  rude.send_all(as_bytes("x"));
  CHECK(as_text(rude.receive(1)) == "x");
  rude.reset();
  CHECK(echo_of_bytes(server.at[0], some_bytes(1000)) == some_bytes(1000));
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "echoed 1001 bytes of 2 connections, 1 failed, 0 cut"));
}

TEST_CASE_TEMPLATE("models: fifty clients one after another", Row, DUET_APP_SERVERS) {
  const temporary_folder folder;
  model_server<Row> server(folder);
  for (int each = 0; each < 50; ++each) {
    const byte_vector bytes = some_bytes(100, static_cast<std::uint64_t>(each) + 1);
    CHECK(echo_of_bytes(server.at[static_cast<std::size_t>(each) % 2], bytes) == bytes);
  }
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "echoed 5000 bytes of 50 connections, 0 failed, 0 cut"));
}

TEST_CASE_TEMPLATE("models: what was received before the signal is echoed", Row, DUET_APP_SERVERS) {
  tcp_server<Row> server;
  const raw_socket client = raw_socket::connected(server.at[0]);
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  client.send_all(as_bytes("more"));
  server.program.signal(SIGTERM);
  CHECK(as_text(client.receive(5)) == "more");
  client.shut_down(SHUT_WR);
  CHECK(server.program.wait() == 0);
}

TEST_CASE_TEMPLATE("models: who does not read is cut at the deadline", Row, DUET_APP_SERVERS) {
  tcp_server<Row> server({"--drain-timeout", "1s"});
  const raw_socket stuck = stuck_in_service(server.at[0]);
  CHECK(server.stop() == 1);
  CHECK(contains(server.program.err(), " 1 cut"));
}

// The blocking model says nothing while it waits for its one client.
TEST_CASE_TEMPLATE("models: the second signal ends at once", Row, DUET_APP_COLUMNS, DUET_APP_FORK) {
  const temporary_folder folder;
  model_server<Row> server(folder, {"--drain-timeout", "off"});
  const raw_socket stuck = stuck_in_service(server.at[1]);
  server.program.signal(SIGTERM);
  server.program.wait_for_err("SIGTERM: ");
  CHECK(server.stop(SIGINT) == 128 + SIGINT);
  CHECK(folder.files().empty());
}

// SPDX-License-Identifier: MIT
// duet-echo connect, and how send and ping connect: what is told of each attempt, waiting for a server, trying again, the own address.
#include <doctest/doctest.h>
#include <poll.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "temporary_folder.hpp"

using namespace duet;
using namespace duet::test;

namespace {

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    all.push_back(nlohmann::json::parse(line));
    CHECK(all.back()["schema"] == "duet-echo/1");
  }
  return all;
}

raw_socket listening() { return raw_socket::listening(endpoint::parse("127.0.0.1:0")); }
raw_socket refusing() { return raw_socket::bound(endpoint::parse("127.0.0.1:0")); }

/// The client's own address, of the next connection.
endpoint peer_of(const raw_socket& door) {
  const raw_socket accepted = door.accept();
  std::error_code ec;
  const endpoint peer = os::remote_endpoint(accepted.fd(), SOCK_STREAM, ec);
  REQUIRE_FALSE(ec);
  return peer;
}

/// Starts a client whose server is not there yet, and lets it be there once the client was refused.
template <class Row>
void check_retry(const std::string& command, const arguments& more, std::string_view input) {
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  arguments rest{"unix:" + path, "--trace"};
  rest.insert(rest.end(), more.begin(), more.end());
  child client(command_line<Row>(command, rest));
  client.write_in(input);
  client.close_in();
  client.wait_for_err("No such file or directory");
  running_server server({DUET_ECHO, "serve", "unix:" + path}, 1);
  const int result = client.wait();
  CAPTURE(client.err());
  CHECK(result == 0);
  CHECK(server.stop() == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("connect command: tells each attempt with its time", Row, DUET_APP_COLUMNS) {
  const raw_socket door = listening();
  const std::string at = door.local_endpoint().to_string();
  const outcome plain = echo<Row>("connect", {at});
  CHECK(plain.result == 0);
  CHECK(plain.err.empty());
  CHECK(plain.out.starts_with(at + ": connected, "));
  CHECK(plain.out.ends_with("s\n"));
  const std::string name = "tcp://localhost:" + std::to_string(door.local_endpoint().port());
  const outcome named = echo<Row>("connect", {name});
  CHECK(named.result == 0);
  CHECK(contains(named.out, "localhost IPv6: "));
  CHECK(contains(named.out, "localhost IPv4: 1 address, "));
  CHECK(contains(named.out, at + ": connected, "));
  const outcome quiet = echo<Row>("connect", {name, "-q"});
  CHECK(quiet.result == 0);
  CHECK(quiet.out.empty());
}

TEST_CASE_TEMPLATE("connect command: JSON lines of lookups and attempts and the end", Row,
                   DUET_APP_COLUMNS) {
  const raw_socket door = listening();
  const raw_socket shut = refusing();
  const std::string at = door.local_endpoint().to_string();
  const std::string name = "tcp://localhost:" + std::to_string(door.local_endpoint().port());
  const std::string nobody = shut.local_endpoint().to_string();
  const outcome told = echo<Row>("connect", {name, nobody, at, "--json"});
  CHECK(told.result == 4);
  int lookups = 0;
  int connected = 0;
  std::vector<std::string> ends;
  for (const auto& each : json_lines(told.out)) {
    if (each["event"] == "lookup") {
      ++lookups;
      CHECK(each["endpoint"] == name);
      CHECK((each["family"] == "IPv6" || each["family"] == "IPv4"));
      CHECK(each["duration_ns"] >= 0);
    } else if (each["event"] == "attempt") {
      if (each["error"].is_null()) ++connected;
      if (each["endpoint"] == nobody) CHECK(each["error"] == "Connection refused");
      CHECK(each["started_ns"] >= 0);
      CHECK(each["duration_ns"] > 0);
    } else {
      CHECK(each["event"] == "summary");
      CHECK(each["rounds"] == 1);
      CHECK(each["exit_code"] == (each["endpoint"] == nobody ? 4 : 0));
      ends.push_back(each["endpoint"]);
    }
  }
  CHECK(lookups == 2);
  CHECK(connected == 2);
  CHECK(ends == std::vector<std::string>{name, nobody, at});
}

TEST_CASE_TEMPLATE("connect command: exit codes say why not", Row, DUET_APP_COLUMNS) {
  const raw_socket shut = refusing();
  const std::string nobody = shut.local_endpoint().to_string();
  const outcome refused = echo<Row>("connect", {nobody});
  CHECK(refused.result == 4);
  CHECK(refused.out.starts_with(nobody + ": Connection refused, "));
  CHECK(refused.err == "duet-echo: connect " + nobody + ": Connection refused\n");
  CHECK(echo<Row>("connect", {"tcp://localhost:no-such-service"}).result == 3);
  CHECK(echo<Row>("connect", {"tcp://localhost:no-such-service", "--wait-for", "1h"}).result == 3);
  const full_listener full(endpoint::parse("127.0.0.1:0"));
  const std::string silent = full.where().to_string();
  const outcome late = echo<Row>("connect", {silent, "--connect-timeout", "50ms"});
  CHECK(late.result == 5);
  CHECK(late.err == "duet-echo: connect " + silent + ": timed out\n");
  // Of several the first that failed says how it went.
  CHECK(echo<Row>("connect", {nobody, silent, "--connect-timeout", "50ms"}).result == 4);
}

TEST_CASE_TEMPLATE("connect command: waits until the server is there", Row, DUET_APP_COLUMNS) {
  check_retry<Row>("connect", {"--wait-for", "1h"}, {});
  const raw_socket shut = refusing();
  const std::string nobody = shut.local_endpoint().to_string();
  const outcome never = echo<Row>("connect", {nobody, "--wait-for", "350ms", "--json"});
  CHECK(never.result == 5);
  CHECK(contains(never.err, "no answer in 350 ms: Connection refused"));
  CHECK(json_lines(never.out).back()["rounds"] >= 2);
  // The time is for an attempt that hangs, too.
  const full_listener full(endpoint::parse("127.0.0.1:0"));
  CHECK(echo<Row>("connect", {full.where().to_string(), "--wait-for", "100ms"}).result == 5);
}

TEST_CASE_TEMPLATE("connect command: --retry says how often", Row, DUET_APP_COLUMNS) {
  const raw_socket shut = refusing();
  const outcome tried =
      echo<Row>("connect", {shut.local_endpoint().to_string(), "--retry", "2", "--json"});
  CHECK(tried.result == 4);
  CHECK(json_lines(tried.out).back()["rounds"] == 3);
}

TEST_CASE_TEMPLATE("connect command: a trace of its steps", Row, DUET_APP_COLUMNS) {
  const raw_socket door = listening();
  const outcome traced = echo<Row>("connect", {door.local_endpoint().to_string(), "--trace"});
  CHECK(traced.result == 0);
  for (const char* const step : {"socket AF_INET", "connect 127.0.0.1:", "close "})
    CHECK(contains(traced.err, step));
}

TEST_CASE_TEMPLATE("connecting: send and ping try again", Row, DUET_APP_ROWS) {
  check_retry<Row>("send", {"--retry", "1000"}, "hello");
  check_retry<Row>("ping", {"--retry", "1000", "-c", "1"}, {});
}

TEST_CASE_TEMPLATE("connecting: retries end", Row, DUET_APP_ROWS) {
  const raw_socket shut = refusing();
  const std::string nobody = shut.local_endpoint().to_string();
  for (const char* const command : {"send", "ping"}) {
    const outcome ended = echo<Row>(command, {nobody, "--retry", "1"});
    CHECK(ended.result == 4);
    CHECK(ended.err == "duet-echo: connect " + nobody + ": Connection refused\n");
  }
}

TEST_CASE_TEMPLATE("connecting: from an address of one's own", Row, DUET_APP_ROWS) {
  for (const char* const command : {"send", "ping"}) {
    const raw_socket door = listening();
    child client(command_line<Row>(
        command, {door.local_endpoint().to_string(), "--local", "127.0.0.9", "-W", "10s"}));
    client.close_in();
    CHECK(peer_of(door).address() == address::v4({127, 0, 0, 9}));
  }
  const temporary_folder folder;
  const raw_socket door =
      raw_socket::listening(endpoint::local(transport::unix_stream, folder.fresh_path()));
  const std::string name = "unix:@" + folder.path();
  child client(command_line<Row>("send", {door.local_endpoint().to_string(), "--local", name}));
  client.close_in();
  CHECK(peer_of(door).to_string() == name);
}

TEST_CASE_TEMPLATE("connecting: a time of its own", Row, DUET_APP_COLUMNS) {
  const full_listener full(endpoint::parse("127.0.0.1:0"));
  const std::string silent = full.where().to_string();
  for (const char* const command : {"send", "ping"}) {
    const outcome late = echo<Row>(command, {silent, "--connect-timeout", "50ms", "-W", "1h"});
    CHECK(late.result == 5);
    CHECK(late.err == "duet-echo: connect " + silent + ": timed out\n");
  }
}

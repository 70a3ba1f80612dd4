// SPDX-License-Identifier: MIT
// duet-echo serve --metrics: what a scraper gets, and that it is what was counted.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "echo_app.hpp"
#include "raw_socket.hpp"

using namespace duet::test;

namespace {

std::string scraped(const duet::endpoint& at, std::string_view request) {
  const raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes(request));
  return std::string(as_text(client.receive(1 << 20)));
}

constexpr std::string_view get = "GET /metrics HTTP/1.1\r\nHost: duet\r\n\r\n";

duet::endpoint metrics_of(child& program) {
  const std::string line = program.read_line();
  REQUIRE(line.starts_with("metrics "));
  return duet::endpoint::parse(line.substr(8));
}

}  // namespace

TEST_CASE_TEMPLATE("metrics: the counters are those of what was echoed", Row, DUET_APP_COLUMNS) {
  tcp_server<Row> server({"--metrics", "127.0.0.1:0"});
  const duet::endpoint at = metrics_of(server.program);
  {
    const raw_socket client = raw_socket::connected(server.at[0]);
    client.send_all(as_bytes("twelve bytes"));
    CHECK(client.receive(12).size() == 12);
    const std::string now = scraped(at, get);
    CHECK(now.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(contains(now, "\nduet_echo_connections_active 1\n"));
    CHECK(contains(now, "\nduet_echo_written_bytes_total 12\n"));
    CHECK(contains(now, "\nduet_echo_datagrams_received_total 0\n"));
    client.shut_down(SHUT_WR);
    CHECK(client.receive(1).empty());
  }
  const std::string later = scraped(at, get);
  CHECK(contains(later, "\nduet_echo_connections_accepted_total 1\n"));
  CHECK(contains(later, "\nduet_echo_connections_closed_total{reason=\"end_of_stream\"} 1\n"));
  CHECK(scraped(at, "GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
  // A scraper that says nothing does not keep the server from ending.
  const raw_socket silent = raw_socket::connected(at);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("metrics: a head without end is refused", Row, DUET_APP_COLUMNS) {
  tcp_server<Row> server({"--metrics", "127.0.0.1:0"});
  const duet::endpoint at = metrics_of(server.program);
  CHECK(scraped(at, std::string(9000, 'x')).starts_with("HTTP/1.1 431 "));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("metrics: their line is JSON too and comes behind the listeners", Row,
                   DUET_APP_COLUMNS) {
  child program(command_line<Row>(
      "serve", {"--json", "--metrics", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0"}));
  CHECK(nlohmann::json::parse(program.read_line())["event"] == "listening");
  const auto line = nlohmann::json::parse(program.read_line());
  CHECK(line["event"] == "metrics");
  const auto at = duet::endpoint::parse(line["endpoint"].get<std::string>());
  CHECK(scraped(at, get).starts_with("HTTP/1.1 200 OK\r\n"));
  program.signal(SIGTERM);
  CHECK(program.wait() == 0);
}

TEST_CASE_TEMPLATE("metrics: where they cannot be had is named", Row, DUET_APP_COLUMNS) {
  const raw_socket taken = raw_socket::listening(duet::endpoint::parse("tcp://127.0.0.1:0"));
  const std::string uri = taken.local_endpoint().to_string();
  const auto refused = echo<Row>("serve", {"--metrics", uri, "tcp://127.0.0.1:0"});
  CHECK(refused.result == 1);
  CHECK(contains(refused.err, uri));
  CHECK(refused.out.empty());
  CHECK(echo<Row>("serve", {"--metrics", "udp://127.0.0.1:0", ":0"}).result == 2);
}

// SPDX-License-Identifier: MIT
// duet-echo ping: lines, totals, exit codes; messages of any size; servers that misbehave.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "scripted_peer.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void echo_all(raw_socket& client) {
  for (;;) {
    const byte_vector bytes = client.receive(64);
    if (bytes.empty()) return;
    client.send_all(bytes);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("ping: a line a reply and then the totals", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const outcome pinged = ping<Row>(server.uri(), {"-c", "3", "-i", "1ms"});
  CHECK(pinged.result == 0);
  CHECK(pinged.err.empty());
  const auto lines = lines_of(pinged.out);
  REQUIRE(lines.size() == 6);
  const std::string time = R"( time=\d[\d.]* (ns|us|ms|s))";
  for (int each = 1; each <= 3; ++each) {
    const std::regex form("64 bytes from " + server.uri() + " seq=" + std::to_string(each) + time);
    CHECK_MESSAGE(std::regex_match(lines[static_cast<std::size_t>(each) - 1], form),
                  lines[static_cast<std::size_t>(each) - 1]);
  }
  CHECK(lines[3] == "--- " + server.uri());
  CHECK(lines[4] == "sent 3, received 3, bad 0");
  CHECK(std::regex_match(
      lines[5],
      std::regex(R"(min/mean/p50/p90/p99/p99\.9/max = [\d.]+/[\d.]+/-/-/-/-/[\d.]+ us)")));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: percentiles appear as soon as samples carry them", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const outcome pinged = ping<Row>(server.uri(), {"-c", "1000", "-i", "0", "-q"});
  CHECK(pinged.result == 0);
  const auto lines = lines_of(pinged.out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "sent 1000, received 1000, bad 0");
  CHECK(std::regex_match(
      lines[2], std::regex(R"(min/mean/p50/p90/p99/p99\.9/max = ([\d.]+/){5}-/[\d.]+ us)")));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: json has a line a reply and the totals", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const outcome pinged = ping<Row>(server.uri(), {"-c", "2", "-i", "0", "--json"});
  CHECK(pinged.result == 0);
  const auto lines = lines_of(pinged.out);
  REQUIRE(lines.size() == 3);
  const auto reply = nlohmann::json::parse(lines[1]);
  CHECK(reply["schema"] == "duet-echo/1");
  CHECK(reply["event"] == "reply");
  CHECK(reply["seq"] == 2);
  CHECK(reply["bytes"] == 64);
  CHECK(reply["from"] == server.uri());
  CHECK(reply["time_ns"] > 0);
  const auto summary = nlohmann::json::parse(lines[2]);
  CHECK(summary["event"] == "summary");
  CHECK(summary["sent"] == 2);
  CHECK(summary["received"] == 2);
  CHECK(summary["bad"] == 0);
  CHECK(summary["min_ns"] <= summary["max_ns"]);
  CHECK(summary["p50_ns"].is_null());
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: messages larger than all buffers do not deadlock", Row,
                   DUET_APP_COLUMNS) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"127.0.0.1:0", "unix:" + folder.fresh_path()}),
                        2);
  for (const std::size_t which : {0U, 1U}) {
    const outcome pinged =
        ping<Row>(server.uri(which), {"-c", "2", "-i", "0", "-s", "16Mi", "-W", "off"});
    CHECK(pinged.result == 0);
    CHECK(contains(pinged.out, "16777216 bytes from "));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: the largest message of the blocking model does not deadlock", Row,
                   asio_blocking, posix_blocking) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"127.0.0.1:0", "unix:" + folder.fresh_path()}),
                        2);
  for (const std::size_t which : {0U, 1U}) {
    CHECK(ping<Row>(server.uri(which), {"-c", "20", "-i", "0", "-s", "64Ki", "--io", "sendrecv"})
              .result == 0);
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: many connections share the count", Row, DUET_APP_COLUMNS) {
  child server(command_line<Row>("serve", {"127.0.0.1:0", "--json", "-q"}));
  const auto at = nlohmann::json::parse(server.read_line());
  const outcome pinged =
      ping<Row>(at["endpoint"], {"-c", "1000", "-i", "0", "-q", "--connections", "100"});
  CHECK(pinged.result == 0);
  CHECK(contains(pinged.out, "sent 1000, received 1000, bad 0\n"));
  server.signal(SIGTERM);
  const auto summary = nlohmann::json::parse(server.read_line());
  CHECK(summary["accepted"] == 100);
  CHECK(summary["bytes_echoed"] == 64'000);
  CHECK(server.wait() == 0);
}

TEST_CASE_TEMPLATE("ping: a new connection for each message", Row, DUET_APP_ROWS) {
  child server(command_line<Row>("serve", {"127.0.0.1:0", "--json", "-q"}));
  const auto at = nlohmann::json::parse(server.read_line());
  const outcome pinged = ping<Row>(at["endpoint"], {"-c", "5", "-i", "0", "--reconnect"});
  CHECK(pinged.result == 0);
  CHECK(contains(pinged.out, "sent 5, received 5, bad 0\n"));
  server.signal(SIGTERM);
  CHECK(nlohmann::json::parse(server.read_line())["accepted"] == 5);
  CHECK(server.wait() == 0);
}

TEST_CASE_TEMPLATE("ping: a changed byte is a bad reply and exit 6", Row, DUET_APP_ROWS) {
  // The second connection shows that a new one is made: in the old one nobody would know where a reply begins.
  const scripted_peer corrupting(2, [](raw_socket& client, int which) {
    byte_vector bytes = client.receive(64);
    if (which == 0) bytes[17] ^= std::byte{0xff};
    client.send_all(bytes);
    wait_for(client, 1);
  });
  const outcome pinged = ping<Row>(corrupting.uri(), {"-c", "2", "-i", "0"});
  CHECK(pinged.result == 6);
  CHECK(contains(pinged.out, "bad reply from " + corrupting.uri() + " seq=1: byte 17 is 0x"));
  CHECK(contains(pinged.out, "sent 2, received 1, bad 1\n"));
}

TEST_CASE_TEMPLATE("ping: a reply that does not come in time is lost", Row, DUET_APP_ROWS) {
  const scripted_peer forgetful(2, [](raw_socket& client, int which) {
    if (which == 0) {
      wait_for(client, 64);
      wait_for(client, 1);
    } else {
      echo_all(client);
    }
  });
  const outcome pinged = ping<Row>(forgetful.uri(), {"-c", "2", "-i", "0", "-W", "100ms"});
  CHECK(pinged.result == 1);
  CHECK(contains(pinged.out, "no reply from " + forgetful.uri() + " seq=1: timed out\n"));
  CHECK(contains(pinged.out, "sent 2, received 1, bad 0, lost 1\n"));
}

TEST_CASE_TEMPLATE("ping: no reply at all is exit 5", Row, DUET_APP_ROWS) {
  const raw_socket silent = raw_socket::listening(duet::endpoint::parse("127.0.0.1:0"));
  const outcome pinged = ping<Row>(silent.local_endpoint().to_string(), {"-c", "1", "-W", "100ms"});
  CHECK(pinged.result == 5);
  CHECK(contains(pinged.out, "sent 1, received 0, bad 0, lost 1\n"));
  CHECK_FALSE(contains(pinged.out, "min/"));
}

TEST_CASE_TEMPLATE("ping: a server that goes away loses messages and no more", Row, DUET_APP_ROWS) {
  const scripted_peer leaving(2, [](raw_socket& client, int which) {
    if (which == 1) return echo_all(client);
    client.send_all(client.receive(64));
    wait_for(client, 64);
  });
  const outcome pinged = ping<Row>(leaving.uri(), {"-c", "3", "-i", "0"});
  CHECK(pinged.result == 1);
  CHECK(contains(pinged.out, "seq=2: end of stream\n"));
  CHECK(contains(pinged.out, "sent 3, received 2, bad 0, lost 1\n"));
}

TEST_CASE_TEMPLATE("ping: the whole deadline ends it", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const outcome endless = ping<Row>(server.uri(), {"-w", "200ms", "-i", "1ms", "-q"});
  CHECK(endless.result == 0);
  CHECK(contains(endless.out, ", bad 0"));
  const outcome counted = ping<Row>(server.uri(), {"-w", "200ms", "-c", "2", "-i", "1h", "-q"});
  CHECK(counted.result == 1);
  CHECK(contains(counted.out, "sent 1, received 1, bad 0\n"));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: a closed output ends it", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  child program(command_line<Row>("ping", {server.uri(), "-i", "0"}));
  CHECK(contains(program.read_line(), "seq=1 "));
  program.close_out();
  CHECK(program.wait() == -SIGPIPE);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("ping: a full disk as output ends it", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const outcome pinged =
      run({"sh", "-c", "exec \"$@\" > /dev/full", "sh", DUET_ECHO, "ping", server.uri(), "-i", "0",
           "--backend", Row::backend, "--model", Row::model});
  CHECK(pinged.result == 1);
  CHECK(contains(pinged.err, "write standard output: No space left on device"));
  CHECK(server.stop() == 0);
}

// SPDX-License-Identifier: MIT
// The command line of connect, and what the clients have in common: how they connect.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "duet/error.hpp"
#include "echo/options.hpp"
#include "echo/retry_pauses.hpp"
#include "echo_command_line.hpp"

using namespace duet;
using namespace duet::apps;
using namespace duet::apps::echo;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

std::string local_of(const char* text) {
  return parsed<connect_command_options>({"connect", "localhost:1", "--local", text})
      .local->to_string();
}

}  // namespace

TEST_CASE("client options: connect has its defaults and takes everything") {
  const auto plain = parsed<connect_command_options>({"connect", "localhost:9000"});
  REQUIRE(plain.endpoints.size() == 1);
  CHECK_FALSE(plain.wait_for);
  CHECK_FALSE(plain.connect_timeout);
  CHECK_FALSE(plain.local);
  CHECK(plain.retries == 0);
  const auto all = parsed<connect_command_options>(
      {"connect", "[::1]:1", "localhost:2", "--wait-for", "30s", "--connect-timeout=2s", "--local",
       ":0", "--backend", "posix", "--json", "--trace", "-q"});
  REQUIRE(all.endpoints.size() == 2);
  CHECK(all.endpoints[0].to_string() == "tcp://[::1]:1");
  CHECK(all.wait_for == 30s);
  CHECK(all.connect_timeout == 2s);
  CHECK(all.backend == backend_choice::posix);
  CHECK(all.json);
  CHECK(all.trace);
  CHECK(all.quiet);
  CHECK(parsed<connect_command_options>({"connect", "unix:/x", "--retry", "3"}).retries == 3);
}

TEST_CASE("client options: send and ping take them too") {
  const auto send = parsed<send_options>(
      {"send", "127.0.0.1:1", "--retry", "2", "--local", "127.0.0.9", "--connect-timeout", "1s"});
  CHECK(send.retries == 2);
  CHECK(send.local->to_string() == "tcp://127.0.0.9:0");
  CHECK(send.connect_timeout == 1s);
  const auto ping = parsed<ping_options>(
      {"ping", "unix:/x", "--retry", "2", "--local", "unix:@me", "--model", "blocking"});
  CHECK(ping.retries == 2);
  CHECK(ping.local->is_abstract());
}

TEST_CASE("client options: the forms of --local") {
  CHECK(local_of("127.0.0.1") == "tcp://127.0.0.1:0");
  CHECK(local_of("127.0.0.1:80") == "tcp://127.0.0.1:80");
  CHECK(local_of("::1") == "tcp://[::1]:0");
  CHECK(local_of("[::1]") == "tcp://[::1]:0");
  CHECK(local_of("[::1]:80") == "tcp://[::1]:80");
  CHECK(local_of(":80") == "tcp://*:80");
  for (const char* const bad : {"", "localhost", "localhost:1", "127.1", "udp://127.0.0.1:1",
                                "unix:/a/path", "127.0.0.1:65536"}) {
    CAPTURE(bad);
    CHECK(has(refused({"connect", "localhost:1", "--local", bad}), "--local"));
  }
}

TEST_CASE("client options: what does not go together is refused") {
  CHECK(has(refused({"connect"}), "ENDPOINT"));
  CHECK(has(refused({"connect", "udp://127.0.0.1:1"}), "only tcp and unix"));
  CHECK(has(refused({"connect", "127.0.0.1:1", "--model", "blocking"}), "--model async"));
  CHECK(has(refused({"connect", "127.0.0.1:1", "--wait-for", "1s", "--retry", "1"}), "exclude"));
  CHECK(has(refused({"connect", "127.0.0.1:1", "--local", "::1"}), "another family"));
  CHECK(has(refused({"connect", "unix:/x", "--local", "127.0.0.1"}), "--local"));
  CHECK(has(refused({"connect", "127.0.0.1:1", "--local", "unix:@me"}), "--local"));
  CHECK(has(refused({"conect", "127.0.0.1:1"}), "connect?"));
  CHECK(has(refused({"connect", "127.0.0.1:1", "--wait-fro=1s"}), "--wait-for?"));
  for (const char* const option : {"--retry", "--connect-timeout", "--local"}) {
    CAPTURE(option);
    const char* const value = std::string_view(option) == "--local"   ? "127.0.0.1"
                              : std::string_view(option) == "--retry" ? "1"
                                                                      : "1s";
    CHECK(has(refused({"send", "udp://127.0.0.1:1", option, value}), option));
    CHECK(has(refused({"ping", "udp://127.0.0.1:1", option, value}), option));
  }
  CHECK(has(refused({"send", "127.0.0.1:1", "--model", "blocking", "--connect-timeout", "1s"}),
            "--model async"));
  CHECK(has(refused({"ping", "127.0.0.1:1", "--connections", "2", "--local", ":1042"}),
            "one connection"));
}

TEST_CASE("retry_pauses: as many as were asked for and longer and longer") {
  retry_pauses pauses(3);
  const std::error_code refused = std::make_error_code(std::errc::connection_refused);
  for (int each = 0; each < 3; ++each) {
    const auto pause = pauses.next(refused);
    REQUIRE(pause);
    CHECK(*pause >= 100ms);
    CHECK(*pause <= 5s);
  }
  CHECK_FALSE(pauses.next(refused));
  CHECK_FALSE(retry_pauses(0).next(refused));
}

TEST_CASE("retry_pauses: what no attempt can mend is not tried again") {
  for (const error each : {error::name_not_found, error::name_no_data, error::bad_name}) {
    CHECK_FALSE(retry_pauses(9).next(each));
  }
  for (const error each : {error::timed_out, error::attempt_timed_out, error::resolve_timed_out,
                           error::name_try_again}) {
    CHECK(retry_pauses(9).next(each).has_value());
  }
}

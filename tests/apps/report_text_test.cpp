// SPDX-License-Identifier: MIT
// What is printed: safe text, JSON Lines, trace lines, reasons; and which exit code an error is.
#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "support/arguments.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"
#include "support/json_lines.hpp"
#include "support/printable.hpp"
#include "support/reason.hpp"
#include "support/trace.hpp"

using namespace duet::apps;

namespace {
std::error_code of_system(int number) { return {number, std::system_category()}; }
}  // namespace

TEST_CASE("printable: readable text stays and control characters are escaped") {
  CHECK(printable("tcp://127.0.0.1:9000") == "tcp://127.0.0.1:9000");
  CHECK(printable("unix:/run/\xed\x95\x9c\xea\xb8\x80") == "unix:/run/\xed\x95\x9c\xea\xb8\x80");
  CHECK(printable("back\\slash") == "back\\slash");
  CHECK(printable("a\x1b[1m") == "a\\x1b[1m");
  CHECK(printable("a\nb") == "a\\x0ab");
  CHECK(printable("\x7f") == "\\x7f");
  for (const char* const bad : {"\xc2\x9b", "\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                                "\xf4\x90\x80\x80", "\xf5", "\xed\x95", "\x80"}) {
    CHECK_MESSAGE(printable(bad) != bad, "passed: ", printable(bad));
  }
  CHECK(printable("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
}

TEST_CASE("json lines: one object a line that names its schema") {
  const std::string line = json_line("duet-echo/1", "listening",
                                     {{"endpoint", std::string("unix:/a\"b\n")},
                                      {"port", std::uint64_t{18446744073709551615U}},
                                      {"ok", true},
                                      {"none", nullptr},
                                      {"debt", std::int64_t{-1}},
                                      {"names", std::vector<std::string>{"a", "b"}},
                                      {"nobody", std::vector<std::string>{}}});
  CHECK(line.ends_with("}\n"));
  CHECK(line.find('\n') == line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  CHECK(json["schema"] == "duet-echo/1");
  CHECK(json["event"] == "listening");
  CHECK(json["endpoint"] == "unix:/a\"b\n");
  CHECK(json["port"] == 18446744073709551615U);
  CHECK(json["ok"] == true);
  CHECK(json["none"].is_null());
  CHECK(json["debt"] == -1);
  CHECK(json["names"] == nlohmann::json{"a", "b"});
  CHECK(json["nobody"] == nlohmann::json::array());
}

TEST_CASE("json lines: bytes that are not UTF-8 still make JSON") {
  const auto json = nlohmann::json::parse(json_line("s/1", "e", {{"path", std::string("/\xff")}}));
  CHECK(json["path"] == "/\xef\xbf\xbd");
}

TEST_CASE("trace: a step reads like the call") {
  CHECK(trace_line({"socket", "AF_INET SOCK_STREAM 0 (tcp)", 5, {}, {}}) ==
        "socket AF_INET SOCK_STREAM 0 (tcp) -> 5");
  CHECK(trace_line({"bind", "127.0.0.1:9000 (sin_port 0x2823)", 0, {}, {}}) ==
        "bind 127.0.0.1:9000 (sin_port 0x2823)");
  CHECK(trace_line({"listen", "backlog 4096", 0, {}, "acceptor.listen"}) ==
        "listen backlog 4096 [acceptor.listen]");
  CHECK(trace_line({"recv", "5, 64 bytes", 0, {}, {}}) == "recv 5, 64 bytes -> 0");
  CHECK(trace_line({"setsockopt TCP_NODELAY", "1", 0, {}, {}}) == "setsockopt TCP_NODELAY 1");
}

TEST_CASE("trace: an error has its name and its text") {
  CHECK(trace_line({"bind", "127.0.0.1:9000 (sin_port 0x2823)", -1, of_system(EADDRINUSE), {}}) ==
        "bind 127.0.0.1:9000 (sin_port 0x2823) -> EADDRINUSE (Address already in use)");
  CHECK(trace_line({"getaddrinfo", "tcp://x:1", 0, duet::error::name_not_found, {}}) ==
        "getaddrinfo tcp://x:1 -> name or service not found");
  CHECK(trace_line({"connect", "a\nb", -1, of_system(ECONNREFUSED), "socket.connect"}) ==
        "connect a\\x0ab -> ECONNREFUSED (Connection refused) [socket.connect]");
}

TEST_CASE("exit codes: what an error says about names and deadlines goes first") {
  const auto code = [](std::error_code why) { return exit_code_of(why, exit_code::not_connected); };
  CHECK(code(duet::error::name_not_found) == exit_code::no_such_name);
  CHECK(code(duet::error::name_no_data) == exit_code::no_such_name);
  CHECK(code(duet::error::name_try_again) == exit_code::not_resolved);
  CHECK(code(duet::error::name_no_recovery) == exit_code::not_resolved);
  CHECK(code(duet::error::bad_name) == exit_code::usage);
  CHECK(code(duet::error::bad_endpoint) == exit_code::usage);
  CHECK(code(duet::error::timed_out) == exit_code::timed_out);
  CHECK(code(of_system(ETIMEDOUT)) == exit_code::not_connected);
  CHECK(code(of_system(ECONNREFUSED)) == exit_code::not_connected);
  CHECK(exit_code_of(of_system(EIO), exit_code::failed) == exit_code::failed);
}

TEST_CASE("exit codes: are those of the contract") {
  CHECK(to_int(exit_code::done) == 0);
  CHECK(to_int(exit_code::failed) == 1);
  CHECK(to_int(exit_code::usage) == 2);
  CHECK(to_int(exit_code::no_such_name) == 3);
  CHECK(to_int(exit_code::not_connected) == 4);
  CHECK(to_int(exit_code::timed_out) == 5);
  CHECK(to_int(exit_code::mismatch) == 6);
  CHECK(to_int(exit_code::not_resolved) == 7);
  CHECK(to_int(exit_code::partly_failed) == 8);
}

TEST_CASE("reason: duet's words for duet's conditions") {
  CHECK(reason(duet::error::timed_out) == "timed out");
  CHECK(reason(duet::error::end_of_stream) == "end of stream");
  CHECK(reason(of_system(ECONNREFUSED)) == "Connection refused");
}

TEST_CASE("colour: the option and NO_COLOR and the terminal decide") {
  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");
  CHECK(use_color(color_mode::automatic, true));
  CHECK_FALSE(use_color(color_mode::automatic, false));
  CHECK(use_color(color_mode::always, false));
  CHECK_FALSE(use_color(color_mode::none, true));
  ::setenv("NO_COLOR", "", 1);
  CHECK(use_color(color_mode::automatic, true));
  ::setenv("NO_COLOR", "1", 1);
  CHECK_FALSE(use_color(color_mode::automatic, true));
  CHECK(use_color(color_mode::always, true));
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  CHECK_FALSE(use_color(color_mode::automatic, true));
}

TEST_CASE("suggestions: the nearest word if one is near") {
  CHECK(nearest("--jsn", {"--json", "--trace"}) == "--json");
  CHECK(nearest("sevre", {"serve", "send", "ping"}) == "serve");
  CHECK(nearest("--anything", {"--json", "--trace"}).empty());
  CHECK(nearest("", {"--json"}).empty());
}

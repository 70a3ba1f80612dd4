// SPDX-License-Identifier: MIT
// duet-echo's client of datagrams against programs that others wrote: socat's and ncat's echo are the servers, a terminal of socat's making
// the input. Its servers against socat's and ncat's clients are in serve_datagram_test.cpp.
#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "echo_app.hpp"
#include "ipv6.hpp"
#include "raw_datagram.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// A port that was free just now: neither program says which one it was given.
std::uint16_t free_port(const char* at) {
  raw_datagram taken = raw_datagram::bound(duet::endpoint::parse(at));
  return taken.local_endpoint().port();
}

/// Sends until the server is up: before, nobody is there.
template <class Row>
outcome send_when_up(const std::string& uri, const arguments& more, const std::string& input) {
  const auto end = std::chrono::steady_clock::now() + patience();
  for (;;) {
    const outcome sent = echo<Row>("send", with(uri.c_str(), more), input);
    if (sent.result != 4 || std::chrono::steady_clock::now() > end) return sent;
  }
}

}  // namespace

TEST_CASE_TEMPLATE("peers of datagrams: socat is a server of the client", Row, DUET_APP_ROWS) {
  if (!have_program("socat")) DUET_SKIP("socat is not installed");
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  const std::string name = "duet-test-" + path.substr(path.find("duet-"));
  const std::string port = std::to_string(free_port("udp://127.0.0.1:0"));
  std::vector<std::pair<std::string, std::string>> servers{
      {"UDP4-RECVFROM:" + port + ",bind=127.0.0.1,fork", "udp://127.0.0.1:" + port},
      {"UNIX-RECVFROM:" + path + ",fork", "unixgram:" + path},
      {"ABSTRACT-RECVFROM:" + name + ",fork", "unixgram:@" + name}};
  if (has_ipv6()) {
    const std::string six = std::to_string(free_port("udp://[::1]:0"));
    servers.emplace_back("UDP6-RECVFROM:" + six + ",bind=[::1],fork", "udp://[::1]:" + six);
  }
  for (const auto& [listen, uri] : servers) {
    CAPTURE(uri);
    const child server({"socat", "-b", "65536", listen, "PIPE"});
    const outcome lines = send_when_up<Row>(uri, {"--lines", "--verify"}, "one\ntwo\nthree\n");
    CHECK(lines.result == 0);
    // A child of socat's each: they answer in any order.
    for (const char* const line : {"one\n", "two\n", "three\n"}) CHECK(contains(lines.out, line));
    CHECK(lines.out.size() == 14);
    CHECK(lines.err.empty());
    server.signal(SIGTERM);
  }
}

TEST_CASE_TEMPLATE("peers of datagrams: ncat is a server of the client", Row, DUET_APP_ROWS) {
  if (!have_program("ncat")) DUET_SKIP("ncat is not installed");
  const std::string port = std::to_string(free_port("udp://127.0.0.1:0"));
  // It talks to one peer, and ends with it: while nobody is there, nothing reaches it.
  const child server({"ncat", "-u", "-l", "127.0.0.1", port, "--exec", "/bin/cat"});
  const outcome sent =
      send_when_up<Row>("udp://127.0.0.1:" + port, {"--verify", "-s", "8192"}, "hello\nthere\n");
  CHECK(sent.result == 0);
  CHECK(sent.out == "hello\nthere\n");
}

TEST_CASE_TEMPLATE("peers of datagrams: a terminal is read in lines", Row, DUET_APP_ROWS) {
  if (!have_program("socat")) DUET_SKIP("socat is not installed");
  running_server server(command_line<Row>("serve", {"udp://127.0.0.1:0"}), 1);
  // socat passes bytes between its pipe and a terminal that the program has; raw is without echo of the terminal's own.
  child program({"socat", "-t", "15", "-",
                 "EXEC:" DUET_ECHO " send --backend " + std::string(Row::backend) + " --model " +
                     Row::model + " " + std::string("udp\\:") +
                     server.uri().substr(4, server.uri().rfind(':') - 4) +
                     "\\:" + std::to_string(server.at[0].port()) + ",pty,raw,echo=0"});
  program.write_in("one\n\n");
  CHECK(program.read_line() == "one");
  CHECK(program.read_line().empty());
  program.signal(SIGTERM);
  CHECK(server.stop() == 0);
  CHECK(contains(server.program.err(), "echoed 2 of 2 datagrams, 3 bytes, 0 lost\n"));
}

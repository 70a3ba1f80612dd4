// SPDX-License-Identifier: MIT
// duet-echo against programs that others wrote: socat and ncat as clients of its servers, socat's echo as the server of its clients.
#include <doctest/doctest.h>

#include "bytes.hpp"
#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

std::string tcp_argument(const duet::endpoint& at) {
  return "TCP:" + at.address().to_string() + ":" + std::to_string(at.port());
}

/// Both kinds of endpoint of one server.
template <class Row>
struct both_transports : running_server {
  explicit both_transports(const temporary_folder& folder)
      : running_server(command_line<Row>("serve", {"127.0.0.1:0", "unix:" + folder.fresh_path()}),
                       2) {}
};

/// socat's echo, and where it listens once it does.
class socat_echo {
 public:
  explicit socat_echo(const std::string& listen)
      : program_({"socat", "-d", "-d", listen + ",fork", "EXEC:cat,nofork"}) {
    program_.wait_for_err("listening on ");
  }
  ~socat_echo() { program_.signal(SIGTERM); }

  /// From the notice "listening on AF=2 127.0.0.1:43127".
  [[nodiscard]] std::string tcp_uri() const {
    const std::string& err = program_.err();
    const std::size_t begin = err.find(' ', err.find("listening on ") + 13) + 1;
    return "tcp://" + err.substr(begin, err.find('\n', begin) - begin);
  }

 private:
  child program_;
};

}  // namespace

TEST_CASE_TEMPLATE("peers: socat is a client of the server", Row, DUET_APP_ROWS) {
  if (!have_program("socat")) DUET_SKIP("socat is not installed");
  const temporary_folder folder;
  both_transports<Row> server(folder);
  const std::string bytes(as_text(some_bytes(3'000'000)));
  for (const std::string& to :
       {tcp_argument(server.at[0]), "UNIX-CONNECT:" + server.at[1].path()}) {
    CAPTURE(to);
    // -t: how long to wait for the rest of the echo after the end of the input; it ends sooner when the server does.
    const outcome echoed = run({"socat", "-t", "30", "-", to}, bytes);
    CHECK(echoed.result == 0);
    CHECK((echoed.out == bytes));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("peers: ncat is a client of the server", Row, DUET_APP_ROWS) {
  if (!have_program("ncat")) DUET_SKIP("ncat is not installed");
  const temporary_folder folder;
  both_transports<Row> server(folder);
  const std::string bytes(as_text(some_bytes(3'000'000)));
  const outcome tcp = run({"ncat", "127.0.0.1", std::to_string(server.at[0].port())}, bytes);
  CHECK(tcp.result == 0);
  CHECK((tcp.out == bytes));
  const outcome local = run({"ncat", "-U", server.at[1].path()}, bytes);
  CHECK(local.result == 0);
  CHECK((local.out == bytes));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("peers: socat's echo is a server of the client", Row, DUET_APP_ROWS) {
  if (!have_program("socat")) DUET_SKIP("socat is not installed");
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  const socat_echo tcp("TCP-LISTEN:0,bind=127.0.0.1");
  const socat_echo local("UNIX-LISTEN:" + path);
  const std::string bytes(as_text(some_bytes(3'000'000)));
  for (const std::string& uri : {tcp.tcp_uri(), "unix:" + path}) {
    CAPTURE(uri);
    const outcome sent = echo<Row>("send", {uri, "--verify"}, bytes);
    CHECK(sent.result == 0);
    CHECK((sent.out == bytes));
    CHECK(echo<Row>("ping", {uri, "-c", "3", "-i", "0"}).result == 0);
  }
}

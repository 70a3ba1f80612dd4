// SPDX-License-Identifier: MIT
// echo_app: duet-echo as the tests see it: the rows they are stamped for (column x model), how it is started, and a server that is up.
#pragma once

#include <doctest/doctest.h>
#include <sys/time.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "child.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/lookup.hpp"
#include "raw_datagram.hpp"
#include "raw_socket.hpp"

namespace duet::test {

struct asio_async {
  static constexpr const char* backend = "asio";
  static constexpr const char* model = "async";
};
struct asio_blocking {
  static constexpr const char* backend = "asio";
  static constexpr const char* model = "blocking";
};
struct posix_async {
  static constexpr const char* backend = "posix";
  static constexpr const char* model = "async";
};
struct posix_blocking {
  static constexpr const char* backend = "posix";
  static constexpr const char* model = "blocking";
};

// Of serve only.
struct asio_fork {
  static constexpr const char* backend = "asio";
  static constexpr const char* model = "fork";
};
struct posix_fork {
  static constexpr const char* backend = "posix";
  static constexpr const char* model = "fork";
};
struct asio_prefork {
  static constexpr const char* backend = "asio";
  static constexpr const char* model = "prefork";
};
struct posix_prefork {
  static constexpr const char* backend = "posix";
  static constexpr const char* model = "prefork";
};

using arguments = std::vector<std::string>;

/// "duet-echo COMMAND --backend .. --model .." and the rest.
template <class Row>
arguments command_line(const std::string& command, const arguments& rest) {
  arguments all{DUET_ECHO, command, "--backend", Row::backend, "--model", Row::model};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

/// Runs a client command to its end.
template <class Row>
outcome echo(const std::string& command, const arguments& rest, std::string_view input = {}) {
  return run(command_line<Row>(command, rest), input);
}

inline arguments with(const std::string& endpoint, const arguments& more) {
  arguments all{endpoint};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
template <class Row>
outcome ping(const std::string& to, const arguments& more) {
  return echo<Row>("ping", with(to, more));
}
template <class Row>
outcome send(const std::string& to, const arguments& more, std::string_view input) {
  return echo<Row>("send", with(to, more), input);
}

/// The endpoint of a line "listening URI".
inline endpoint endpoint_of(const std::string& line) {
  constexpr std::string_view start = "listening ";
  REQUIRE_MESSAGE(line.starts_with(start), line);
  return endpoint::parse(line.substr(start.size()));
}

/// A server that has said where it listens.
class running_server {
 public:
  running_server(arguments command, std::size_t endpoints, const child::options& how = {})
      : program(std::move(command), how) {
    while (at.size() < endpoints) at.push_back(endpoint_of(program.read_line()));
  }

  [[nodiscard]] std::string uri(std::size_t which = 0) const { return at.at(which).to_string(); }

  /// Stops it by a signal; its exit code.
  int stop(int number = SIGTERM) {
    program.signal(number);
    return program.wait();
  }

  child program;
  std::vector<endpoint> at;
};

/// Serves `named`, which has port 0, and checks that every address of the name is bound, once, and has an echo.
template <class Row, class Echo>
void check_every_address_bound(const std::string& named, Echo echo_of) {
  std::error_code ec;
  std::set<std::string> expected;
  for (const endpoint& each : os::resolve(endpoint::parse(named).with_port(1), ec))
    expected.insert(each.with_port(0).to_string());
  REQUIRE_FALSE(ec);
  running_server server(command_line<Row>("serve", {named}), expected.size());
  std::set<std::string> bound;
  for (const endpoint& each : server.at) {
    bound.insert(each.with_port(0).to_string());
    CHECK(echo_of(each, "x") == "x");
  }
  CHECK(bound == expected);
  CHECK(server.stop() == 0);
}

/// Sends until the kernel takes no more: the server then owes what it has read, for nobody reads its echo. Returns how much was taken.
inline std::size_t send_until_stuck(const raw_socket& client) {
  const byte_vector bytes(65536);
  // As long as a busy server may take to make room; a longer wait changes nothing.
  const timeval limit{1, 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  std::size_t taken = 0;
  for (ssize_t some = 0; some >= 0; taken += static_cast<std::size_t>(std::max<ssize_t>(some, 0)))
    some = ::send(client.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  CHECK(errno == EAGAIN);
  return taken;
}
inline raw_socket stuck_client(const endpoint& at) {
  raw_socket client = raw_socket::connected(at);
  send_until_stuck(client);
  return client;
}
/// The same of one that was accepted before.
inline raw_socket stuck_in_service(const endpoint& at) {
  raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  send_until_stuck(client);
  return client;
}

/// Asks a unixgram server until one answer more than the peer's queue holds is due; nobody reads them. A server that has to wait for room
/// waits now, or is about to. Source: unix(7), max_dgram_qlen, of which a queue holds one more.
inline void leave_answers_unread(const raw_datagram& peer, const endpoint& server) {
  int queued = 0;
  std::ifstream("/proc/sys/net/unix/max_dgram_qlen") >> queued;
  REQUIRE(queued > 0);
  // The peer's queue, the one in the server's hand, the server's queue: that all of it was taken tells where the server is.
  for (int each = 0; each < 2 * (queued + 1) + 1; ++each) peer.send_to(as_bytes("x"), server);
}

/// Of a file.
inline std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A server on a port of its own.
template <class Row>
struct tcp_server : running_server {
  explicit tcp_server(const arguments& more = {}, const child::options& how = {})
      : running_server(command_line<Row>("serve", with("tcp://127.0.0.1:0", more)), 1, how) {}
};

}  // namespace duet::test

#define DUET_APP_COLUMNS duet::test::asio_async, duet::test::posix_async
#define DUET_APP_BLOCKING duet::test::asio_blocking, duet::test::posix_blocking
#define DUET_APP_ROWS                                                         \
  duet::test::asio_async, duet::test::asio_blocking, duet::test::posix_async, \
      duet::test::posix_blocking

#define DUET_APP_FORK duet::test::asio_fork, duet::test::posix_fork
#define DUET_APP_PREFORK duet::test::asio_prefork, duet::test::posix_prefork
/// Every way to serve.
#define DUET_APP_SERVERS DUET_APP_ROWS, DUET_APP_FORK, DUET_APP_PREFORK

TYPE_TO_STRING_AS("asio/fork", duet::test::asio_fork);
TYPE_TO_STRING_AS("posix/fork", duet::test::posix_fork);
TYPE_TO_STRING_AS("asio/prefork", duet::test::asio_prefork);
TYPE_TO_STRING_AS("posix/prefork", duet::test::posix_prefork);
TYPE_TO_STRING_AS("asio/async", duet::test::asio_async);
TYPE_TO_STRING_AS("asio/blocking", duet::test::asio_blocking);
TYPE_TO_STRING_AS("posix/async", duet::test::posix_async);
TYPE_TO_STRING_AS("posix/blocking", duet::test::posix_blocking);

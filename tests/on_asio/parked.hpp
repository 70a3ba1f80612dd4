// SPDX-License-Identifier: MIT
// parked: every asynchronous operation of the column, started so that it cannot end by itself, because the peer is missing. Cases that
// hold for every operation are stamped over this list.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/on_asio/connect.hpp"
#include "duet/on_asio/listener.hpp"
#include "duet/on_asio/stream.hpp"
#include "held_names.hpp"
#include "parked_datagram.hpp"
#include "raw_socket.hpp"
#include "world.hpp"

namespace duet::test {

using on_asio::listener;

inline endpoint any_port() { return endpoint::parse("tcp://127.0.0.1:0"); }

/// Two connected streams; the second does nothing.
struct parked_pair {
  explicit parked_pair(world& in) : streams(in.pair()) {}
  void cancel() { streams.first.cancel(); }
  void close() { streams.first.close(); }

  std::pair<stream, stream> streams;
};

struct parked_read : parked_pair {
  using parked_pair::parked_pair;
  template <class Token>
  auto start(Token&& token) {
    return streams.first.async_read_some(std::span(buffer), std::forward<Token>(token));
  }
  std::array<std::byte, 16> buffer{};
};

struct parked_wait_read : parked_pair {
  using parked_pair::parked_pair;
  template <class Token>
  auto start(Token&& token) {
    return streams.first.async_wait(wait_type::read, std::forward<Token>(token));
  }
};

/// Of which the kernel takes no more bytes.
struct parked_full_pair : parked_pair {
  explicit parked_full_pair(world& in) : parked_pair(in) {
    std::error_code ec;
    while (streams.first.try_write_some(data, ec)) {
    }
    REQUIRE_FALSE(ec);
  }
  std::vector<std::byte> data = std::vector<std::byte>(65536);
};

struct parked_write_some : parked_full_pair {
  using parked_full_pair::parked_full_pair;
  template <class Token>
  auto start(Token&& token) {
    return streams.first.async_write_some(std::span(std::as_const(data)),
                                          std::forward<Token>(token));
  }
};

struct parked_wait_write : parked_full_pair {
  using parked_full_pair::parked_full_pair;
  template <class Token>
  auto start(Token&& token) {
    return streams.first.async_wait(wait_type::write, std::forward<Token>(token));
  }
};

/// Parked in the middle: some pieces are written.
struct parked_write : parked_pair {
  using parked_pair::parked_pair;
  template <class Token>
  auto start(Token&& token) {
    return streams.first.async_write(std::span(std::as_const(data)), std::forward<Token>(token));
  }
  std::vector<std::byte> data = std::vector<std::byte>(std::size_t{4} << 20);
};

struct parked_accept {
  explicit parked_accept(world& in) : server(in.context) { server.listen(any_port()); }
  template <class Token>
  auto start(Token&& token) {
    return server.async_accept(std::forward<Token>(token));
  }
  void cancel() { server.cancel(); }
  void close() { server.close(); }

  listener server;
};

struct parked_connect {
  explicit parked_connect(world& in) : client(in.context) {}
  template <class Token>
  auto start(Token&& token) {
    return on_asio::async_connect(client, full.where(), {}, std::forward<Token>(token));
  }
  void cancel() { client.cancel(); }
  void close() { client.close(); }

  full_listener full{any_port()};
  stream client;
};

struct parked_lookup {
  explicit parked_lookup(world& in) : server(in.context), client(in.context) {
    server.listen(any_port());
  }
  template <class Token>
  auto start(Token&& token) {
    const std::string port = std::to_string(server.local_endpoint().port());
    return on_asio::async_connect(client, endpoint::named(transport::tcp, held_name, port), {},
                                  std::forward<Token>(token));
  }
  void cancel() { client.cancel(); }
  void close() { client.close(); }

  name_hold hold;
  listener server;
  stream client;
};

/// A race with one attempt, and a report.
struct parked_race : parked_connect {
  using parked_connect::parked_connect;
  template <class Token>
  auto start(Token&& token) {
    const std::string port = std::to_string(full.where().port());
    return on_asio::async_connect(client, "127.0.0.1", port, {}, std::forward<Token>(token));
  }
};

}  // namespace duet::test

#define DUET_PARKED                                                                       \
  duet::test::parked_read, duet::test::parked_wait_read, duet::test::parked_write_some,   \
      duet::test::parked_wait_write, duet::test::parked_write, duet::test::parked_accept, \
      duet::test::parked_connect, duet::test::parked_lookup, duet::test::parked_race,     \
      DUET_PARKED_DATAGRAMS

TYPE_TO_STRING_AS("read_some", duet::test::parked_read);
TYPE_TO_STRING_AS("wait for reading", duet::test::parked_wait_read);
TYPE_TO_STRING_AS("write_some", duet::test::parked_write_some);
TYPE_TO_STRING_AS("wait for writing", duet::test::parked_wait_write);
TYPE_TO_STRING_AS("write", duet::test::parked_write);
TYPE_TO_STRING_AS("accept", duet::test::parked_accept);
TYPE_TO_STRING_AS("connect", duet::test::parked_connect);
TYPE_TO_STRING_AS("connect by name", duet::test::parked_lookup);
TYPE_TO_STRING_AS("race", duet::test::parked_race);

// SPDX-License-Identifier: MIT
// parked_datagram: the operations of a datagram socket, started so that they cannot end by themselves: nothing comes, or the connected UNIX
// peer takes no more. Part of parked.hpp's list.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/on_asio/datagram.hpp"
#include "world.hpp"

namespace duet::test {

using on_asio::datagram_socket;

inline endpoint any_datagram_port() { return endpoint::parse("udp://127.0.0.1:0"); }

inline datagram_options small_batch() {
  datagram_options options;
  options.batch_size = 2;
  options.max_datagram_bytes = 16;
  return options;
}

struct parked_datagram {
  explicit parked_datagram(world& in) : socket(in.context) { socket.bind(any_datagram_port()); }
  void cancel() { socket.cancel(); }
  void close() { socket.close(); }

  datagram_socket socket;
};

struct parked_receive_from : parked_datagram {
  using parked_datagram::parked_datagram;
  template <class Token>
  auto start(Token&& token) {
    return socket.async_receive_from(std::span(buffer), about, std::forward<Token>(token));
  }
  std::array<std::byte, 16> buffer{};
  datagram_info about;
};

struct parked_receive : parked_datagram {
  using parked_datagram::parked_datagram;
  template <class Token>
  auto start(Token&& token) {
    return socket.async_receive(std::span(buffer), std::forward<Token>(token));
  }
  std::array<std::byte, 16> buffer{};
};

struct parked_receive_batch : parked_datagram {
  using parked_datagram::parked_datagram;
  template <class Token>
  auto start(Token&& token) {
    return socket.async_receive_batch(batch, std::forward<Token>(token));
  }
  on_asio::incoming_batch batch{small_batch()};
};

struct parked_datagram_wait : parked_datagram {
  using parked_datagram::parked_datagram;
  template <class Token>
  auto start(Token&& token) {
    return socket.async_wait(wait_type::read, std::forward<Token>(token));
  }
};

/// Connected to a UNIX socket whose queue is full.
struct parked_full_datagram {
  explicit parked_full_datagram(world& in) : socket(in.context), peer(in.context) {
    const endpoint unnamed = endpoint::local(transport::unix_datagram, {});
    peer.bind(unnamed);
    socket.bind(unnamed);
    socket.connect(peer.local_endpoint());
    std::error_code ec;
    while (socket.try_send(std::span(byte), ec)) {
    }
    REQUIRE_FALSE(ec);
  }
  void cancel() { socket.cancel(); }
  void close() { socket.close(); }

  datagram_socket socket;
  datagram_socket peer;
  std::array<std::byte, 1> byte{};
};

struct parked_send : parked_full_datagram {
  using parked_full_datagram::parked_full_datagram;
  template <class Token>
  auto start(Token&& token) {
    return socket.async_send(std::span(std::as_const(byte)), std::forward<Token>(token));
  }
};

struct parked_send_batch : parked_full_datagram {
  explicit parked_send_batch(world& in) : parked_full_datagram(in) { batch.add(byte); }
  template <class Token>
  auto start(Token&& token) {
    return socket.async_send_batch(batch, std::forward<Token>(token));
  }
  on_asio::outgoing_batch batch{small_batch()};
};

}  // namespace duet::test

#define DUET_PARKED_DATAGRAMS                                                                    \
  duet::test::parked_receive_from, duet::test::parked_receive, duet::test::parked_receive_batch, \
      duet::test::parked_datagram_wait, duet::test::parked_send, duet::test::parked_send_batch

TYPE_TO_STRING_AS("receive_from", duet::test::parked_receive_from);
TYPE_TO_STRING_AS("receive", duet::test::parked_receive);
TYPE_TO_STRING_AS("receive_batch", duet::test::parked_receive_batch);
TYPE_TO_STRING_AS("wait for a datagram", duet::test::parked_datagram_wait);
TYPE_TO_STRING_AS("send", duet::test::parked_send);
TYPE_TO_STRING_AS("send_batch", duet::test::parked_send_batch);

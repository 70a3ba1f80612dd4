// SPDX-License-Identifier: MIT
// What the cases of single datagrams share: a bound socket of the row, and a plain peer.
#pragma once

#include <span>

#include "fixture.hpp"
#include "raw_datagram.hpp"

namespace duet::test {

template <class Row>
datagram_options roomy() {
  datagram_options options;
  options.socket.send_buffer_bytes = Row::transport::buffer_bytes;
  options.socket.receive_buffer_bytes = 1'000'000;
  return options;
}

/// A bound socket of the row and a plain peer of it, bound too.
template <class Row>
struct with_peer {
  explicit with_peer(fixture_of<Row>& of, const datagram_options& options = roomy<Row>())
      : f(of), socket(f.loop()), peer(raw_datagram::bound(f.anywhere())) {
    peer.set(SOL_SOCKET, SO_SNDBUF, Row::transport::buffer_bytes);
    socket.bind(f.anywhere(), options);
  }
  [[nodiscard]] endpoint where() const { return socket.local_endpoint(); }

  /// Completed.
  result receive(std::span<std::byte> to, datagram_info& about) {
    result done;
    socket.async_receive_from(to, about, f.into(done, "receive_from"));
    f.run_until([&] { return done.done; });
    return done;
  }
  result send(std::span<const std::byte> bytes, const endpoint& to) {
    result done;
    socket.async_send_to(bytes, to, f.into(done, "send_to"));
    f.run_until([&] { return done.done; });
    return done;
  }

  fixture_of<Row>& f;
  typename Row::backend::datagram_socket socket;
  raw_datagram peer;
};

}  // namespace duet::test

// SPDX-License-Identifier: MIT
// datagram_state: what a datagram socket is made of, at one address for as long as operations may name it.
#pragma once

#include <array>
#include <asio/basic_datagram_socket.hpp>
#include <asio/generic/datagram_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "duet/os/datagram_io.hpp"
#include "duet/policy/read_ahead.hpp"
#include "duet/stream_types.hpp"

namespace duet::on_asio::detail {

/// Asio cancels both directions of a socket at once. So a cancelled direction is counted, and the other one told that it is spared: its
/// operations wait again. That also reaches operations between two of their steps, and such as have a cancellation slot of their own.
template <class Executor>
class datagram_state {
 public:
  explicit datagram_state(const Executor& executor) : socket(executor) {}

  void cancel(wait_type direction) {
    ++cancels_[index(direction)];
    ++spared_[1 - index(direction)];
    std::error_code ignored;
    socket.cancel(ignored);
  }
  void cancel() {
    count_both();
    std::error_code ignored;
    socket.cancel(ignored);
  }
  void close() {
    count_both();
    std::error_code ignored;
    socket.close(ignored);
  }

  /// Operations compare: another number means cancelled, or spared, since.
  [[nodiscard]] std::uint32_t cancels(wait_type direction) const noexcept {
    return cancels_[index(direction)];
  }
  [[nodiscard]] std::uint32_t spared(wait_type direction) const noexcept {
    return spared_[index(direction)];
  }

  [[nodiscard]] int fd() noexcept { return socket.is_open() ? socket.native_handle() : -1; }

  asio::basic_datagram_socket<asio::generic::datagram_protocol, Executor> socket;
  os::datagram_setup setup;
  policy::read_ahead ahead;

 private:
  static std::size_t index(wait_type direction) noexcept {
    return direction == wait_type::read ? 0 : 1;
  }
  void count_both() noexcept {
    for (std::uint32_t& each : cancels_) ++each;
  }

  std::array<std::uint32_t, 2> cancels_{};
  std::array<std::uint32_t, 2> spared_{};
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// datagram_echo: the echo service of RFC 862 over datagrams, UDP and UNIX. Counterpart: on_asio/datagram_echo.hpp.
#pragma once

#include <memory>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/loop.hpp"

namespace duet::on_posix {

/// Answers any number of peers, each from the address that it asked. @see contract::datagram_echo_server for each member.
class datagram_echo_server {
 public:
  explicit datagram_echo_server(loop& owner, const datagram_echo_options& options = {});
  ~datagram_echo_server();
  datagram_echo_server(datagram_echo_server&&) noexcept = default;
  datagram_echo_server& operator=(datagram_echo_server&&) = delete;

  endpoint listen(const endpoint& at);
  void start();
  void stop();
  [[nodiscard]] const datagram_echo_counters& counters() const noexcept;

 private:
  class core;
  struct door;
  std::shared_ptr<core> core_;
};

}  // namespace duet::on_posix

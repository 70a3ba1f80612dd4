// SPDX-License-Identifier: MIT
// datagram_echo: the echo service of RFC 862 over datagrams, UDP and UNIX. Counterpart: on_posix/datagram_echo.hpp.
#pragma once

#include <memory>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/datagram_echo_core.hpp"
#include "duet/on_asio/loop.hpp"

namespace duet::on_asio {

/// Answers any number of peers, each from the address that it asked. @see contract::datagram_echo_server for each member.
class datagram_echo_server {
 public:
  explicit datagram_echo_server(loop& owner, const datagram_echo_options& options = {})
      : core_(std::make_shared<detail::datagram_echo_core>(owner.get_executor(), options)) {}
  explicit datagram_echo_server(asio::io_context& context,
                                const datagram_echo_options& options = {})
      : core_(std::make_shared<detail::datagram_echo_core>(context.get_executor(), options)) {}
  ~datagram_echo_server() {
    if (core_) core_->stop();
  }
  datagram_echo_server(datagram_echo_server&&) noexcept = default;
  datagram_echo_server& operator=(datagram_echo_server&&) = delete;

  endpoint listen(const endpoint& at) { return core_->listen(at); }
  void start() { core_->start(); }
  void stop() { core_->stop(); }
  [[nodiscard]] const datagram_echo_counters& counters() const noexcept {
    return core_->counters();
  }

 private:
  std::shared_ptr<detail::datagram_echo_core> core_;
};

}  // namespace duet::on_asio

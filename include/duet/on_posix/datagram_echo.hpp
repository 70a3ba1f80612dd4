// SPDX-License-Identifier: MIT
// datagram_echo: the echo service of RFC 862 over datagrams, UDP and UNIX, and the client that measures it. Counterpart: on_asio/datagram_echo.hpp.
#pragma once

#include <memory>
#include <system_error>
#include <utility>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::on_posix {

/// Answers any number of peers, each from the address that it asked. @see contract::datagram_echo_server for each member.
class datagram_echo_server {
 public:
  explicit datagram_echo_server(loop& owner, const datagram_echo_options& options = {});
  ~datagram_echo_server();
  datagram_echo_server(datagram_echo_server&&) noexcept = default;
  datagram_echo_server& operator=(datagram_echo_server&&) = delete;

  endpoint listen(const endpoint& at);
  endpoint listen(os::unique_fd bound);
  void start();
  void stop();
  [[nodiscard]] const datagram_echo_counters& counters() const noexcept;

 private:
  class core;
  struct door;
  std::shared_ptr<core> core_;
};

/// Sends numbered datagrams and keeps books of the replies. @see contract::datagram_echo_client for each member.
class datagram_echo_client {
 public:
  explicit datagram_echo_client(loop& owner, const datagram_echo_client_options& options = {});
  ~datagram_echo_client();
  datagram_echo_client(datagram_echo_client&&) noexcept = default;
  datagram_echo_client& operator=(datagram_echo_client&&) = delete;

  /// Completes with void(std::error_code, reply_counts) when all have been sent and are answered or lost.
  template <class Handler>
  void async_run(const endpoint& to, Handler&& handler) {
    start(to, run_handler(std::forward<Handler>(handler)));
  }

  /// Ends the run in progress with operation_canceled; nothing if there is none.
  void cancel();
  /// So far.
  [[nodiscard]] const reply_counts& progress() const noexcept;

 private:
  class core;
  using run_handler = detail::handler<void(std::error_code, reply_counts)>;
  void start(const endpoint& to, run_handler handler);

  loop& loop_;
  datagram_echo_client_options options_;
  std::shared_ptr<core> core_;
};

}  // namespace duet::on_posix

// SPDX-License-Identifier: MIT
// echo: the echo service of RFC 862 over streams, and the client that feeds it from one descriptor and hands what returns to
// another. Counterpart: on_asio/echo.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/listener.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/server.hpp"
#include "duet/on_posix/stream.hpp"

namespace duet::on_posix {

/// Echoes every byte of every connection, and ends a connection once its peer has. @see contract::echo_server for each member.
class echo_server {
 public:
  explicit echo_server(loop& owner, const echo_server_options& options = {});
  ~echo_server() = default;
  echo_server(echo_server&&) noexcept = default;
  echo_server& operator=(echo_server&&) = delete;

  endpoint listen(const endpoint& at);
  endpoint listen(os::unique_fd listening);
  void start();
  void pause() { server_.pause(); }
  void resume() { server_.resume(); }
  template <class Handler>
  void drain(std::chrono::milliseconds deadline, Handler&& handler) {
    start_drain(deadline, detail::handler<void(std::size_t)>(std::forward<Handler>(handler)));
  }
  void stop();
  [[nodiscard]] const echo_counters& counters() const noexcept;
  [[nodiscard]] const server_counters& connections() const noexcept;

 private:
  struct core;
  class session;
  void start_drain(std::chrono::milliseconds deadline, detail::handler<void(std::size_t)> handler);
  std::shared_ptr<core> core_;
  server server_;
};

/// Sends what an input descriptor gives and writes what comes back to an output descriptor, both at once, so that neither side's full
/// buffers stop the other. @see contract::echo_client
class echo_client {
 public:
  explicit echo_client(loop& owner, const echo_client_options& options = {});
  ~echo_client();
  echo_client(echo_client&&) noexcept = default;
  echo_client& operator=(echo_client&&) = delete;

  /// Completes with void(std::error_code, echo_result) when the server has ended its side, or on the first error. The input's end is
  /// passed on as shutdown(send). The descriptors stay their owner's, their flags untouched.
  template <class Handler>
  void async_run(stream connected, int input_fd, int output_fd, Handler&& handler) {
    start(std::move(connected), input_fd, output_fd, run_handler(std::forward<Handler>(handler)));
  }

  /// Ends the run in progress with operation_canceled; nothing if there is none.
  void cancel();
  /// So far.
  [[nodiscard]] const echo_result& progress() const noexcept;

 private:
  class core;
  using run_handler = detail::handler<void(std::error_code, echo_result)>;
  void start(stream connected, int input_fd, int output_fd, run_handler handler);

  loop& loop_;
  echo_client_options options_;
  std::shared_ptr<core> core_;
};

}  // namespace duet::on_posix

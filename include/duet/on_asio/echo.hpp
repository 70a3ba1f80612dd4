// SPDX-License-Identifier: MIT
// echo: the echo service of RFC 862 over streams, and the client that feeds it from one descriptor and hands what returns to
// another. Counterpart: on_posix/echo.hpp.
#pragma once

#include <asio/async_result.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/any_handler.hpp"
#include "duet/on_asio/detail/echo_client_core.hpp"
#include "duet/on_asio/detail/echo_server_core.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/server.hpp"
#include "duet/on_asio/stream.hpp"

namespace duet::on_asio {

/// Echoes every byte of every connection, and ends a connection once its peer has. @see contract::echo_server for each member.
class echo_server {
 public:
  explicit echo_server(loop& owner, const echo_server_options& options = {})
      : core_(std::make_shared<detail::echo_server_core>(
            detail::echo_server_core{owner, policy::buffer_pool(options.buffer_bytes)})),
        server_(std::make_shared<server>(owner, to_server_options(options))) {}
  ~echo_server() {
    if (server_) server_->stop();
  }
  echo_server(echo_server&&) noexcept = default;
  echo_server& operator=(echo_server&&) = delete;

  endpoint listen(const endpoint& at) { return server_->listen(at); }
  endpoint listen(os::unique_fd listening) { return server_->listen(std::move(listening)); }
  void start() {
    server_->start_with([core = core_](detail::session_setup&& setup) -> session_ptr {
      return std::make_shared<detail::echo_session>(*core, std::move(setup));
    });
  }
  void pause() { server_->pause(); }
  void resume() { server_->resume(); }
  /// Takes any completion token for void(std::size_t).
  template <asio::completion_token_for<void(std::size_t)> Token>
  auto drain(std::chrono::milliseconds deadline, Token&& token) {
    return asio::async_initiate<Token, void(std::size_t)>(
        [core = core_, server = server_](auto handler, std::chrono::milliseconds within) {
          detail::any_handler<std::size_t> told(std::move(handler), core->runs.get_executor());
          server->drain(within, [core, before = core->counters.cut,
                                 told = std::move(told)](const std::vector<endpoint>&) mutable {
            told.complete(static_cast<std::size_t>(core->counters.cut - before));
          });
        },
        token, deadline);
  }
  void stop() { server_->stop(); }
  [[nodiscard]] const echo_counters& counters() const noexcept {
    return core_->counters = to_echo_counters(server_->counters(), core_->counters.cut);
  }
  [[nodiscard]] const server_counters& connections() const noexcept { return server_->counters(); }

 private:
  std::shared_ptr<detail::echo_server_core> core_;
  std::shared_ptr<server> server_;
};

/// Sends what an input descriptor gives and writes what comes back to an output descriptor, both at once, so that neither side's full
/// buffers stop the other. @see contract::echo_client
class echo_client {
 public:
  explicit echo_client(loop& owner, const echo_client_options& options = {})
      : loop_(owner),
        options_(options),
        core_(std::make_shared<detail::echo_client_core>(owner, options)) {}
  ~echo_client() {
    if (core_) core_->cancel();
  }
  echo_client(echo_client&&) noexcept = default;
  echo_client& operator=(echo_client&&) = delete;

  /// Completes with void(std::error_code, echo_result) when the server has ended its side, or on the first error. The input's end is
  /// passed on as shutdown(send). The descriptors stay their owner's, their flags untouched.
  template <asio::completion_token_for<void(std::error_code, echo_result)> Token>
  auto async_run(stream connected, int input_fd, int output_fd, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, echo_result)>(
        [this](auto handler, stream to, int input, int output) {
          using erased = detail::any_handler<std::error_code, echo_result>;
          erased done(std::move(handler), core_->executor());
          if (core_->running())
            return done.complete(std::make_error_code(std::errc::operation_in_progress), {});
          core_ = std::make_shared<detail::echo_client_core>(loop_, options_);
          core_->start(std::move(to), input, output, std::move(done));
        },
        token, std::move(connected), input_fd, output_fd);
  }

  /// Ends the run in progress with operation_canceled; nothing if there is none.
  void cancel() { core_->cancel(); }
  /// So far.
  [[nodiscard]] const echo_result& progress() const noexcept { return core_->progress(); }

 private:
  loop& loop_;
  echo_client_options options_;
  std::shared_ptr<detail::echo_client_core> core_;
};

}  // namespace duet::on_asio

// SPDX-License-Identifier: MIT
// datagram_echo: the echo service of RFC 862 over datagrams, UDP and UNIX, and the client that measures it. Counterpart: on_posix/datagram_echo.hpp.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/any_handler.hpp"
#include "duet/on_asio/detail/datagram_echo_client_core.hpp"
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
  endpoint listen(os::unique_fd bound) { return core_->listen(std::move(bound)); }
  void start() { core_->start(); }
  void stop() { core_->stop(); }
  [[nodiscard]] const datagram_echo_counters& counters() const noexcept {
    return core_->counters();
  }

 private:
  std::shared_ptr<detail::datagram_echo_core> core_;
};

/// Sends numbered datagrams and keeps books of the replies. @see contract::datagram_echo_client for each member.
class datagram_echo_client {
 public:
  explicit datagram_echo_client(loop& owner, const datagram_echo_client_options& options = {})
      : loop_(owner),
        options_(options),
        core_(std::make_shared<detail::datagram_echo_client_core>(owner, options, endpoint())) {}
  ~datagram_echo_client() {
    if (core_) core_->cancel();
  }
  datagram_echo_client(datagram_echo_client&&) noexcept = default;
  datagram_echo_client& operator=(datagram_echo_client&&) = delete;

  /// Completes with void(std::error_code, reply_counts) when all have been sent and are answered or lost. Takes any completion token; the
  /// handler's cancellation slot ends the run as cancel() does.
  template <asio::completion_token_for<void(std::error_code, reply_counts)> Token>
  auto async_run(const endpoint& to, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, reply_counts)>(
        [this](auto handler, const endpoint& where) {
          const auto slot = asio::get_associated_cancellation_slot(handler);
          using erased = detail::any_handler<std::error_code, reply_counts>;
          erased done(std::move(handler), loop_.get_executor());
          if (core_->running())
            return done.complete(std::make_error_code(std::errc::operation_in_progress), {});
          core_ = std::make_shared<detail::datagram_echo_client_core>(loop_, options_, where);
          core_->start(std::move(done), slot);
        },
        token, to);
  }

  /// Ends the run in progress with operation_canceled; nothing if there is none.
  void cancel() { core_->cancel(); }
  /// So far.
  [[nodiscard]] const reply_counts& progress() const noexcept { return core_->progress(); }

 private:
  loop& loop_;
  datagram_echo_client_options options_;
  std::shared_ptr<detail::datagram_echo_client_core> core_;
};

}  // namespace duet::on_asio

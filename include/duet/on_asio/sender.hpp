// SPDX-License-Identifier: MIT
// sender: messages to one stream from many places, in order, through a bounded queue: written at once, and only the rest is queued.
// Counterpart: on_posix/sender.hpp.
#pragma once

#include <asio/async_result.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/on_asio/detail/sender_core.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/sender_options.hpp"

namespace duet::on_asio {

/// @see contract::sender for each member. The stream outlives it, stays where it is, and is written to by nobody else. Operations take any
/// completion token for void(std::error_code) and honour its handler's cancellation slot: what was not taken yet is not sent then.
template <class Executor>
class basic_sender {
 public:
  using executor_type = Executor;

  explicit basic_sender(basic_stream<Executor>& over, const sender_options& options = {})
      : core_(std::make_shared<detail::sender_core<Executor>>(over, options)) {}
  ~basic_sender() {
    if (core_) core_->leave();
  }
  basic_sender(basic_sender&&) noexcept = default;
  basic_sender& operator=(basic_sender&&) = delete;

  [[nodiscard]] executor_type get_executor() const noexcept { return core_->get_executor(); }

  send_verdict try_send(std::vector<std::byte>&& message) { return core_->offer(message); }
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_send(std::vector<std::byte> message, Token&& token) {
    return initiate(token, [core = core_, message = std::move(message)](auto waiter) mutable {
      core->send(std::move(message), std::move(waiter));
    });
  }
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_ready(Token&& token) {
    return initiate(token, [core = core_](auto waiter) { core->ready(std::move(waiter)); });
  }
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_drain(Token&& token) {
    return initiate(token, [core = core_](auto waiter) { core->drain(std::move(waiter)); });
  }
  void cancel() { core_->leave(); }

  void on_failure(std::function<void(std::error_code)> handler) {
    core_->on_failure(std::move(handler));
  }
  [[nodiscard]] std::error_code error() const noexcept { return core_->error(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return core_->queue().bytes(); }
  [[nodiscard]] std::size_t messages() const noexcept { return core_->queue().messages(); }
  [[nodiscard]] bool above_high_watermark() const noexcept {
    return core_->queue().above_high_watermark();
  }
  [[nodiscard]] const sender_counters& counters() const noexcept {
    return core_->queue().counters();
  }

 private:
  template <class Token, class Start>
  auto initiate(Token& token, Start start) {
    return asio::async_initiate<Token, void(std::error_code)>(
        [executor = get_executor(), start = std::move(start)](auto handler) mutable {
          using waiter = detail::sender_handler<Executor, decltype(handler)>;
          auto made = std::make_shared<waiter>(executor, std::move(handler));
          made->watch();
          start(std::move(made));
        },
        token);
  }

  std::shared_ptr<detail::sender_core<Executor>> core_;
};

using sender = basic_sender<loop::executor_type>;

}  // namespace duet::on_asio

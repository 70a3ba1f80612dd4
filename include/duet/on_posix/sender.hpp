// SPDX-License-Identifier: MIT
// sender: messages to one stream from many places, in order, through a bounded queue: written at once, and only the rest is queued.
// Counterpart: on_asio/sender.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/stream.hpp"
#include "duet/sender_options.hpp"

namespace duet::on_posix {

/// @see contract::sender for each member. The stream outlives it, stays where it is, and is written to by nobody else.
class sender {
 public:
  explicit sender(stream& over, const sender_options& options = {});
  ~sender();
  sender(sender&&) noexcept = default;
  sender& operator=(sender&&) = delete;

  send_verdict try_send(std::vector<std::byte>&& message);
  template <class Handler>
  void async_send(std::vector<std::byte>&& message, Handler&& handler) {
    start_send(std::move(message), std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_ready(Handler&& handler) {
    start_ready(std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_drain(Handler&& handler) {
    start_drain(std::forward<Handler>(handler));
  }
  void cancel();

  void on_failure(std::function<void(std::error_code)> handler);
  [[nodiscard]] std::error_code error() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] std::size_t messages() const noexcept;
  [[nodiscard]] bool above_high_watermark() const noexcept;
  [[nodiscard]] const sender_counters& counters() const noexcept;

 private:
  class core;
  using completion = detail::handler<void(std::error_code)>;

  void start_send(std::vector<std::byte> message, completion handler);
  void start_ready(completion handler);
  void start_drain(completion handler);

  std::shared_ptr<core> core_;
};

}  // namespace duet::on_posix

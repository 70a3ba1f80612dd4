// SPDX-License-Identifier: MIT
// The echo server of the Asio column: policy::echo_flow decides, each session of the server is a flat loop over its actions.
#pragma once

#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/echo_options.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/server.hpp"
#include "duet/policy/buffer_pool.hpp"
#include "duet/policy/echo_flow.hpp"
#include "duet/policy/read_ahead.hpp"

namespace duet::on_asio::detail {

/// What an echo server's sessions share. The server owns it, and lives until the last of its sessions has gone.
struct echo_server_core {
  loop& runs;
  policy::buffer_pool buffers;
  echo_counters counters{};
};

class echo_session final : public session {
 public:
  echo_session(echo_server_core& of, session_setup&& setup)
      : session(std::move(setup)), core_(of) {}
  ~echo_session() override { core_.buffers.give_back(buffer_); }

 private:
  using action = policy::echo_flow::action;

  void begin() override { advance(); }

  void drain() override {
    if (!flow_.drain()) return;
    redirected_ = true;
    connection().cancel(wait_type::read);
  }

  /// What is still to be echoed is lost, and the peer told so by a reset.
  void cut(close_reason why) override {
    if (flow_.unsent() == 0) return close(why);
    ++core_.counters.cut;
    abort(why, std::make_error_code(std::errc::operation_canceled));
  }

  void advance() {
    std::error_code ec;
    for (;;) {
      switch (flow_.next()) {
        case action::wait_readable: core_.buffers.give_back(buffer_); return rest();
        case action::wait_writable: return wait(wait_type::write);
        case action::wait_end: core_.buffers.give_back(buffer_); return wait(wait_type::read);
        case action::yield: return again();
        case action::read:
        case action::discard: read(ec); break;
        case action::write: write(ec); break;
        case action::end: end(ec); break;
        case action::close: return over(flow_.failure());
      }
    }
  }

  /// Parity: re-arming level-triggered epoll costs nothing, so on_posix just waits.
  void rest() {
    if (!ahead_.look()) return wait(wait_type::read);
    again();
  }

  /// After the others' turn.
  void again() {
    core_.runs.post([self = me()] { self->ready({}); });
  }

  void wait(wait_type direction) {
    connection().async_wait(direction, [self = me()](std::error_code ec) { self->ready(ec); });
  }

  void ready(std::error_code ec) {
    if (!is_open()) return;
    if (!std::exchange(redirected_, false)) flow_.ready(ec);
    try {
      advance();
    } catch (...) {
      caught();  // no memory for a buffer
    }
  }

  void read(std::error_code& ec) {
    if (!buffer_) buffer_ = core_.buffers.lend();
    const auto size = connection().try_read_some({buffer_.get(), core_.buffers.buffer_bytes()}, ec);
    ahead_.found(size.has_value());
    flow_.read(size, ec);
  }

  void write(std::error_code& ec) {
    const auto size =
        connection().try_write_some({buffer_.get() + flow_.sent(), flow_.unsent()}, ec);
    flow_.wrote(size, ec);
  }

  void end(std::error_code& ec) {
    connection().shutdown(shutdown_type::send, ec);
    flow_.ended(ec);
    if (flow_.next() == action::discard) linger();
  }

  void over(std::error_code error) {
    core_.buffers.give_back(buffer_);
    close(error ? close_reason::failed : close_reason::end_of_stream, error);
  }

  [[nodiscard]] std::shared_ptr<echo_session> me() {
    return std::static_pointer_cast<echo_session>(shared_from_this());
  }

  bool redirected_ = false;
  echo_server_core& core_;
  policy::echo_flow flow_;
  policy::read_ahead ahead_;
  policy::buffer_pool::buffer buffer_;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// The echo server of the POSIX column: policy::echo_flow decides, each session of the server is a flat loop over its actions.
#include <memory>
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/on_posix/server.hpp"
#include "duet/policy/buffer_pool.hpp"
#include "duet/policy/echo_flow.hpp"

namespace duet::on_posix {

/// What an echo server's sessions share. The server owns it, and lives until the last of its sessions has gone.
struct echo_server::core {
  loop& runs;
  policy::buffer_pool buffers;
  echo_counters counters{};
};

class echo_server::session final : public on_posix::session {
 public:
  session(core& of, detail::session_setup&& setup)
      : on_posix::session(std::move(setup)), core_(of) {}
  ~session() override { core_.buffers.give_back(buffer_); }

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
        case action::wait_readable: core_.buffers.give_back(buffer_); return wait(wait_type::read);
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

  [[nodiscard]] std::shared_ptr<session> me() {
    return std::static_pointer_cast<session>(shared_from_this());
  }

  bool redirected_ = false;
  core& core_;
  policy::echo_flow flow_;
  policy::buffer_pool::buffer buffer_;
};

// echo_server

echo_server::echo_server(loop& owner, const echo_server_options& options)
    : core_(std::make_shared<core>(owner, policy::buffer_pool(options.buffer_bytes))),
      server_(owner, to_server_options(options)) {}

endpoint echo_server::listen(const endpoint& at) { return server_.listen(at); }

endpoint echo_server::listen(os::unique_fd listening) {
  return server_.listen(std::move(listening));
}

void echo_server::start() {
  server_.start_with([core = core_](detail::session_setup&& setup) -> session_ptr {
    return std::make_shared<session>(*core, std::move(setup));
  });
}

void echo_server::start_drain(std::chrono::milliseconds deadline,
                              detail::handler<void(std::size_t)> handler) {
  server_.drain(deadline, [core = core_, before = core_->counters.cut,
                           handler = std::move(handler)](const std::vector<endpoint>&) mutable {
    handler(static_cast<std::size_t>(core->counters.cut - before));
  });
}

void echo_server::stop() { server_.stop(); }

const echo_counters& echo_server::counters() const noexcept {
  return core_->counters = to_echo_counters(server_.counters(), core_->counters.cut);
}

const server_counters& echo_server::connections() const noexcept { return server_.counters(); }

}  // namespace duet::on_posix

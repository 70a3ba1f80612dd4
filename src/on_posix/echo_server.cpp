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

/// What server and sessions share; lives until the last of their handlers has been called.
class echo_server::core : public std::enable_shared_from_this<core> {
 public:
  core(loop& owner, const echo_server_options& options)
      : loop_(owner), server_(owner, to_server_options(options)), buffers_(options.buffer_bytes) {}

  endpoint listen(const endpoint& at) { return server_.listen(at); }
  void start();
  void drain(std::chrono::milliseconds deadline, detail::handler<void(std::size_t)> handler);
  void stop() { server_.stop(); }
  [[nodiscard]] const echo_counters& counters() noexcept;
  [[nodiscard]] const server_counters& connections() const noexcept { return server_.counters(); }

 private:
  friend class session;

  loop& loop_;
  server server_;
  echo_counters counters_;
  policy::buffer_pool buffers_;
};

class echo_server::session final : public on_posix::session {
 public:
  session(std::shared_ptr<core> of, detail::session_setup&& setup)
      : on_posix::session(std::move(setup)), core_(std::move(of)) {}
  ~session() override { core_->buffers_.give_back(buffer_); }

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
    ++core_->counters_.cut;
    abort(why, std::make_error_code(std::errc::operation_canceled));
  }

  void advance() {
    std::error_code ec;
    for (;;) {
      switch (flow_.next()) {
        case action::wait_readable:
          core_->buffers_.give_back(buffer_);
          return wait(wait_type::read);
        case action::wait_writable: return wait(wait_type::write);
        case action::wait_end: core_->buffers_.give_back(buffer_); return wait(wait_type::read);
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
    core_->loop_.post([self = me()] { self->ready({}); });
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
    if (!buffer_) buffer_ = core_->buffers_.lend();
    const auto size =
        connection().try_read_some({buffer_.get(), core_->buffers_.buffer_bytes()}, ec);
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
    core_->buffers_.give_back(buffer_);
    close(error ? close_reason::failed : close_reason::end_of_stream, error);
  }

  [[nodiscard]] std::shared_ptr<session> me() {
    return std::static_pointer_cast<session>(shared_from_this());
  }

  std::shared_ptr<core> core_;
  policy::echo_flow flow_;
  policy::buffer_pool::buffer buffer_;
  bool redirected_ = false;
};

void echo_server::core::start() {
  server_.start_with([self = weak_from_this()](detail::session_setup&& setup) -> session_ptr {
    return std::make_shared<session>(self.lock(), std::move(setup));
  });
}

void echo_server::core::drain(std::chrono::milliseconds deadline,
                              detail::handler<void(std::size_t)> handler) {
  server_.drain(deadline, [self = shared_from_this(), before = counters_.cut,
                           handler = std::move(handler)](const std::vector<endpoint>&) mutable {
    handler(static_cast<std::size_t>(self->counters_.cut - before));
  });
}

const echo_counters& echo_server::core::counters() noexcept {
  counters_ = to_echo_counters(server_.counters(), counters_.cut);
  return counters_;
}

// echo_server

echo_server::echo_server(loop& owner, const echo_server_options& options)
    : core_(std::make_shared<core>(owner, options)) {}

echo_server::~echo_server() {
  if (core_) core_->stop();
}

endpoint echo_server::listen(const endpoint& at) { return core_->listen(at); }

void echo_server::start() { core_->start(); }

void echo_server::start_drain(std::chrono::milliseconds deadline,
                              detail::handler<void(std::size_t)> handler) {
  core_->drain(deadline, std::move(handler));
}

void echo_server::stop() { core_->stop(); }

const echo_counters& echo_server::counters() const noexcept { return core_->counters(); }

const server_counters& echo_server::connections() const noexcept { return core_->connections(); }

}  // namespace duet::on_posix

// SPDX-License-Identifier: MIT
// The echo client of the POSIX column: two pumps, input to stream and stream to output, that run at the same time.
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/os/plain_io.hpp"
#include "duet/policy/echo_check.hpp"
#include "duet/policy/pump.hpp"

namespace duet::on_posix {

/// One run. Its handlers share its ownership.
class echo_client::core : public std::enable_shared_from_this<core> {
 public:
  core(loop& owner, const echo_client_options& options)
      : loop_(owner),
        options_(options),
        stream_(owner),
        check_(options.verify ? options.window_bytes : 0) {}

  void start(stream connected, int input_fd, int output_fd,
             detail::handler<void(std::error_code, echo_result)> handler) {
    stream_ = std::move(connected);
    started_ = true;
    handler_ = std::move(handler);
    input_fd_ = input_fd;
    output_fd_ = output_fd;
    input_.emplace(loop_, input_fd);
    output_.emplace(loop_, output_fd);
    up_buffer_.resize(options_.buffer_bytes);
    down_buffer_.resize(options_.buffer_bytes);
    loop_.post([self = shared_from_this()] {
      self->send();
      self->receive();
    });
  }

  [[nodiscard]] bool running() const noexcept { return started_ && !finished_; }

  void cancel() {
    if (running()) finish(std::make_error_code(std::errc::operation_canceled));
  }

  [[nodiscard]] const echo_result& progress() const noexcept { return result_; }

 private:
  using action = policy::pump::action;

  /// From the input to the stream.
  void send() {
    std::error_code ec;
    while (!finished_) {
      switch (up_.next()) {
        case action::wait_source:
          held_ = check_.room() == 0;
          if (held_) return;  // receive() goes on with it
          return wait(*input_, wait_type::read, &core::sendable);
        case action::read: up_.read(read_input(ec), ec); break;
        case action::wait_sink: return wait(stream_, wait_type::write, &core::sendable);
        case action::write: up_.wrote(write_stream(ec), ec); break;
        case action::end:
          stream_.shutdown(shutdown_type::send, ec);
          up_.ended(ec);
          break;
        case action::done: return up_.failure() ? sending_failed() : void();
      }
    }
  }

  /// From the stream to the output.
  void receive() {
    std::error_code ec;
    while (!finished_) {
      switch (down_.next()) {
        case action::wait_source: return wait(stream_, wait_type::read, &core::receivable);
        case action::read: down_.read(read_stream(ec), ec); break;
        case action::wait_sink: return wait(*output_, wait_type::write, &core::receivable);
        case action::write: down_.wrote(write_output(ec), ec); break;
        case action::end: down_.ended({}); break;
        case action::done: return finish(down_.failure());
      }
    }
  }

  template <class Source>
  void wait(Source& source, wait_type direction, void (core::*then)(std::error_code)) {
    source.async_wait(
        direction, [self = shared_from_this(), then](std::error_code ec) { ((*self).*then)(ec); });
  }

  void sendable(std::error_code ec) {
    if (finished_) return;
    up_.ready(ec);
    send();
  }

  void receivable(std::error_code ec) {
    if (finished_) return;
    down_.ready(ec);
    receive();
  }

  std::optional<std::size_t> read_input(std::error_code& ec) {
    const std::size_t most = std::min(up_buffer_.size(), check_.room());
    const auto size = os::read_ready(input_fd_, {up_buffer_.data(), most}, ec);
    if (size) check_.sent({up_buffer_.data(), *size});
    return size;
  }

  std::optional<std::size_t> write_stream(std::error_code& ec) {
    const auto size = stream_.try_write_some({up_buffer_.data() + up_.sent(), up_.unsent()}, ec);
    result_.sent += size.value_or(0);
    return size;
  }

  std::optional<std::size_t> read_stream(std::error_code& ec) {
    const auto size = stream_.try_read_some(down_buffer_, ec);
    if (!size || *size == 0) return size;
    result_.received += *size;
    check_.returned({down_buffer_.data(), *size});
    result_.mismatch_at = check_.mismatch();
    if (std::exchange(held_, false)) {
      loop_.post([self = shared_from_this()] { self->send(); });
    }
    return size;
  }

  std::optional<std::size_t> write_output(std::error_code& ec) {
    return os::write_ready(output_fd_, {down_buffer_.data() + down_.sent(), down_.unsent()}, ec);
  }

  /// The peer may have said why before it went: what it sent is read before the run ends with the error of sending.
  void sending_failed() {
    if (is(up_.failure(), std::errc::broken_pipe) || is(up_.failure(), std::errc::connection_reset))
      return;
    finish(up_.failure());
  }

  void finish(std::error_code ec) {
    if (std::exchange(finished_, true)) return;
    if (!ec) ec = up_.failure();
    // The server ended its side before all was sent: that is no echo.
    if (!ec && up_.next() != action::done) ec = error::end_of_stream;
    stream_.close();
    input_.reset();
    output_.reset();
    loop_.post(
        [handler = std::move(handler_), ec, result = result_]() mutable { handler(ec, result); });
  }

  loop& loop_;
  echo_client_options options_;
  stream stream_;
  int input_fd_ = -1;
  int output_fd_ = -1;
  std::optional<descriptor> input_;
  std::optional<descriptor> output_;
  std::vector<std::byte> up_buffer_;
  std::vector<std::byte> down_buffer_;
  policy::pump up_;
  policy::pump down_;
  policy::echo_check check_;
  echo_result result_;
  bool held_ = false;
  bool started_ = false;
  bool finished_ = false;
  detail::handler<void(std::error_code, echo_result)> handler_;
};

echo_client::echo_client(loop& owner, const echo_client_options& options)
    : loop_(owner), options_(options), core_(std::make_shared<core>(owner, options)) {}

echo_client::~echo_client() {
  if (core_) core_->cancel();
}

void echo_client::start(stream connected, int input_fd, int output_fd, run_handler handler) {
  if (core_->running()) {
    loop_.post([handler = std::move(handler)]() mutable {
      handler(std::make_error_code(std::errc::operation_in_progress), {});
    });
    return;
  }
  core_ = std::make_shared<core>(loop_, options_);
  core_->start(std::move(connected), input_fd, output_fd, std::move(handler));
}

void echo_client::cancel() { core_->cancel(); }

const echo_result& echo_client::progress() const noexcept { return core_->progress(); }

}  // namespace duet::on_posix

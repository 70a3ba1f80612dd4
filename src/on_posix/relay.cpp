// SPDX-License-Identifier: MIT
// The relay of the POSIX column: policy::relay_flow decides what each way does next, os::relay_channel moves the bytes.
#include "duet/on_posix/relay.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "duet/on_posix/loop.hpp"
#include "duet/os/relay_channel.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/relay_flow.hpp"

namespace duet::on_posix::detail {
namespace {

using policy::relay_flow;
using way = relay_flow::way;

/// What both ways and their waits share. It keeps the sources, so the streams may be moved, or go.
class relay_core final : public std::enable_shared_from_this<relay_core>, public cancel_hook {
 public:
  using completion = handler<void(std::error_code, relay_result)>;

  relay_core(io_source& first, io_source& second, const relay_options& options, completion handler)
      : ends_{end(first), end(second)},
        channels_{os::relay_channel(options), os::relay_channel(options)},
        handler_(std::move(handler)) {}
  relay_core(const relay_core&) = delete;
  relay_core& operator=(const relay_core&) = delete;
  ~relay_core() { unhook(); }

  void start() {
    for (const end& each : ends_) each.io->set_hook(this);
    wait(way::forth, wait_type::read);
    wait(way::back, wait_type::read);
  }

  bool hold() noexcept override {
    if (due_) return false;
    due_ = shared_from_this();
    return true;
  }
  void complete() override {
    const std::shared_ptr<relay_core> self = std::move(due_);
    if (!handler_ || !given_up()) return;
    stop();
    finish();
  }
  void discard() noexcept override { const std::shared_ptr<relay_core> self = std::move(due_); }

 private:
  using action = relay_flow::action;

  /// One of the streams, as it was when the relay began.
  struct end {
    explicit end(io_source& of)
        : io(&of),
          life(of.life()),
          cancels{of.cancels(wait_type::read), of.cancels(wait_type::write)} {}
    [[nodiscard]] bool given_up() const noexcept {
      return life != io->life() || cancels[0] != io->cancels(wait_type::read) ||
             cancels[1] != io->cancels(wait_type::write);
    }
    source_ref<io_source> io;
    std::uint32_t life;
    std::array<std::uint32_t, 2> cancels;
  };

  [[nodiscard]] io_source& source(way of) noexcept { return *ends_[of == way::forth ? 0 : 1].io; }
  [[nodiscard]] io_source& sink(way of) noexcept { return *ends_[of == way::forth ? 1 : 0].io; }
  [[nodiscard]] os::relay_channel& channel(way of) noexcept {
    return channels_[static_cast<std::size_t>(of)];
  }

  [[nodiscard]] bool given_up() const noexcept {
    return ends_[0].given_up() || ends_[1].given_up();
  }
  void stop() noexcept { flow_.stop(std::make_error_code(std::errc::operation_canceled)); }
  void unhook() noexcept {
    for (const end& each : ends_)
      if (each.io->get_hook() == this) each.io->set_hook(nullptr);
  }

  void wait(way of, wait_type direction) {
    io_source& on = direction == wait_type::read ? source(of) : sink(of);
    on.start(direction, io_kind::wait, {},
             [self = shared_from_this(), of](std::error_code ec, std::size_t) {
               if (!self->handler_) return;
               self->flow_.ready(of, ec);
               self->run(of);
             });
  }

  void run(way of) {
    for (int left = relay_flow::steps_a_turn; left > 0; --left) {
      // A cancellation of a wait that was due already has met nothing.
      if (given_up()) stop();
      switch (flow_.next(of)) {
        case action::wait_source: return wait(of, wait_type::read);
        case action::wait_sink: return wait(of, wait_type::write);
        case action::read: read(of); break;
        case action::write: write(of); break;
        case action::end: pass_on(of); break;
        case action::done: return flow_.over() ? finish() : void();
      }
    }
    source(of).owner().post([self = shared_from_this(), of] {
      if (self->handler_) self->run(of);
    });
  }

  void read(way of) {
    std::error_code ec;
    io_source& from = source(of);
    const auto size = channel(of).fill(from.fd(), ec, {from.get_observer()});
    from.has_read(size.value_or(0));
    flow_.read(of, size, ec);
  }

  void write(way of) {
    std::error_code ec;
    io_source& to = sink(of);
    const auto size = channel(of).drain(to.fd(), ec, {to.get_observer()});
    to.has_written(size.value_or(0));
    (of == way::forth ? moved_.first_to_second : moved_.second_to_first) += size.value_or(0);
    flow_.wrote(of, size, ec);
    // An error of this one changes nothing.
    if (flow_.is_in_vain(of)) static_cast<void>(shut_down(source(of), shutdown_type::receive));
  }

  void pass_on(way of) { flow_.ended(of, shut_down(sink(of), shutdown_type::send)); }

  static std::error_code shut_down(io_source& which, shutdown_type what) {
    const os::shutdown_flag flag = os::flag_of(what);
    const int result = os::sys::shutdown(which.fd(), flag.value);
    const std::error_code ec = result == 0 ? std::error_code() : os::sys::last_error();
    if (observer* const watcher = which.get_observer())
      watcher->on_step({"shutdown", std::to_string(which.fd()) + ", " + flag.name, result, ec, {}});
    return ec;
  }

  void finish() {
    completion handler = std::move(handler_);
    unhook();
    for (const end& each : ends_) {
      if (each.life != each.io->life()) continue;  // it is somebody else's now
      each.io->cancel(wait_type::read);
      each.io->cancel(wait_type::write);
    }
    moved_.spliced = channels_[0].spliced() + channels_[1].spliced();
    handler(flow_.failure(), moved_);
  }

  relay_flow flow_;
  std::array<end, 2> ends_;
  std::array<os::relay_channel, 2> channels_;
  relay_result moved_;
  completion handler_;
  std::shared_ptr<relay_core>
      due_;  ///< itself, while it is about to look whether a stream was given up
};

}  // namespace

void start_relay(io_source& first, io_source& second, const relay_options& options,
                 handler<void(std::error_code, relay_result)> handler) {
  std::make_shared<relay_core>(first, second, options, std::move(handler))->start();
}

}  // namespace duet::on_posix::detail

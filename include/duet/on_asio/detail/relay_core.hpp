// SPDX-License-Identifier: MIT
// The relay of the Asio column: policy::relay_flow decides what each way does next, os::relay_channel moves the bytes.
#pragma once

#include <array>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/socket_base.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "duet/on_asio/detail/ending.hpp"
#include "duet/on_asio/detail/operations.hpp"
#include "duet/on_asio/detail/stream_state.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/relay_channel.hpp"
#include "duet/policy/relay_flow.hpp"
#include "duet/relay_options.hpp"

namespace duet::on_asio::detail {

/// What both ways and their waits share. It keeps the streams' states, so the streams may be moved, or go.
template <class Executor, class Handler>
class relay_core final : public std::enable_shared_from_this<relay_core<Executor, Handler>>,
                         public cancel_hook {
 public:
  using state = stream_state<Executor>;

  relay_core(state& first, state& second, const relay_options& options, Handler handler)
      : ends_{end(first), end(second)},
        channels_{os::relay_channel(options), os::relay_channel(options)},
        done_(first.socket.get_executor(), std::move(handler)) {}
  relay_core(const relay_core&) = delete;
  relay_core& operator=(const relay_core&) = delete;
  ~relay_core() { unhook(); }

  void start() {
    done_.watch(this->weak_from_this(), {});
    for (end& each : ends_) {
      std::error_code later;  // the wait has it, too
      each.of->socket.native_non_blocking(true, later);
      each.of->hook = this;
    }
    wait(way::forth, wait_type::read);
    wait(way::back, wait_type::read);
  }

  /// By the handler's slot.
  void abort(std::error_code why) {
    flow_.stop(why);
    finish();
  }

  void cancelled() override {
    if (std::exchange(looking_, true)) return;
    asio::post(done_.executor(), [self = this->shared_from_this()] {
      self->looking_ = false;
      if (!self->done_.reached() && self->given_up()) self->abort(asio::error::operation_aborted);
    });
  }

 private:
  using way = policy::relay_flow::way;
  using action = policy::relay_flow::action;

  /// One of the streams, as it was when the relay began.
  struct end {
    explicit end(state& from)
        : of(from.shared_from_this()),
          life(from.life()),
          cancels{from.cancels(wait_type::read), from.cancels(wait_type::write)} {}
    [[nodiscard]] bool given_up() const noexcept {
      return life != of->life() || cancels[0] != of->cancels(wait_type::read) ||
             cancels[1] != of->cancels(wait_type::write);
    }
    [[nodiscard]] int fd() const { return of->socket.is_open() ? of->socket.native_handle() : -1; }
    std::shared_ptr<state> of;
    std::uint32_t life;
    std::array<std::uint32_t, 2> cancels;
  };

  [[nodiscard]] end& source(way of) noexcept { return ends_[of == way::forth ? 0 : 1]; }
  [[nodiscard]] end& sink(way of) noexcept { return ends_[of == way::forth ? 1 : 0]; }
  [[nodiscard]] os::relay_channel& channel(way of) noexcept {
    return channels_[static_cast<std::size_t>(of)];
  }

  [[nodiscard]] bool given_up() const noexcept {
    return ends_[0].given_up() || ends_[1].given_up();
  }
  void unhook() noexcept {
    for (const end& each : ends_)
      if (each.of->hook == this) each.of->hook = nullptr;
  }

  void wait(way of, wait_type direction) {
    end& on = direction == wait_type::read ? source(of) : sink(of);
    initiate_wait<Executor>{on.of.get()}(
        [self = this->shared_from_this(), of](std::error_code ec) {
          if (self->done_.reached()) return;
          self->flow_.ready(of, ec);
          self->run(of);
        },
        direction);
  }

  void run(way of) {
    for (int left = policy::relay_flow::steps_a_turn; left > 0; --left) {
      // A cancellation of a wait that was due already has met nothing.
      if (given_up()) flow_.stop(asio::error::operation_aborted);
      switch (flow_.next(of)) {
        case action::wait_source: return wait(of, wait_type::read);
        case action::wait_sink: return wait(of, wait_type::write);
        case action::read: read(of); break;
        case action::write: write(of); break;
        case action::end: pass_on(of); break;
        case action::done: return flow_.over() ? finish() : void();
      }
    }
    asio::post(done_.executor(), [self = this->shared_from_this(), of] {
      if (!self->done_.reached()) self->run(of);
    });
  }

  void read(way of) {
    std::error_code ec;
    const end& from = source(of);
    const auto size = channel(of).fill(from.fd(), ec, {from.of->watcher, "socket.native_handle"});
    from.of->has_read(size.value_or(0));
    flow_.read(of, size, ec);
  }

  void write(way of) {
    std::error_code ec;
    const end& to = sink(of);
    const auto size = channel(of).drain(to.fd(), ec, {to.of->watcher, "socket.native_handle"});
    to.of->has_written(size.value_or(0));
    (of == way::forth ? moved_.first_to_second : moved_.second_to_first) += size.value_or(0);
    flow_.wrote(of, size, ec);
    // An error of this one changes nothing.
    if (flow_.is_in_vain(of)) static_cast<void>(shut_down(source(of), shutdown_type::receive));
  }

  void pass_on(way of) { flow_.ended(of, shut_down(sink(of), shutdown_type::send)); }

  static std::error_code shut_down(const end& which, shutdown_type what) {
    const os::shutdown_flag flag = os::flag_of(what);
    std::error_code ec;
    which.of->socket.shutdown(static_cast<asio::socket_base::shutdown_type>(flag.value), ec);
    os::flow(which.of->watcher)
        .took(
            "shutdown", ec ? -1 : 0, ec,
            [&] { return std::to_string(which.fd()) + ", " + flag.name; }, "socket.shutdown");
    return ec;
  }

  void finish() {
    if (done_.reached()) return;
    unhook();
    moved_.spliced = channels_[0].spliced() + channels_[1].spliced();
    done_.reach(flow_.failure(), moved_);
    for (const end& each : ends_) {
      if (each.life != each.of->life()) continue;  // it is somebody else's now
      each.of->cancel(wait_type::read);
      each.of->cancel(wait_type::write);
    }
  }

  policy::relay_flow flow_;
  std::array<end, 2> ends_;
  std::array<os::relay_channel, 2> channels_;
  relay_result moved_;
  bool looking_ = false;  ///< whether a stream was given up, soon
  ending<Executor, Handler> done_;
};

}  // namespace duet::on_asio::detail

// SPDX-License-Identifier: MIT
// race_op: one connect by name on Asio: the addresses of both families are looked up and tried as policy::connect_race says, each attempt on a
// stream of its own; the winner's descriptor goes to the caller's. Source: RFC 8305.
#pragma once

#include <algorithm>
#include <array>
#include <asio/error.hpp>
#include <asio/query.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/connect_options.hpp"
#include "duet/connect_report.hpp"
#include "duet/error.hpp"
#include "duet/on_asio/detail/connect_op.hpp"
#include "duet/on_asio/detail/ending.hpp"
#include "duet/on_asio/detail/lookup_service.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/connect_questions.hpp"
#include "duet/os/lookup.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/policy/connect_race.hpp"

namespace duet::on_asio::detail {

/// All of it but the handler, so that it is compiled once for all of them.
template <class Executor>
class connect_race : public std::enable_shared_from_this<connect_race<Executor>> {
 public:
  using state_ptr = std::shared_ptr<stream_state<Executor>>;

  connect_race(state_ptr stream, os::connect_target to, const connect_options& options)
      : stream_(std::move(stream)),
        life_(stream_->life()),
        to_(std::move(to)),
        options_(options),
        race_(os::race_options(options), clock::now()),
        timer_(stream_->socket.get_executor()) {}
  connect_race(const connect_race&) = delete;
  virtual ~connect_race() = default;

  /// Ends the operation with `why`, unless it is over already.
  void abort(std::error_code why) {
    race_.stop(why, clock::now());
    finish(why);
  }

 protected:
  void begin() {
    // The stream's socket is not open yet: its cancel() comes through the direction that connecting uses.
    stream_->slot(operation_kind::connect)
        .assign(operation_canceller<connect_race>{this->weak_from_this()});
    look_up();
    proceed();
  }
  [[nodiscard]] const connect_options& options() const noexcept { return options_; }

 private:
  using clock = std::chrono::steady_clock;
  using family = policy::connect_race::family;
  using question = os::connect_target::question;
  static constexpr std::array families{family::ipv6, family::ipv4};

  /// The handler of an attempt.
  struct turn {
    void operator()(std::error_code ec) const { race->attempted(which, ec); }
    std::shared_ptr<connect_race> race;
    std::size_t which;
  };

  virtual void ended(std::error_code ec, connect_report report) = 0;

  /// Whether the stream is still the one that this connect is for: it may have been given another descriptor.
  [[nodiscard]] bool current() const noexcept { return stream_->life() == life_; }

  [[nodiscard]] lookup_service& lookups() {
    return asio::use_service<lookup_service>(
        asio::query(timer_.get_executor(), asio::execution::context));
  }
  /// Of a question about both families, IPv6's.
  [[nodiscard]] std::uint64_t& ticket_of(std::optional<family> of) noexcept {
    return tickets_[of == family::ipv4 ? 1 : 0];
  }

  void look_up() {
    const auto asked = to_.questions(options_);
    for (const family each : families) {
      const auto about_it = [each](const question& it) { return it.is_about(each); };
      if (std::ranges::none_of(asked, about_it)) race_.resolved(each, {}, {}, clock::now());
    }
    for (const auto& each : asked) ask(each);
  }

  void ask(const question& what) {
    ticket_of(what.of) =
        lookups().start(os::lookup_pool::shared(), what.about, timer_.get_executor(),
                        [self = this->shared_from_this(), what](const os::lookup_outcome& outcome) {
                          self->ticket_of(what.of) = 0;
                          os::tell(self->options_.watcher, what.about, outcome);
                          self->found(what, outcome);
                        });
  }

  void found(const question& what, const os::lookup_outcome& outcome) {
    for (const family each : families) {
      if (!what.is_about(each)) continue;
      const auto [addresses, error] = to_.answer_of(outcome, each);
      race_.resolved(each, addresses, error, clock::now());
    }
    proceed();
  }

  void proceed() {
    using action = policy::connect_race::action;
    while (!over_) {
      if (!current()) return abort(asio::error::operation_aborted);
      const auto step = race_.next(clock::now());
      switch (step.what) {
        case action::start: start(step.which); break;
        case action::give_up:
          attempts_[step.which].reset();
          race_.lost(step.which, error::attempt_timed_out, clock::now());
          break;
        case action::forget:
          drop(ticket_of(step.of));
          race_.resolved(step.of, {}, error::resolve_timed_out, clock::now());
          break;
        case action::wait: return wait(step.at);
        case action::won: return win(step.which);
        case action::failed: return finish(race_.error());
      }
    }
  }

  void drop(std::uint64_t& ticket) {
    if (ticket != 0) lookups().cancel(std::exchange(ticket, 0));
  }

  void start(std::size_t which) {
    using attempt = connect_op<Executor, turn>;
    attempts_.push_back(std::make_unique<basic_stream<Executor>>(timer_.get_executor()));
    std::make_shared<attempt>(attempts_[which]->prepare_connect(options_.watcher),
                              race_.attempts()[which].to, os::attempt_options(options_),
                              turn{this->shared_from_this(), which})
        ->start();
  }

  void attempted(std::size_t which, std::error_code ec) {
    if (over_ || !attempts_[which]) return;
    if (ec) {
      race_.lost(which, ec, clock::now());
    } else {
      race_.connected(which, clock::now());
    }
    proceed();
  }

  void wait(std::optional<clock::time_point> until) {
    if (until == armed_) return;
    armed_ = until;
    if (!until) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(*until);
    timer_.async_wait([self = this->shared_from_this()](std::error_code ec) {
      if (ec) return;
      self->armed_.reset();
      self->proceed();
    });
  }

  void win(std::size_t which) {
    os::unique_fd connected = attempts_[which]->release();
    std::error_code ec;
    stream_->socket.assign({os::family_of(connected.get()), 0}, connected.get(), ec);
    if (!ec) [[maybe_unused]]
      const int now_the_streams = connected.release();
    finish(ec);
  }

  void finish(std::error_code ec) {
    if (std::exchange(over_, true)) return;
    const auto keep = this->shared_from_this();
    const connect_report report = race_.report(clock::now());
    timer_.cancel();
    for (std::uint64_t& each : tickets_) drop(each);
    for (auto& each : attempts_) each.reset();
    if (current()) stream_->slot(operation_kind::connect).clear();
    ended(ec, report);
  }

  state_ptr stream_;
  std::uint32_t life_;
  os::connect_target to_;
  connect_options options_;
  policy::connect_race race_;
  steady_timer_on<Executor> timer_;
  std::optional<clock::time_point> armed_;
  std::array<std::uint64_t, 2> tickets_{};
  std::vector<std::unique_ptr<basic_stream<Executor>>> attempts_;  ///< nullptr: over
  bool over_ = false;
};

/// `Reports`: whether the handler takes the report.
template <class Executor, class Handler, bool Reports>
class race_op final : public connect_race<Executor> {
 public:
  race_op(std::shared_ptr<stream_state<Executor>> stream, os::connect_target to,
          const connect_options& options, Handler handler)
      : connect_race<Executor>(stream, std::move(to), options),
        end_(stream->socket.get_executor(), std::move(handler)) {}

  void start() {
    end_.watch(this->weak_from_this(), this->options().deadline);
    this->begin();
  }

 private:
  void ended(std::error_code ec, connect_report report) override {
    if constexpr (Reports) {
      end_.reach(ec, std::move(report));
    } else {
      end_.reach(ec);
    }
  }

  ending<Executor, Handler> end_;
};

}  // namespace duet::on_asio::detail

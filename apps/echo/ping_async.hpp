// SPDX-License-Identifier: MIT
// ping_async: `duet-echo ping` on a backend's loop: the sessions, of streams or of datagrams, what is common to them (deadlines, signals, the
// end), the totals.
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <deque>
#include <stdexcept>
#include <system_error>

#include "duet/connect_options.hpp"
#include "duet/os/limits.hpp"
#include "echo/client_setup.hpp"
#include "echo/options.hpp"
#include "echo/ping_datagram_session.hpp"
#include "echo/ping_report.hpp"
#include "echo/ping_session.hpp"
#include "echo/send_report.hpp"
#include "support/signals.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

/// `Session` is ping_session or datagram_ping_session.
template <class Backend, template <class> class Session>
class ping_run {
 public:
  using backend = Backend;

  ping_run(const ping_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        report_(options, to),
        connecting_(client_connect_options(options, options.reply_deadline,
                                           options.trace ? &trace_ : nullptr)),
        signals_(loop_, {SIGINT, SIGTERM}),
        whole_(loop_),
        tick_(loop_),
        progress_(loop_) {}

  exit_code run() {
    make_sessions();
    signals_.async_wait([this](std::error_code ec, int signal) {
      if (!ec) stop(signal);
    });
    if (options_.whole_deadline != never) {
      whole_.expires_after(options_.whole_deadline);
      whole_.async_wait([this](std::error_code ec) {
        if (!ec) stop(0);
      });
    }
    if (session::looked_at && options_.reply_deadline != never) tick();
    if (report_.shows_progress()) show_progress();
    open();
    loop_.run();
    if (unreachable_) return connecting_failed(options_.to, unreachable_, console_);
    count();
    const exit_code code = report_.finished();
    if (signal_ != 0) die_by_signal(signal_);
    return code;
  }

  // For the sessions.
  [[nodiscard]] const ping_options& options() const noexcept { return options_; }
  [[nodiscard]] ping_report& report() noexcept { return report_; }
  [[nodiscard]] const connect_options& connecting() const noexcept { return connecting_; }
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  void connected() noexcept { reached_ = true; }
  [[nodiscard]] bool was_connected() const noexcept { return reached_; }
  /// Whether a failure to connect ends the run: it does as long as the server has never been there.
  bool gives_up(std::error_code why) {
    if (reached_) return false;
    unreachable_ = why;
    stop(0);
    return true;
  }
  void settled() {
    if (report_.deaf()) stop(0);
  }
  void over() {
    if (++over_ == sessions_.size()) stop(0);
  }

 private:
  using session = Session<ping_run>;

  /// Connections that are being made at a time: more would overrun a backlog.
  static constexpr std::size_t connecting_at_once = 64;

  void make_sessions() {
    std::error_code ec;
    const std::size_t limit = os::raise_descriptor_limit(ec);
    if (options_.connections + 32 > limit) {
      throw std::runtime_error("--connections " + std::to_string(options_.connections) +
                               ": the descriptor limit is " + std::to_string(limit));
    }
    for (std::size_t each = 0; each < options_.connections; ++each) {
      sessions_.emplace_back(*this, loop_, each);
    }
  }

  void open() {
    if (options_.reconnect) return start();
    for (std::size_t each = 0; each < connecting_at_once; ++each) open_next();
  }

  void open_next() {
    if (opening_ == sessions_.size()) return;
    sessions_[opening_++].connect([this](std::error_code ec) {
      if (ec) {
        unreachable_ = ec;
        return stop(0);
      }
      if (++opened_ == sessions_.size()) return start();
      open_next();
    });
  }

  void start() {
    for (session& each : sessions_) each.proceed();
  }

  void stop(int signal) {
    signal_ = signal;
    stopping_ = true;
    loop_.stop();
  }

  void tick() {
    using namespace std::chrono_literals;
    tick_.expires_after(
        std::clamp<std::chrono::nanoseconds>(options_.reply_deadline / 8, 5ms, 250ms));
    tick_.async_wait([this](std::error_code ec) {
      if (ec || stopping_) return;
      if constexpr (session::looked_at) {
        const auto now = ping_report::clock::now();
        for (session& each : sessions_) each.look_at(now, options_.reply_deadline);
      }
      tick();
    });
  }

  /// Of datagrams the sessions keep the books.
  void count() {
    if constexpr (!session::looked_at) {
      reply_counts all;
      for (const session& each : sessions_) all += each.counts();
      report_.count(all);
    }
  }

  void show_progress() {
    progress_.expires_after(std::chrono::seconds(1));
    progress_.async_wait([this](std::error_code ec) {
      if (ec || stopping_) return;
      count();
      report_.progress();
      show_progress();
    });
  }

  const ping_options& options_;
  console& console_;
  trace_printer trace_;
  ping_report report_;
  connect_options connecting_;
  typename Backend::loop loop_;
  typename Backend::signal_set signals_;
  typename Backend::timer whole_;
  typename Backend::timer tick_;
  typename Backend::timer progress_;
  std::deque<session> sessions_;
  std::size_t opening_ = 0;
  std::size_t opened_ = 0;
  std::size_t over_ = 0;
  bool reached_ = false;
  bool stopping_ = false;
  int signal_ = 0;
  std::error_code unreachable_;
};

template <class Backend>
exit_code ping_async(const ping_options& options, console& to) {
  return ping_run<Backend, ping_session>(options, to).run();
}

template <class Backend>
exit_code ping_datagrams_async(const ping_options& options, console& to) {
  return ping_run<Backend, datagram_ping_session>(options, to).run();
}

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// ping_blocking: `duet-echo ping --model blocking`: one connection, one message after another, each call blocking.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "duet/error.hpp"
#include "echo/blocking_io.hpp"
#include "echo/client_setup.hpp"
#include "echo/options.hpp"
#include "echo/payload.hpp"
#include "echo/ping_pace.hpp"
#include "echo/ping_report.hpp"
#include "echo/send_report.hpp"
#include "support/signals.hpp"
#include "support/stop_switch.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

template <class Backend>
class blocking_ping {
 public:
  blocking_ping(const ping_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        report_(options, to),
        stop_(stop_switch::first_signal::ends_both),
        pace_(options.interval),
        message_(options.message_bytes),
        echo_(options.message_bytes) {}

  exit_code run() {
    if (options_.whole_deadline != never) whole_ = clock::now() + options_.whole_deadline;
    std::error_code ec;
    if (!options_.reconnect) connect(ec);
    if (ec) return connecting_failed(options_.to, ec, console_);
    while (wait_for_turn()) {
      const std::error_code failed = ping();
      if (!reached_) return connecting_failed(options_.to, failed, console_);
    }
    if (server_.is_open()) server_.close();
    const exit_code code = report_.finished();
    if (stop_.signal() != 0) die_by_signal(stop_.signal());
    return code;
  }

 private:
  using clock = std::chrono::steady_clock;
  using connection = typename Backend::blocking_connection;

  [[nodiscard]] std::chrono::nanoseconds time_left() const {
    return whole_ ? *whole_ - clock::now() : never;
  }

  /// Waits until the next message is due; false if there is none.
  bool wait_for_turn() {
    if (report_.enough() || report_.deaf()) return false;
    const auto wait = pace_.wait(clock::now());
    if (wait.count() > 0 &&
        !stop_.pause(std::min(wait, std::max(time_left(), clock::duration(0))))) {
      return false;
    }
    return stop_.signal() == 0 && time_left().count() > 0;
  }

  void connect(std::error_code& ec) try {
    server_ = Backend::connect(options_.to,
                               client_connect_options(never, options_.trace ? &trace_ : nullptr));
    reached_ = true;
    from_ = server_.remote_endpoint().to_string();
  } catch (const std::system_error& failed) {
    ec = failed.code();
  }

  std::error_code ping() {
    const std::uint64_t number = report_.sending();
    fill_payload(number, 0, message_);
    const auto began = clock::now();
    pace_.began(began);
    std::error_code ec;
    if (!server_.is_open()) connect(ec);
    if (ec && !reached_) return ec;
    if (!ec) exchange(ec);
    const auto ended = clock::now();
    settle(number, ended - began, ec);
    pace_.ended(ended, !ec);
    return ec;
  }

  void exchange(std::error_code& ec) {
    const auto limit = std::min(options_.reply_deadline, time_left());
    if (limit != never)
      stop_.set_deadline(std::max<std::chrono::nanoseconds>(limit, std::chrono::microseconds(1)));
    // Behind the deadline, which may have passed for the message before.
    const stop_switch::guard in_progress(stop_, server_.native_handle());
    send_all(server_, options_.io, message_, ec);
    for (std::size_t have = 0; !ec && have < echo_.size();) {
      const std::size_t size = receive(server_, options_.io, std::span(echo_).subspan(have), 0, ec);
      if (!ec && size == 0) ec = error::end_of_stream;
      have += size;
    }
    if (limit == never) return;
    stop_.set_deadline(never);
    if (ec && stop_.expired()) ec = error::timed_out;
  }

  void settle(std::uint64_t number, std::chrono::nanoseconds latency, std::error_code ec) {
    const bool ended_by_us = ec && (stop_.signal() != 0 || time_left().count() <= 0);
    const auto wrong = ec ? std::nullopt : verify_payload(number, 0, echo_);
    if (ec && !ended_by_us) {
      report_.lost(number, from_.empty() ? options_.to.to_string() : from_, ec);
    } else if (wrong) {
      report_.damaged(number, from_, *wrong);
    } else if (!ec) {
      report_.replied(number, from_, latency);
    }
    // After a bad reply nobody knows where the next one would begin; and a deadline may have struck just behind a good one.
    const bool spoilt = ec || wrong || stop_.expired();
    if ((spoilt || options_.reconnect) && server_.is_open()) server_.close();
  }

  const ping_options& options_;
  console& console_;
  trace_printer trace_;
  ping_report report_;
  stop_switch stop_;
  ping_pace pace_;
  connection server_;
  bool reached_ = false;
  std::string from_;
  std::vector<std::byte> message_;
  std::vector<std::byte> echo_;
  std::optional<clock::time_point> whole_;
};

template <class Backend>
exit_code ping_blocking(const ping_options& options, console& to) {
  return blocking_ping<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// ping_blocking: `duet-echo ping --model blocking`: one connection, one message after another, each call blocking.
#pragma once

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
#include "echo/connect_blocking.hpp"
#include "echo/options.hpp"
#include "echo/payload.hpp"
#include "echo/ping_report.hpp"
#include "echo/ping_turns.hpp"
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
        turns_(options),
        message_(options.message_bytes),
        echo_(options.message_bytes) {}

  exit_code run() {
    std::error_code ec;
    if (!options_.reconnect) connect(ec);
    if (ec) return unreachable(ec);
    while (turns_.wait(report_)) {
      const std::error_code failed = ping();
      if (!reached_) return unreachable(failed);
    }
    if (server_.is_open()) server_.close();
    const exit_code code = report_.finished();
    if (turns_.stop().signal() != 0) die_by_signal(turns_.stop().signal());
    return code;
  }

 private:
  using clock = std::chrono::steady_clock;
  using connection = typename Backend::blocking_connection;

  exit_code unreachable(std::error_code why) {
    const int signal = turns_.stop().signal();
    if (signal != 0) die_by_signal(signal);  // in a pause between two attempts
    return connecting_failed(options_.to, why, console_);
  }

  void connect(std::error_code& ec) try {
    // Once the server was there, a message has one attempt.
    client_options how = options_;
    if (reached_) how.retries = 0;
    server_ = connect_blocking<Backend>(how, options_.to, options_.trace ? &trace_ : nullptr,
                                        turns_.stop(), ec);
    if (ec) return;
    reached_ = true;
    from_ = server_.remote_endpoint().to_string();
  } catch (const std::system_error& failed) {
    ec = failed.code();
  }

  std::error_code ping() {
    const std::uint64_t number = report_.sending();
    fill_payload(number, 0, message_);
    const auto began = clock::now();
    turns_.pace().began(began);
    std::error_code ec;
    if (!server_.is_open()) connect(ec);
    if (ec && !reached_) return ec;
    if (!ec) exchange(ec);
    const auto ended = clock::now();
    settle(number, ended - began, ec);
    turns_.pace().ended(ended, !ec);
    return ec;
  }

  void exchange(std::error_code& ec) {
    turns_.begin_reply();
    // Behind the deadline, which may have passed for the message before.
    const stop_switch::guard in_progress(turns_.stop(), server_.native_handle());
    send_all(server_, options_.io, message_, ec);
    for (std::size_t have = 0; !ec && have < echo_.size();) {
      const std::size_t size = receive(server_, options_.io, std::span(echo_).subspan(have), 0, ec);
      if (!ec && size == 0) ec = error::end_of_stream;
      have += size;
    }
    turns_.end_reply(ec);
  }

  void settle(std::uint64_t number, std::chrono::nanoseconds latency, std::error_code ec) {
    const bool ended_by_us = ec && turns_.over();
    const auto wrong = ec ? std::nullopt : verify_payload(number, 0, echo_);
    if (ec && !ended_by_us) {
      report_.lost(number, from_.empty() ? options_.to.to_string() : from_, ec);
    } else if (wrong) {
      report_.damaged(number, from_, *wrong);
    } else if (!ec) {
      report_.replied(number, from_, latency);
    }
    // After a bad reply nobody knows where the next one would begin; and a deadline may have struck just behind a good one.
    const bool spoilt = ec || wrong || turns_.stop().expired();
    if ((spoilt || options_.reconnect) && server_.is_open()) server_.close();
  }

  const ping_options& options_;
  console& console_;
  trace_printer trace_;
  ping_report report_;
  ping_turns turns_;
  connection server_;
  bool reached_ = false;
  std::string from_;
  std::vector<std::byte> message_;
  std::vector<std::byte> echo_;
};

template <class Backend>
exit_code ping_blocking(const ping_options& options, console& to) {
  return blocking_ping<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

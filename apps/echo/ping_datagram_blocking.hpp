// SPDX-License-Identifier: MIT
// ping_datagram_blocking: `duet-echo ping --model blocking` over datagrams: one sendto and its recvfrom after another. The deadline shuts the
// socket down, which wakes recvfrom whether it is connected or not and leaves it useless: the next message has a new one. It is connected
// because a refusal is told to none that is not.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/policy/datagram_errors.hpp"
#include "duet/policy/datagram_probe.hpp"
#include "duet/policy/reply_ledger.hpp"
#include "echo/datagram_target.hpp"
#include "echo/options.hpp"
#include "echo/ping_report.hpp"
#include "echo/ping_turns.hpp"
#include "echo/send_report.hpp"
#include "support/signals.hpp"
#include "support/stop_switch.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

template <class Backend>
class blocking_datagram_ping {
 public:
  blocking_datagram_ping(const ping_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        watcher_(options.trace ? &trace_ : nullptr),
        report_(options, to),
        turns_(options),
        message_(options.message_bytes),
        echo_(options.message_bytes + 1) {}

  exit_code run() {
    std::error_code ec;
    targets_ = look_up_server<Backend>(options_.to, options_.reply_deadline, watcher_, ec);
    while (!ec && turns_.wait(report_)) {
      const std::error_code failed = ping();
      if (nobody_there(failed)) ec = failed;
    }
    if (server_.is_open()) server_.close();
    if (ec) return connecting_failed(options_.to, ec, console_);
    report_.count(ledger_.counts());
    const exit_code code = report_.finished();
    if (turns_.stop().signal() != 0) die_by_signal(turns_.stop().signal());
    return code;
  }

 private:
  using clock = std::chrono::steady_clock;

  std::error_code ping() {
    const std::uint64_t number = report_.sending();
    const auto began = clock::now();
    turns_.pace().began(began);
    std::error_code ec = exchange(began);
    // As long as nothing was told, another address may be better.
    while (number == 1 && nobody_there(ec) && target_ + 1 < targets_.size()) {
      ++target_;
      server_.close();
      ledger_ = policy::reply_ledger();
      ec = exchange(began);
    }
    turns_.pace().ended(clock::now(), !ec);
    if (ec && !nobody_there(ec) && !turns_.over()) report_.lost(number, from_, ec);
    // A socket that was shut down is of no use; and a UNIX peer may be back at its path as another socket.
    const bool spoilt = turns_.stop().expired() || (ec && options_.to.is_unix());
    if ((spoilt || options_.reconnect) && server_.is_open()) server_.close();
    return ec;
  }

  /// Nobody has ever answered, and it is known why.
  [[nodiscard]] bool nobody_there(std::error_code why) const {
    return !reached_ && says_nobody_is_there(why) && !turns_.over();
  }

  std::error_code exchange(clock::time_point began) {
    const std::uint64_t number = ledger_.next_number();
    policy::write_probe(message_, number);
    std::error_code ec;
    if (!server_.is_open()) {
      server_ = open_connected<Backend>(targets_[target_], watcher_, ec);
      from_ = targets_[target_].to_string();
    }
    if (ec) {
      ledger_.not_sent();
      return ec;
    }
    turns_.begin_reply();
    {
      // Behind the deadline, which may have passed for the message before.
      const stop_switch::guard in_progress(turns_.stop(), server_.native_handle());
      send(ec);
      if (ec) {
        ledger_.not_sent();
      } else {
        ledger_.sent(began, clock::time_point::max());
        receive(number, began, ec);
      }
    }
    turns_.end_reply(ec);
    return ec;
  }

  void send(std::error_code& ec) {
    policy::send_attempt attempt(options_.to.is_unix());
    for (;;) {
      server_.sendto(message_, targets_[target_], 0, ec);
      if (!ec) return;
      const auto what = attempt.failed(ec);
      const bool again =
          what == policy::datagram_action::repeat || what == policy::datagram_action::retry;
      if (!again) return;
    }
  }

  /// Until the answer has come. What comes before it belongs to earlier messages, or to none.
  void receive(std::uint64_t number, clock::time_point began, std::error_code& ec) {
    endpoint peer;
    for (;;) {
      const std::size_t size = server_.recvfrom(echo_, peer, 0, ec);
      const auto now = clock::now();
      if (is(ec, std::errc::interrupted)) continue;
      const bool ended = turns_.stop().expired() || turns_.over();
      if (!ec && size == 0 && ended) ec = error::timed_out;
      if (ec) {
        if (!turns_.over()) ledger_.lose_first();
        return;
      }
      if (heard(std::span(echo_).first(size), now) == number) {
        report_.replied(number, from_, now - began);
        return;
      }
    }
  }

  /// The number that was answered for the first time, or 0.
  std::uint64_t heard(std::span<const std::byte> reply, clock::time_point now) {
    reached_ = true;
    const auto number = policy::read_probe(reply);
    if (!number) {
      ledger_.receive_bad();
      report_.stray(reply_kind::bad, 0, from_);
      return 0;
    }
    const reply_kind kind = ledger_.receive(*number, now).kind;
    if (kind == reply_kind::first) return *number;
    report_.stray(kind, *number, from_);
    return 0;
  }

  const ping_options& options_;
  console& console_;
  trace_printer trace_;
  observer* watcher_;
  ping_report report_;
  ping_turns turns_;
  std::vector<endpoint> targets_;
  std::size_t target_ = 0;
  typename Backend::blocking_datagram_socket server_;
  bool reached_ = false;
  std::string from_;
  policy::reply_ledger ledger_;
  std::vector<std::byte> message_;
  std::vector<std::byte> echo_;
};

template <class Backend>
exit_code ping_datagrams_blocking(const ping_options& options, console& to) {
  return blocking_datagram_ping<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

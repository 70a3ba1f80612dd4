// SPDX-License-Identifier: MIT
// send_datagrams_blocking: `duet-echo send --model blocking` to a udp or unixgram endpoint: the documented client in lockstep, sendto and
// recvfrom, one datagram out and its reply in. The socket is connected as well, for a refusal is told to none that is not; and poll(2)
// bounds each wait.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/datagram_errors.hpp"
#include "echo/blocking_io.hpp"
#include "echo/datagram_exchange.hpp"
#include "echo/datagram_target.hpp"
#include "echo/options.hpp"
#include "echo/send_report.hpp"
#include "support/quantity.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

template <class Backend>
class blocking_datagram_sender {
 public:
  blocking_datagram_sender(const send_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        watcher_(options.trace ? &trace_ : nullptr),
        exchange_(options),
        reply_(reply_bytes) {}

  exit_code run() {
    connect();
    while (!over_) {
      if (const auto datagram = exchange_.next()) {
        if (exchange_.turn_of(*datagram, clock::now()) == datagram_exchange::turn::now) {
          exchange(*datagram);
        } else {
          os::sys::poll(nullptr, 0, static_cast<int>(pace_pause.count()));
        }
      } else if (exchange_.input_over()) {
        break;
      } else {
        read();
      }
    }
    if (server_.is_open()) server_.close();
    return send_report(options_, console_).finished(exchange_.result());
  }

 private:
  using clock = datagram_exchange::clock;
  using socket = typename Backend::blocking_datagram_socket;

  /// To the first of the addresses that there is a way to.
  void connect() {
    std::error_code ec;
    const auto candidates = look_up_server<Backend>(options_.to, options_.patience, watcher_, ec);
    for (const endpoint& each : candidates) {
      server_ = open_connected<Backend>(each, watcher_, ec);
      peer_ = each;
      if (!ec) return;
    }
    exchange_.unreachable(ec);
    over_ = true;
  }

  void read() {
    std::error_code ec;
    const std::size_t size = read_input(exchange_.room(), ec);
    if (ec) return exchange_.input_failed(ec);
    exchange_.filled(size);
  }

  void exchange(std::span<const std::byte> datagram) {
    send(datagram);
    while (!over_ && !exchange_.settled()) {
      if (ready(POLLIN, exchange_.next_deadline())) {
        receive();
      } else {
        exchange_.expire(clock::now());
      }
    }
  }

  void send(std::span<const std::byte> datagram) {
    const auto limit =
        options_.patience == never ? std::nullopt : std::optional(clock::now() + options_.patience);
    policy::send_attempt attempt(peer_.is_unix());
    for (;;) {
      if (!ready(POLLOUT, limit)) return exchange_.not_sent();
      std::error_code ec;
      server_.sendto(datagram, peer_, 0, ec);
      if (!ec) return exchange_.sent(clock::now());
      const auto what = attempt.failed(ec);
      if (what != policy::datagram_action::drop && what != policy::datagram_action::fatal) continue;
      over_ = exchange_.failed(ec);
      return exchange_.not_sent();
    }
  }

  void receive() {
    std::error_code ec;
    endpoint from;
    const std::size_t size = server_.recvfrom(reply_, from, 0, ec);
    if (is(ec, std::errc::interrupted)) return;
    output_.clear();
    if (ec) {
      // Only one is on its way, and this is what became of it.
      over_ = exchange_.failed(ec);
      exchange_.give_up();
    } else if (!exchange_.returned(std::span(reply_).first(size), output_)) {
      over_ = true;
    } else if (!write_output(output_, ec)) {
      exchange_.output_failed(ec);
      over_ = true;
    }
  }

  /// Whether the socket came to be so, or has an error to tell, before the deadline.
  bool ready(short events, std::optional<clock::time_point> deadline) const {
    using std::chrono::milliseconds;
    for (;;) {
      milliseconds left{-1};
      if (deadline) {
        left = std::chrono::ceil<milliseconds>(*deadline - clock::now());
        left = std::clamp(left, milliseconds(0), milliseconds(std::numeric_limits<int>::max()));
      }
      pollfd what{server_.native_handle(), events, 0};
      const int count = os::sys::poll(&what, 1, static_cast<int>(left.count()));
      if (count > 0) return true;
      if (count == 0 && left.count() == 0) return false;
    }
  }

  const send_options& options_;
  console& console_;
  trace_printer trace_;
  observer* watcher_;
  datagram_exchange exchange_;
  socket server_;
  endpoint peer_;
  std::vector<std::byte> reply_;
  std::vector<std::byte> output_;
  bool over_ = false;
};

template <class Backend>
exit_code send_datagrams_blocking(const send_options& options, console& to) {
  return blocking_datagram_sender<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

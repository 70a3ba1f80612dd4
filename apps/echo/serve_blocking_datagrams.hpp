// SPDX-License-Identifier: MIT
// serve_blocking_datagrams: the datagram sockets of `duet-echo serve --model blocking`: the documented flow, recvfrom and sendto back, one
// datagram after another. Whose turn it is, is serve_blocking's business.
// Parity: recvfrom(2) tells neither the address that was asked nor how many datagrams were lost, so that a server of a wildcard answers from
// the address that the routes say, groups and broadcast are answered like others, and none is counted as lost. And sendto(2) waits until
// a UNIX peer has room.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/os/datagram_answers.hpp"
#include "duet/policy/datagram_errors.hpp"
#include "echo/options.hpp"
#include "echo/serve_report.hpp"
#include "echo/server_setup.hpp"
#include "support/stop_switch.hpp"

namespace duet::apps::echo {

template <class Backend>
class blocking_datagrams {
 public:
  blocking_datagrams(const serve_options& options, serve_report& report, const stop_switch& stop)
      : how_(datagram_server_options(options, &report)),
        report_(report),
        stop_(stop),
        buffer_(how_.socket.max_datagram_bytes) {}

  endpoint listen(const endpoint& at) {
    socket bound = Backend::bind_datagram(at, how_.socket, &report_);
    door& fresh = doors_.emplace_back(std::move(bound), os::datagram_answers(how_));
    endpoint local = fresh.at.local_endpoint();
    fresh.answers.bound_at(local);
    return local;
  }

  [[nodiscard]] std::size_t size() const noexcept { return doors_.size(); }
  [[nodiscard]] int native_handle(std::size_t which) const {
    return doors_[which].at.native_handle();
  }
  [[nodiscard]] const datagram_echo_counters& counters() const noexcept { return counters_; }

  /// One datagram of a socket that is readable. The signal to stop ends it; after any other `interrupted` is called.
  template <class Interrupted>
  void answer(std::size_t which, Interrupted interrupted) {
    door& from = doors_[which];
    const stop_switch::guard in_progress(stop_, from.at.native_handle(),
                                         stop_switch::first_signal::ends_both);
    datagram_info about;
    std::error_code ec;
    about.whole_bytes = from.at.recvfrom(buffer_, about.peer, MSG_TRUNC, ec);
    about.bytes = std::min(about.whole_bytes, buffer_.size());
    // An error was an earlier reply's, or passes.
    if (stop_.signal() != 0 || ec) return;
    const auto now = std::chrono::steady_clock::now();
    const bool wanted = from.answers.answer(about, now, counters_);
    if (const auto notice = from.answers.take_notice(now))
      report_.on_event(notice->event, &notice->peer, {});
    if (wanted) reply(from.at, about, interrupted);
  }

  void close() {
    for (door& each : doors_) each.at.close();
  }

 private:
  using socket = typename Backend::blocking_datagram_socket;

  struct door {
    door(socket bound, os::datagram_answers who) : at(std::move(bound)), answers(std::move(who)) {}
    socket at;
    os::datagram_answers answers;
  };

  template <class Interrupted>
  void reply(socket& by, const datagram_info& to, Interrupted interrupted) {
    policy::send_attempt attempt(to.peer.is_unix());
    for (;;) {
      std::error_code ec;
      by.sendto(std::span(buffer_).first(to.bytes), to.peer, 0, ec);
      if (!ec) {
        ++counters_.echoed;
        return;
      }
      const auto what = attempt.failed(ec);
      if (what == policy::datagram_action::repeat) interrupted();
      const bool again =
          what == policy::datagram_action::repeat || what == policy::datagram_action::retry;
      if (again && stop_.signal() == 0) continue;
      ++counters_.not_sent;
      return;
    }
  }

  datagram_echo_options how_;
  serve_report& report_;
  const stop_switch& stop_;
  std::deque<door> doors_;
  std::vector<std::byte> buffer_;
  datagram_echo_counters counters_;
};

}  // namespace duet::apps::echo

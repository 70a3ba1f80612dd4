// SPDX-License-Identifier: MIT
// serve_blocking: `duet-echo serve --model blocking`: the iterative server of the documented flows, one connection or one datagram after
// another. Others wait in the backlog, or the socket's buffer, meanwhile.
#pragma once

#include <poll.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/echo_options.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/accept_policy.hpp"
#include "echo/blocking_echo.hpp"
#include "echo/options.hpp"
#include "echo/serve_blocking_datagrams.hpp"
#include "echo/serve_report.hpp"
#include "echo/serve_stats.hpp"
#include "echo/server_setup.hpp"
#include "support/report_signal.hpp"
#include "support/stop_switch.hpp"

namespace duet::apps::echo {

template <class Backend>
class blocking_server {
 public:
  blocking_server(const serve_options& options, console& to)
      : options_(options),
        console_(to),
        report_(options, to),
        stop_(stop_switch::first_signal::ends_receiving, options.drain_timeout),
        asks_(options.stats ? stats_interval : std::chrono::seconds(0)),
        datagrams_(options, report_, stop_),
        buffer_(echo_server_options().buffer_bytes) {}

  exit_code run() {
    const socket_options socket = server_socket_options(options_);
    report_.listening(bind_all(options_.endpoints, console_, &report_, [&](const endpoint& at) {
      if (!at.is_stream()) return datagrams_.listen(at);
      return servers_.emplace_back(at, socket, &report_).local_endpoint();
    }));
    while (const auto ready = wait_for_turn()) {
      if (*ready < servers_.size()) {
        accept(servers_[*ready]);
      } else {
        datagrams_.answer(*ready - servers_.size(), [this] { report_if_asked(); });
      }
    }
    for (server& each : servers_) each.close();
    datagrams_.close();
    return report_.finished(counters_, datagrams_.counters(), cut_ ? 1 : 0, stop_.second_signal());
  }

 private:
  using server = typename Backend::blocking_server;
  using connection = typename Backend::blocking_connection;

  /// Whose turn it is among those with a client or a datagram, listeners first; none once a signal has come.
  std::optional<std::size_t> wait_for_turn() {
    std::vector<pollfd> waiting;
    const std::size_t doors = servers_.size() + datagrams_.size();
    waiting.reserve(doors + 1);
    for (const server& each : servers_) waiting.push_back({each.native_handle(), POLLIN, 0});
    for (std::size_t each = 0; each < datagrams_.size(); ++each)
      waiting.push_back({datagrams_.native_handle(each), POLLIN, 0});
    waiting.push_back({stop_.descriptor(), POLLIN, 0});
    while (stop_.signal() == 0) {
      report_if_asked();
      if (os::sys::poll(waiting.data(), waiting.size(), -1) <= 0) continue;
      for (std::size_t each = 0; each < doors; ++each) {
        const std::size_t turn = (next_ + each) % doors;
        if (waiting[turn].revents == 0 || stop_.signal() != 0) continue;
        next_ = turn + 1;
        return turn;
      }
    }
    report_.draining(stop_.signal(), 0);
    return std::nullopt;
  }

  /// By SIGUSR1, or because a second has passed.
  void report_if_asked() {
    if (asks_.asked()) report_.counters(counters_, datagrams_.counters());
    if (asks_.ticked()) report_.live(counters_, datagrams_.counters());
  }

  void accept(server& at) {
    std::error_code ec;
    connection client = at.accept(ec);
    if (ec) return back_off(ec);
    accepting_.accepted();
    ++counters_.accepted;
    counters_.active = 1;
    tell("accepted", client, {});
    {
      // The descriptor is closed after this, so that no signal can shut down another one of its number.
      const stop_switch::guard in_progress(stop_, client.native_handle());
      echo(client, ec);
    }
    if (ec) ++counters_.failed;
    counters_.active = 0;
    tell(close_event(ec ? close_reason::failed : close_reason::end_of_stream), client, ec);
    client.close();
  }

  void back_off(std::error_code ec) {
    const auto verdict = accepting_.failed(ec);
    if (verdict.action == policy::accept_action::fatal) throw std::system_error(ec, "accept");
    if (verdict.action != policy::accept_action::pause) return;
    ++counters_.accept_pauses;
    if (verdict.first) report_.on_event("accept paused", nullptr, ec);
    [[maybe_unused]] const bool undisturbed = stop_.pause(verdict.pause);
  }

  void echo(connection& client, std::error_code& ec) {
    const auto interrupted = [this] { report_if_asked(); };
    const auto echoed = [this](std::size_t size) {
      counters_.bytes_echoed += size;
      report_if_asked();
    };
    if (echo_until_end(client, options_.io, buffer_, stop_, ec, echoed, interrupted)) cut_ = true;
  }

  void tell(std::string_view event, const connection& client, std::error_code ec) {
    std::optional<endpoint> peer;
    try {
      peer = client.remote_endpoint();
    } catch (const std::system_error&) {  // a client that has gone has no address any more
    }
    report_.on_event(event, peer ? &*peer : nullptr, ec);
  }

  const serve_options& options_;
  console& console_;
  serve_report report_;
  stop_switch stop_;
  report_signal asks_;
  std::vector<server> servers_;
  blocking_datagrams<Backend> datagrams_;
  std::size_t next_ = 0;
  policy::accept_policy accepting_;
  std::vector<std::byte> buffer_;
  echo_counters counters_;
  bool cut_ = false;
};

template <class Backend>
exit_code serve_blocking(const serve_options& options, console& to) {
  return blocking_server<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// serve_fork: `duet-echo serve --model fork`: the classic server, a process for each connection, which echoes with blocking calls. What the
// children have echoed is counted in memory that they share with their parent.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <system_error>
#include <vector>

#include "duet/echo_options.hpp"
#include "duet/fork_options.hpp"
#include "echo/blocking_echo.hpp"
#include "echo/child_counters.hpp"
#include "echo/options.hpp"
#include "echo/serve_report.hpp"
#include "echo/serve_stats.hpp"
#include "echo/server_setup.hpp"
#include "support/report_signal.hpp"
#include "support/signals.hpp"
#include "support/stop_switch.hpp"

namespace duet::apps::echo {

template <class Backend>
class forking_server {
 public:
  forking_server(const serve_options& options, console& to)
      : options_(options),
        console_(to),
        report_(options, to),
        stop_(stop_switch::first_signal::ends_receiving),
        asks_(options.stats ? stats_interval : std::chrono::seconds(0)),
        server_([this](connection& client) { return serve(client); }, server_options()) {}

  exit_code run() {
    report_.listening(bind_all(options_.endpoints, console_, &report_,
                               [this](const endpoint& at) { return server_.listen(at); }));
    while (server_.run_one(stop_.descriptor())) {
      if (asks_.asked()) report_.counters(counters(), {});
      if (asks_.ticked()) report_.live(counters(), {});
    }
    report_.draining(stop_.signal(), server_.counters().active);
    stop_.await_second();
    // Children have a deadline of their own, and tell by it what they could not echo; this one is for those that do not keep it.
    const std::size_t killed = server_.drain(drain_limit(options_) + grace, stop_.descriptor());
    return report_.finished(counters(), {}, killed + shared_.get().cut, stop_.second_signal());
  }

 private:
  using connection = typename Backend::blocking_connection;
  static constexpr std::chrono::seconds grace{2};

  fork_options server_options() {
    // Who started this program may have it ignored; then nobody knew how a child ended.
    set_handler(SIGCHLD, SIG_DFL);
    fork_options options;
    options.max_children = child_limit(options_, console_);
    options.socket = server_socket_options(options_);
    options.blocked_signals = {SIGINT, SIGTERM, SIGUSR1};
    options.watcher = &report_;
    return options;
  }

  [[nodiscard]] echo_counters counters() const {
    const fork_counters& children = server_.counters();
    echo_counters sum;
    sum.accepted = children.accepted;
    sum.active = children.active;
    sum.failed = children.failed + children.killed;
    sum.accept_pauses = children.accept_pauses;
    sum.bytes_echoed = shared_.get().bytes_echoed;
    return sum;
  }

  /// In the child.
  int serve(connection& client) {
    // A group's SIGTERM (a service manager's) reaches it beside its parent's; in a hurry the parent kills.
    const stop_switch stop(stop_switch::first_signal::ends_receiving, options_.drain_timeout,
                           stop_switch::repeats::ignored);
    // A terminal's goes to all of them: the parent obeys it, and sends its children the other.
    set_handler(SIGINT, SIG_IGN);
    set_handler(SIGUSR1, SIG_IGN);
    unblock_signals();
    std::vector<std::byte> buffer(echo_server_options().buffer_bytes);
    child_counters& ours = shared_.get();
    const stop_switch::guard in_progress(stop, client.native_handle());
    std::error_code ec;
    const auto echoed = [&ours](std::size_t size) { ours.bytes_echoed += size; };
    const auto nothing = [] {};
    if (echo_until_end(client, options_.io, buffer, stop, ec, echoed, nothing)) ++ours.cut;
    // It is done: with the switch goes what keeps these from killing a process whose status is known.
    block_signal(SIGTERM);
    block_signal(SIGINT);
    return ec ? EXIT_FAILURE : EXIT_SUCCESS;
  }

  const serve_options& options_;
  console& console_;
  serve_report report_;
  stop_switch stop_;
  report_signal asks_;
  shared_child_counters shared_;
  typename Backend::fork_server server_;
};

template <class Backend>
exit_code serve_fork(const serve_options& options, console& to) {
  return forking_server<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

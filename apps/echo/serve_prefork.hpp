// SPDX-License-Identifier: MIT
// serve_prefork: `duet-echo serve --model prefork`: workers, each with a loop of its own, under a supervisor that binds what they serve, and
// adds up what they count.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/os/service_manager.hpp"
#include "duet/os/supervisor.hpp"
#include "echo/metrics_server.hpp"
#include "echo/options.hpp"
#include "echo/prefork_sockets.hpp"
#include "echo/serve_report.hpp"
#include "echo/serve_stats.hpp"
#include "echo/server_setup.hpp"
#include "echo/worker_counters.hpp"
#include "support/signals.hpp"

namespace duet::apps::echo {

/// The counters of all in Prometheus' format.
inline std::string to_prometheus(const worker_counters& all) {
  return duet::to_prometheus(all.streams, "duet_echo") +
         duet::to_prometheus(all.datagrams, "duet_echo");
}

/// One worker: an echo server on the sockets that its supervisor has bound.
template <class Backend>
class prefork_worker {
 public:
  /// The first `served` descriptors of the context are to be served.
  prefork_worker(const serve_options& options, std::size_t connections, std::size_t served,
                 serve_report& report, os::worker_context& context)
      : options_(options),
        served_(served),
        context_(context),
        worker_(loop_, context),
        look_again_(loop_),
        server_(loop_, server_options(connections, report)),
        datagrams_(loop_, datagram_server_options(options, &report)),
        metrics_(loop_, [this] { return to_prometheus(counters_of(context_.total())); }) {}

  /// The exit code.
  int run() {
    const std::vector<int>& sockets = context_.descriptors();
    for (std::size_t each = 0; each < sockets.size(); ++each)
      listen(os::unique_fd(sockets[each]), each >= served_);
    server_.start();
    datagrams_.start();
    metrics_.start();
    worker_.start([this] { publish(); }, [this] { drain(); });
    loop_.run();
    return cut_ > 0 ? to_int(exit_code::failed) : to_int(exit_code::done);
  }

 private:
  static constexpr std::chrono::milliseconds longest_linger{250};

  echo_server_options server_options(std::size_t connections, serve_report& report) const {
    echo_server_options options;
    options.max_connections = connections;
    options.max_per_address = options_.max_per_address.value_or(0);
    options.limits = connection_limits(options_);
    options.socket = server_socket_options(options_);
    options.watcher = &report;
    return options;
  }

  void listen(os::unique_fd socket, bool metrics) {
    std::error_code ec;
    const os::inherited_socket found = os::inspect_socket(socket.get(), ec);
    if (ec) throw std::system_error(ec, "inherit");
    if (metrics) {
      metrics_.listen(std::move(socket));
    } else if (found.at.is_stream()) {
      server_.listen(std::move(socket));
    } else {
      datagrams_.listen(std::move(socket));
    }
  }

  void publish() {
    put_counters(context_, {server_.connections(), server_.counters().cut, datagrams_.counters()});
  }

  /// Replaced, it leaves the queue to the others, and serves for a moment those that it has just taken in and not yet heard: a drain at once
  /// would close them unserved.
  void drain() {
    datagrams_.stop();
    if (context_.stopping()) return drain_now();
    server_.pause();
    linger_until_ = std::chrono::steady_clock::now() + longest_linger;
    linger();
  }

  void linger() {
    const bool over = std::chrono::steady_clock::now() >= linger_until_;
    if (over || server_.counters().active == 0 || context_.stopping()) return drain_now();
    look_again_.expires_after(std::chrono::milliseconds(10));
    look_again_.async_wait([this](std::error_code ec) {
      if (!ec) linger();
    });
  }

  void drain_now() {
    server_.drain(drain_limit(options_), [this](std::size_t cut) {
      cut_ = cut;
      metrics_.stop();
      worker_.stop();
    });
  }

  const serve_options& options_;
  std::size_t served_;
  os::worker_context& context_;
  typename Backend::loop loop_;
  typename Backend::worker worker_;
  typename Backend::timer look_again_;
  std::chrono::steady_clock::time_point linger_until_{};
  typename Backend::echo_server server_;
  typename Backend::datagram_echo_server datagrams_;
  metrics_server<Backend> metrics_;
  std::size_t cut_ = 0;
};

template <class Backend>
class prefork_server {
 public:
  prefork_server(const serve_options& options, console& to)
      : options_(options),
        console_(to),
        report_(options, to),
        connections_(connection_limit(options, options.endpoints.size(), to)),
        sockets_(options, worker_count(options), &report_),
        supervisor_(setup()) {}

  exit_code run() {
    handed_in given = take_handed_in(options_);
    auto bound = bind_all(options_.endpoints, console_, &report_,
                          [this](const endpoint& at) { return sockets_.bind(at); });
    std::vector<endpoint> told;
    if (options_.metrics) {
      told = bind_all(std::span(&*options_.metrics, 1), console_, &report_,
                      [this](const endpoint& at) { return sockets_.bind_metrics(at); });
    }
    for (handed_in::socket& each : given.served) bound.push_back(sockets_.share(std::move(each)));
    for (handed_in::socket& each : given.metrics)
      told.push_back(sockets_.share_metrics(std::move(each)));
    report_.listening(bound, told);  // which writes out what else each worker would write again
    // A terminal's go to the workers as well, who leave them to the supervisor; here they are blocked, and read.
    for (const int each : {SIGINT, SIGHUP, SIGUSR1}) {
      block_signal(each);
      set_handler(each, SIG_IGN);
    }
    const os::supervisor_result result = supervisor_.run();
    const worker_counters all = counters_of(supervisor_.total());
    const exit_code code = report_.finished(to_echo_counters(all.streams, all.cut), all.datagrams,
                                            all.cut, result.second_signal);
    // What a reload has cut long ago is told, and is no failure of this stop.
    return result.second_signal != 0 ? code : static_cast<exit_code>(result.code);
  }

 private:
  os::supervisor_setup setup() {
    os::supervisor_setup how;
    how.options = supervisor_limits(options_);
    how.worker = [this](os::worker_context& context) {
      return prefork_worker<Backend>(options_, connections_, sockets_.served(), report_, context)
          .run();
    };
    how.descriptors = [this](std::size_t place) { return sockets_.of_place(place); };
    how.counters = worker_counter_rules();
    how.stop_signals = {SIGINT, SIGTERM};
    how.reload_signals = {SIGHUP};
    how.other_signals = {SIGUSR1};
    how.on_signal = [this](int) {
      const worker_counters all = counters_of(supervisor_.total());
      report_.counters(to_echo_counters(all.streams, all.cut), all.datagrams);
    };
    how.told = [this](const supervisor_news& news) {
      // What is in the queue is the workers' to take in; who comes later is refused by nobody's listening.
      if (news.event == supervisor_event::stopping) sockets_.close();
      report_.worker(news);
      tell_manager(news.event);
    };
    const auto watchdog = std::chrono::floor<std::chrono::milliseconds>(os::watchdog_interval());
    how.tick = watchdog;
    if (options_.stats && (watchdog.count() == 0 || watchdog > stats_interval))
      how.tick = stats_interval;
    how.on_tick = [this, watchdog] {
      if (watchdog.count() > 0) notify("WATCHDOG=1");
      if (!options_.stats) return;
      const worker_counters all = counters_of(supervisor_.total());
      report_.live(to_echo_counters(all.streams, all.cut), all.datagrams);
    };
    how.watcher = &report_;
    return how;
  }

  /// Who started it, if that is one who wants to know.
  void tell_manager(supervisor_event what) {
    if (what == supervisor_event::all_ready) notify("READY=1");
    if (what == supervisor_event::stopping) notify("STOPPING=1");
  }
  void notify(std::string_view what) {
    std::error_code ec;
    os::notify_manager(what, ec);
    if (ec) console_.notice("NOTIFY_SOCKET: " + ec.message());
  }

  const serve_options& options_;
  console& console_;
  serve_report report_;
  std::size_t connections_;
  prefork_sockets sockets_;
  os::supervisor supervisor_;
};

template <class Backend>
exit_code serve_prefork(const serve_options& options, console& to) {
  return prefork_server<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

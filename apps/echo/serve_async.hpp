// SPDX-License-Identifier: MIT
// serve_async: `duet-echo serve` on a backend's loop: its echo servers, of streams and of datagrams, and the signals that end them or ask
// how they are.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "duet/echo_options.hpp"
#include "echo/handed_in.hpp"
#include "echo/metrics_server.hpp"
#include "echo/options.hpp"
#include "echo/serve_report.hpp"
#include "echo/serve_stats.hpp"
#include "echo/server_setup.hpp"
#include "support/signals.hpp"

namespace duet::apps::echo {

template <class Backend>
class async_server {
 public:
  async_server(const serve_options& options, console& to)
      : options_(options),
        console_(to),
        report_(options, to),
        signals_(loop_, {SIGINT, SIGTERM, SIGUSR1}),
        second_(loop_),
        server_(loop_, server_options()),
        datagrams_(loop_, datagram_server_options(options, &report_)),
        metrics_(loop_, [this] { return metrics(); }) {}

  exit_code run() {
    handed_in given = take_handed_in(options_);
    auto bound = bind_all(options_.endpoints, console_, &report_, [this](const endpoint& at) {
      return at.is_stream() ? server_.listen(at) : datagrams_.listen(at);
    });
    for (handed_in::socket& each : given.served)
      bound.push_back(each.at.is_stream() ? server_.listen(std::move(each.fd))
                                          : datagrams_.listen(std::move(each.fd)));
    std::vector<endpoint> told;
    if (options_.metrics) {
      told = bind_all(std::span(&*options_.metrics, 1), console_, &report_,
                      [this](const endpoint& at) { return metrics_.listen(at); });
    }
    for (handed_in::socket& each : given.metrics)
      told.push_back(metrics_.listen(std::move(each.fd)));
    report_.listening(bound, told);
    wait_for_signal();
    if (options_.stats) wait_for_second();
    server_.start();
    datagrams_.start();
    metrics_.start();
    loop_.run();
    // With the set its handler goes, and the default of this one is to kill.
    block_signal(SIGUSR1);
    return report_.finished(server_.counters(), datagrams_.counters(), cut_, second_signal_);
  }

 private:
  echo_server_options server_options() {
    echo_server_options options;
    options.max_connections = connection_limit(options_, options_.endpoints.size(), console_);
    options.max_per_address = options_.max_per_address.value_or(0);
    options.limits = connection_limits(options_);
    options.socket = server_socket_options(options_);
    options.watcher = &report_;
    return options;
  }

  [[nodiscard]] std::string metrics() const {
    return to_prometheus(server_.connections(), "duet_echo") +
           to_prometheus(datagrams_.counters(), "duet_echo");
  }

  void wait_for_signal() {
    signals_.async_wait([this](std::error_code ec, int signal) {
      if (ec) return;
      if (signal != SIGUSR1) return stop(signal);
      report_.counters(server_.counters(), datagrams_.counters());
      wait_for_signal();
    });
  }

  void wait_for_second() {
    second_.expires_after(stats_interval);
    second_.async_wait([this](std::error_code ec) {
      if (ec || over_) return;
      report_.live(server_.counters(), datagrams_.counters());
      wait_for_second();
    });
  }

  void stop(int signal) {
    if (draining_) {
      second_signal_ = signal;
      server_.stop();
      loop_.stop();
      return;
    }
    draining_ = true;
    datagrams_.stop();
    report_.draining(signal, server_.counters().active);
    wait_for_signal();
    server_.drain(drain_limit(options_), [this](std::size_t cut) {
      cut_ = cut;
      over_ = true;
      metrics_.stop();
      signals_.cancel();
      second_.cancel();
    });
  }

  const serve_options& options_;
  console& console_;
  serve_report report_;
  typename Backend::loop loop_;
  typename Backend::signal_set signals_;
  typename Backend::timer second_;
  typename Backend::echo_server server_;
  typename Backend::datagram_echo_server datagrams_;
  metrics_server<Backend> metrics_;
  bool draining_ = false;
  bool over_ = false;
  std::size_t cut_ = 0;
  int second_signal_ = 0;
};

template <class Backend>
exit_code serve_async(const serve_options& options, console& to) {
  return async_server<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

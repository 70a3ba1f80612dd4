// SPDX-License-Identifier: MIT
// connect_async: `duet-echo connect` on a backend's loop: one endpoint after another is connected to, told of, and left again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/connect_report.hpp"
#include "duet/error.hpp"
#include "echo/client_setup.hpp"
#include "echo/connect_report.hpp"
#include "echo/options.hpp"
#include "echo/retry_pauses.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

template <class Backend>
class connect_run {
 public:
  connect_run(const connect_command_options& options, console& to)
      : options_(options), trace_(to.err), printer_(options, to), stream_(loop_), timer_(loop_) {
    if (options.wait_for && *options.wait_for != never) until_ = clock::now() + *options.wait_for;
  }

  /// The code of the first that failed.
  exit_code run() {
    exit_code first = exit_code::done;
    for (const endpoint& each : options_.endpoints) {
      const exit_code code = reach(each);
      if (first == exit_code::done) first = code;
    }
    return first;
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds default_timeout{10};

  exit_code reach(const endpoint& to) {
    const auto began = clock::now();
    retry_pauses pauses(options_.wait_for ? std::numeric_limits<std::uint64_t>::max()
                                          : options_.retries);
    for (std::uint64_t rounds = 1;; ++rounds) {
      const auto [why, report] = connect(to);
      printer_.tried(to, report);
      const auto pause = why ? pauses.next(why) : std::nullopt;
      const bool waited = pause && until_ && clock::now() + *pause >= *until_;
      if (!pause || waited) {
        return printer_.finished(to, why, waited, rounds, clock::now() - began);
      }
      wait(*pause);
    }
  }

  std::pair<std::error_code, connect_report> connect(const endpoint& to) {
    observer* const watcher = options_.trace ? &trace_ : nullptr;
    connect_options how = client_connect_options(options_, default_timeout, watcher);
    if (until_) {
      using std::chrono::milliseconds;
      const auto left =
          std::max(std::chrono::ceil<milliseconds>(*until_ - clock::now()), milliseconds(1));
      how.deadline = how.deadline.count() == 0 ? left : std::min(how.deadline, left);
    }
    std::pair<std::error_code, connect_report> end;
    const auto began = clock::now();
    if (to.is_numeric()) {
      Backend::async_connect(stream_, to, how, [&](std::error_code ec) {
        const auto took = clock::now() - began;
        end = {ec, {{}, {{to, {}, took, ec}}, took}};
      });
    } else {
      const std::string host = to.host().empty() ? to.address().to_string() : to.host();
      const std::string service = to.service().empty() ? std::to_string(to.port()) : to.service();
      Backend::async_connect(stream_, host, service, how,
                             [&](std::error_code ec, connect_report report) {
                               end = {ec, std::move(report)};
                             });
    }
    go();
    stream_.close();
    return end;
  }

  void wait(std::chrono::nanoseconds pause) {
    timer_.expires_after(pause);
    timer_.async_wait([](std::error_code) {});
    go();
  }

  void go() {
    loop_.restart();
    loop_.run();
  }

  const connect_command_options& options_;
  trace_printer trace_;
  connect_printer printer_;
  std::optional<clock::time_point> until_;
  typename Backend::loop loop_;
  typename Backend::stream stream_;
  typename Backend::timer timer_;
};

template <class Backend>
exit_code connect_async(const connect_command_options& options, console& to) {
  return connect_run<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

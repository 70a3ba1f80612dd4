// SPDX-License-Identifier: MIT
// send_async: `duet-echo send` on a backend's loop: connect, then its echo client, which reads and writes at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "duet/echo_options.hpp"
#include "echo/client_setup.hpp"
#include "echo/options.hpp"
#include "echo/retry_pauses.hpp"
#include "echo/send_report.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

template <class Backend>
class async_sender {
 public:
  async_sender(const send_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        client_(loop_, client_options(options)),
        stream_(loop_),
        patience_(loop_),
        pauses_(options.retries) {}

  exit_code run() {
    connect();
    loop_.run();
    if (!connected_) return connecting_failed(options_.to, error_, console_);
    return send_report(options_, console_).finished(error_, timed_out_, result_);
  }

 private:
  static echo_client_options client_options(const send_options& options) {
    echo_client_options client;
    client.verify = options.verify;
    client.buffer_bytes = options.chunk_bytes.value_or(client.buffer_bytes);
    client.window_bytes = std::max(client.window_bytes, client.buffer_bytes);
    return client;
  }

  void connect() {
    observer* const watcher = options_.trace ? &trace_ : nullptr;
    const connect_options how = client_connect_options(options_, options_.patience, watcher);
    Backend::async_connect(stream_, options_.to, how,
                           [this](std::error_code ec) { connected(ec); });
  }

  void connected(std::error_code ec) {
    error_ = ec;
    if (ec) {
      if (const auto pause = pauses_.next(ec)) {
        patience_.expires_after(*pause);
        patience_.async_wait([this](std::error_code) { connect(); });
      }
      return;
    }
    connected_ = true;
    client_.async_run(std::move(stream_), 0, 1, [this](std::error_code error, echo_result result) {
      error_ = error;
      result_ = result;
      over_ = true;
      patience_.cancel();
    });
    if (options_.patience != never) watch();
  }

  /// Looks every quarter of the patience whether anything has moved. While nothing is owed, nothing has to move.
  void watch() {
    patience_.expires_after(options_.patience / 4);
    patience_.async_wait([this](std::error_code ec) {
      if (ec || over_) return;
      const echo_result now = client_.progress();
      const bool moved = now.sent != last_.sent || now.received != last_.received;
      still_ = moved || now.sent == now.received ? 0 : still_ + 1;
      last_ = now;
      if (still_ < 4) return watch();
      timed_out_ = true;
      client_.cancel();
    });
  }

  const send_options& options_;
  console& console_;
  trace_printer trace_;
  typename Backend::loop loop_;
  typename Backend::echo_client client_;
  typename Backend::stream stream_;
  typename Backend::timer patience_;
  retry_pauses pauses_;
  bool connected_ = false;
  bool over_ = false;
  bool timed_out_ = false;
  int still_ = 0;
  std::error_code error_;
  echo_result result_;
  echo_result last_;
};

template <class Backend>
exit_code send_async(const send_options& options, console& to) {
  return async_sender<Backend>(options, to).run();
}

}  // namespace duet::apps::echo

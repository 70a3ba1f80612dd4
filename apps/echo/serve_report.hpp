// SPDX-License-Identifier: MIT
// serve_report: everything `serve` tells: ready lines, the port file, steps, events, how it ended. Results to standard output, the rest
// to standard error.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/supervisor_options.hpp"
#include "echo/options.hpp"
#include "echo/serve_stats.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::echo {

class serve_report final : public observer {
 public:
  serve_report(const serve_options& options, console& to) noexcept;

  /// The port file, then the ready lines: who waits for a line finds the file. Throws std::system_error if there can be no file.
  /// `metrics`: where --metrics is answered, which is no part of the port file.
  void listening(const std::vector<endpoint>& bound, const std::vector<endpoint>& metrics = {});
  /// The counters as they are now, which somebody has asked for by SIGUSR1.
  void counters(const echo_counters& streams, const datagram_echo_counters& datagrams);
  /// The line of --stats, which is due.
  void live(const echo_counters& streams, const datagram_echo_counters& datagrams);
  /// What happens to the workers of the prefork model.
  void worker(const supervisor_news& news);
  void draining(int signal, std::uint64_t connections);
  /// The last line; returns what the program exits with. `second_signal`: the one that ended the drain, or 0.
  exit_code finished(const echo_counters& streams, const datagram_echo_counters& datagrams,
                     std::size_t cut, int second_signal);

  [[nodiscard]] bool wants_steps() const noexcept override;
  void on_step(const flow_step& step) override;
  void on_event(std::string_view event, const endpoint* where, std::error_code error) override;

 private:
  void ready(std::string_view event, const endpoint& bound);

  const serve_options& options_;
  console& console_;
  pid_t maker_;
  bool streams_ = false;  ///< what listening() has told of
  bool datagrams_ = false;
  serve_stats stats_{serve_stats::clock::now()};
};

}  // namespace duet::apps::echo

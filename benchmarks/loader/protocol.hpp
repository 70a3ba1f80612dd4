// SPDX-License-Identifier: MIT
// What the orchestrator and the loader say to each other over the loader's stdin and stdout, one line each:
//   loader        {"ready":true,"congestion_control":"cubic"}      once all connections stand
//   orchestrator  slot TARGET WARM_UP_MS MEASURE_MS | open TARGET WARM_UP_MS MEASURE_MS RATE | count TARGET MESSAGES
//   loader        the slot's report as JSON                        and sleeps until the next command
//   loader        {"error":"..."}                                  instead of any line; it then ends
// End of its stdin ends the loader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/histogram.hpp"

namespace duet::bench {

/// Of a turn at a fixed rate, beside the latency from the intended send time, which is the slot's round trip.
struct open_loop_figures {
  std::uint64_t rate_per_s = 0;  ///< wanted
  std::uint64_t sending_ns = 0;  ///< from the first send to the last
  std::uint64_t lag_p99_ns = 0;  ///< by which a message was sent later than intended
  std::uint64_t from_send_p50_ns = 0, from_send_p99_ns = 0;  ///< latency from the send itself
};

/// One turn of one arm, as the loader saw it. The warm-up is in none of the figures.
struct slot_report {
  std::uint64_t messages = 0;  ///< sent, echoed and checked
  std::uint64_t elapsed_ns = 0;
  std::optional<std::uint64_t> server_cpu_ns;
  std::uint64_t loader_cpu_ns = 0;
  std::optional<std::uint64_t> server_run_delay_ns;  ///< ready to run and without a CPU
  std::optional<std::uint64_t> loader_run_delay_ns;
  histogram::sparse round_trips_ns;
  std::optional<open_loop_figures> open{};
};

std::string to_line(const slot_report&);

/// @throws std::runtime_error with the loader's own words for an error line, or if the line is no report
slot_report parse_report(std::string_view line);

struct ready_report {
  std::string congestion_control;  ///< in effect on the loader's sockets
};
std::string to_line(const ready_report&);
ready_report parse_ready(std::string_view line);

std::string error_line(std::string_view what);

struct command {
  std::size_t target = 0;
  std::uint64_t warm_up_ms = 0;
  std::uint64_t measure_ms = 0;
  std::uint64_t messages = 0;    ///< count only: stop after so many, no warm-up
  std::uint64_t rate_per_s = 0;  ///< not 0: at this rate, echoes or not
};
std::string to_line(const command&);
/// Nothing if the line is no command.
std::optional<command> parse_command(std::string_view line);

}  // namespace duet::bench

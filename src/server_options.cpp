// SPDX-License-Identifier: MIT
#include "duet/server_options.hpp"

#include "exposition.hpp"

namespace duet {
namespace {

/// A label's value has no blanks here: "end_of_stream".
std::string label_of(close_reason reason) {
  std::string text(to_string(reason));
  for (char& each : text)
    if (each == ' ') each = '_';
  return text;
}

}  // namespace

std::string to_prometheus(const server_counters& counters, std::string_view prefix) {
  exposition text(prefix);
  text.counter("connections_accepted", "Connections that were served.", counters.accepted);
  text.gauge("connections_active", "Connections being served now.", counters.active);
  text.family("connections_refused", "Connections that were not served, by reason.", "counter");
  text.sample(counters.refused_by_cap, "reason", "cap");
  text.sample(counters.refused_by_address, "reason", "address");
  text.sample(counters.refused_by_shortage, "reason", "shortage");
  text.sample(counters.refused_by_error, "reason", "error");
  text.family("connections_closed", "Connections that have ended, by reason.", "counter");
  for (std::size_t each = 0; each < close_reasons; ++each)
    text.sample(counters.closed[each], "reason", label_of(static_cast<close_reason>(each)));
  text.counter("accept_pauses", "Times that accepting was paused for want of something.",
               counters.accept_pauses);
  text.counter("read_bytes", "Bytes read from connections.", counters.bytes_read);
  text.counter("written_bytes", "Bytes written to connections.", counters.bytes_written);
  text.gauge("loop_lag_seconds_max", "How late a timer of the server came at worst.",
             counters.loop_lag);
  text.gauge("handler_seconds_max", "The longest that a handler of a session held the loop.",
             counters.slowest_handler);
  return text.take();
}

}  // namespace duet

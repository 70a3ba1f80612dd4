// SPDX-License-Identifier: MIT
// race_result: how a connect by name ended, and its report as one line of text, so that an order is compared with a text.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "duet/connect_report.hpp"
#include "duet/error.hpp"
#include "fixture.hpp"

namespace duet::test {

struct race_result {
  bool done = false;
  std::error_code ec;
  connect_report report;
};

/// "ok", or the condition that an attempt or a lookup ended with, in a word.
inline std::string race_word(std::error_code ec) {
  if (!ec) return "ok";
  if (is(ec, std::errc::connection_refused)) return "refused";
  if (is(ec, std::errc::network_unreachable)) return "unreachable";
  if (ec == condition::operation_canceled) return "canceled";
  if (ec == condition::resolve_timed_out) return "resolve_timed_out";
  if (ec == condition::attempt_timed_out) return "attempt_timed_out";
  if (ec == condition::timed_out) return "timed_out";
  if (ec == condition::name_no_data) return "no_data";
  if (ec == condition::name_not_found) return "not_found";
  return ec.message();
}

/// "[::1] refused, 127.0.0.1 ok": each attempt in its order.
inline std::string attempts_of(const connect_report& report) {
  std::string text;
  for (const auto& each : report.attempts) {
    const std::string where = each.to.address().to_string();
    if (!text.empty()) text += ", ";
    text += where + ' ' + race_word(each.error);
  }
  return text;
}

/// "v6 no_data, v4 2": each lookup with what it found.
inline std::string lookups_of(const connect_report& report) {
  std::string text;
  for (const auto& each : report.lookups) {
    if (!text.empty()) text += ", ";
    text += each.family == address::family::v6 ? "v6 " : "v4 ";
    text += each.error ? race_word(each.error) : std::to_string(each.addresses);
  }
  return text;
}

/// Starts a connect by name.
template <class Backend>
void start_race(fixture<Backend>& f, typename Backend::stream& client, const std::string& host,
                const std::string& service, const connect_options& options, race_result& to) {
  f.lookups = true;
  to = {};
  Backend::async_connect(client, host, service, options,
                         f.once("race to " + host, [&to](std::error_code ec, connect_report told) {
                           to = {true, ec, std::move(told)};
                         }));
}

/// And waits for its end.
template <class Backend>
race_result run_race(fixture<Backend>& f, typename Backend::stream& client, const std::string& host,
                     const std::string& service, const connect_options& options = {}) {
  race_result end;
  start_race(f, client, host, service, options, end);
  f.run_until([&] { return end.done; });
  return end;
}

}  // namespace duet::test

// SPDX-License-Identifier: MIT
#include "echo/connect_report.hpp"

#include <fmt/format.h>

#include <string>

#include "duet/error.hpp"
#include "echo/schema.hpp"
#include "echo/send_report.hpp"
#include "support/json_lines.hpp"
#include "support/printable.hpp"
#include "support/quantity.hpp"
#include "support/reason.hpp"

namespace duet::apps::echo {
namespace {

const char* name_of(address::family which) {
  return which == address::family::v6 ? "IPv6" : "IPv4";
}

/// Another one was first, or nobody waited for it any longer.
bool given_up(std::error_code why) { return why == condition::operation_canceled; }

std::string words(std::error_code why) { return given_up(why) ? "given up" : reason(why); }

json_value error_value(std::error_code why) {
  return why ? json_value(words(why)) : json_value(nullptr);
}

}  // namespace

void connect_printer::tried(const endpoint& to, const connect_report& report) {
  if (options_.quiet) return;
  for (const auto& each : report.lookups) print(to, each);
  for (const auto& each : report.attempts) print(to, each);
  console_.out.flush();
}

void connect_printer::print(const endpoint& to, const connect_report::lookup& it) {
  if (options_.json) {
    console_.out.put(json_line(schema, "lookup",
                               {{"endpoint", to.to_string()},
                                {"family", std::string(name_of(it.family))},
                                {"addresses", std::uint64_t{it.addresses}},
                                {"duration_ns", std::int64_t{it.duration.count()}},
                                {"error", error_value(it.error)}}));
    return;
  }
  const std::string found =
      it.error ? words(it.error)
               : fmt::format("{} {}", it.addresses, it.addresses == 1 ? "address" : "addresses");
  console_.out.put(fmt::format("{} {}: {}, {}\n",
                               printable(to.host().empty() ? to.to_string() : to.host()),
                               name_of(it.family), found, format_duration(it.duration)));
}

void connect_printer::print(const endpoint& to, const connect_report::attempt& it) {
  if (options_.json) {
    console_.out.put(json_line(schema, "attempt",
                               {{"endpoint", to.to_string()},
                                {"to", it.to.to_string()},
                                {"started_ns", std::int64_t{it.started.count()}},
                                {"duration_ns", std::int64_t{it.duration.count()}},
                                {"error", error_value(it.error)}}));
    return;
  }
  const std::string how =
      it.error ? (given_up(it.error) ? words(it.error) : console_.bad(words(it.error)))
               : console_.good("connected");
  console_.out.put(
      fmt::format("{}: {}, {}\n", printable(it.to.to_string()), how, format_duration(it.duration)));
}

exit_code connect_printer::finished(const endpoint& to, std::error_code why, bool waited,
                                    std::uint64_t rounds, std::chrono::nanoseconds duration) {
  const exit_code code = why ? complain(to, why, waited) : exit_code::done;
  if (options_.json) {
    console_.out.put_now(json_line(schema, "summary",
                                   {{"endpoint", to.to_string()},
                                    {"connected", !why},
                                    {"rounds", rounds},
                                    {"duration_ns", std::int64_t{duration.count()}},
                                    {"error", error_value(why)},
                                    {"exit_code", std::int64_t{to_int(code)}}}));
  }
  return code;
}

exit_code connect_printer::complain(const endpoint& to, std::error_code why, bool waited) {
  if (!waited) return connecting_failed(to, why, console_);
  console_.error(fmt::format("connect {}: no answer in {}: {}", printable(to.to_string()),
                             format_duration(*options_.wait_for), reason(why)));
  return exit_code::timed_out;
}

}  // namespace duet::apps::echo

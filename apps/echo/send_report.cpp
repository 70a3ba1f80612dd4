// SPDX-License-Identifier: MIT
#include "echo/send_report.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <string>

#include "duet/error.hpp"
#include "echo/schema.hpp"
#include "support/json_lines.hpp"
#include "support/printable.hpp"
#include "support/quantity.hpp"
#include "support/reason.hpp"
#include "support/signals.hpp"

namespace duet::apps::echo {
namespace {

/// Whether nobody reads standard output any more: a broken pipe may also have been the connection.
bool output_is_broken() {
  pollfd output{1, 0, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

exit_code connecting_failed(const endpoint& to, std::error_code why, console& on) {
  const exit_code code = exit_code_of(why, exit_code::not_connected);
  const bool name = code == exit_code::no_such_name || code == exit_code::not_resolved;
  on.error(fmt::format("{} {}: {}", name ? "resolve" : "connect", printable(to.to_string()),
                       reason(why)));
  return code;
}

exit_code send_report::finished(std::error_code error, bool timed_out, const echo_result& moved) {
  if (is(error, std::errc::broken_pipe) && output_is_broken()) die_of_broken_pipe();
  const exit_code code = judge(error, timed_out, moved);
  if (options_.json) {
    const json_value mismatch =
        moved.mismatch_at ? json_value(*moved.mismatch_at) : json_value(nullptr);
    console_.err.put_now(json_line(schema, "summary",
                                   {{"endpoint", options_.to.to_string()},
                                    {"sent", moved.sent},
                                    {"received", moved.received},
                                    {"mismatch_at", mismatch},
                                    {"exit_code", std::int64_t{to_int(code)}}}));
  }
  return code;
}

exit_code send_report::judge(std::error_code error, bool timed_out, const echo_result& moved) {
  if (moved.mismatch_at) {
    return fail(exit_code::mismatch,
                fmt::format("what came back differs at byte {}", *moved.mismatch_at));
  }
  if (timed_out) {
    return fail(exit_code::timed_out,
                fmt::format("timed out: no echo for {} after {} of {} bytes",
                            format_duration(options_.patience), moved.received, moved.sent));
  }
  const bool ended_early =
      error == condition::end_of_stream || (!error && moved.received < moved.sent);
  if (ended_early) {
    return fail(options_.verify ? exit_code::mismatch : exit_code::failed,
                fmt::format("the server ended after {} of {} bytes", moved.received, moved.sent));
  }
  if (error) return fail(exit_code::failed, reason(error));
  return exit_code::done;
}

exit_code send_report::finished(const datagram_result& all) {
  if (all.unreachable) return connecting_failed(options_.to, all.unreachable, console_);
  if (is(all.error, std::errc::broken_pipe) && output_is_broken()) die_of_broken_pipe();
  const exit_code code = judge(all);
  if (options_.json) {
    const policy::owed_counts& counts = all.datagrams;
    console_.err.put_now(json_line(schema, "summary",
                                   {{"endpoint", options_.to.to_string()},
                                    {"sent", all.sent},
                                    {"received", all.received},
                                    {"datagrams_sent", counts.sent},
                                    {"datagrams_received", counts.received},
                                    {"datagrams_missing", counts.missing},
                                    {"datagrams_late", counts.late},
                                    {"datagrams_duplicate", counts.duplicates},
                                    {"datagrams_strange", counts.strange},
                                    {"errors", all.errors},
                                    {"exit_code", std::int64_t{to_int(code)}}}));
  }
  return code;
}

exit_code send_report::judge(const datagram_result& all) {
  if (all.strange_bytes) {
    return fail(exit_code::mismatch, fmt::format("a reply of {} bytes equals nothing that was sent",
                                                 *all.strange_bytes));
  }
  if (all.error) return fail(exit_code::failed, reason(all.error));
  if (all.long_line) {
    return fail(exit_code::usage, fmt::format("line {} is longer than a datagram ({} bytes)",
                                              *all.long_line, largest_datagram_bytes(options_.to)));
  }
  const policy::owed_counts& counts = all.datagrams;
  if (counts.missing > 0) {
    return fail(exit_code::timed_out,
                fmt::format("{} of {} datagrams are missing: no reply in {}", counts.missing,
                            counts.sent, format_duration(options_.patience)));
  }
  return exit_code::done;
}

exit_code send_report::fail(exit_code code, std::string_view text) {
  console_.error(fmt::format("send {}: {}", printable(options_.to.to_string()), text));
  return code;
}

}  // namespace duet::apps::echo

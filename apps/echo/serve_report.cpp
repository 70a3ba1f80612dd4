// SPDX-License-Identifier: MIT
#include "echo/serve_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "duet/os/process.hpp"
#include "duet/os/sys.hpp"
#include "echo/schema.hpp"
#include "support/json_lines.hpp"
#include "support/printable.hpp"
#include "support/quantity.hpp"
#include "support/reason.hpp"
#include "support/text_file.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {
namespace {

std::string port_line(const endpoint& bound) {
  if (bound.is_ip()) return fmt::format("{}\n", bound.port());
  const std::string uri = bound.to_string();
  return uri.substr(uri.find(':') + 1) + '\n';
}

std::string_view backend_name(const common_options& options) {
  return options.backend == backend_choice::asio ? "asio" : "posix";
}

std::string_view model_name(const common_options& options) {
  switch (options.model) {
    case model::blocking: return "blocking";
    case model::fork: return "fork";
    case model::prefork: return "prefork";
    default: return "async";
  }
}

/// Why a datagram that was received had no answer: its name in JSON, and in words.
struct unanswered_reason {
  std::string_view key;
  std::string_view words;
  std::uint64_t datagram_echo_counters::*count;
};
constexpr std::array unanswered{
    unanswered_reason{"datagrams_truncated", "truncated", &datagram_echo_counters::truncated},
    unanswered_reason{"datagrams_to_many", "sent to many", &datagram_echo_counters::to_many},
    unanswered_reason{"datagrams_nameless", "nameless", &datagram_echo_counters::nameless},
    unanswered_reason{"datagrams_looping", "looping", &datagram_echo_counters::looping},
    unanswered_reason{"datagrams_limited", "too many", &datagram_echo_counters::limited},
    unanswered_reason{"datagrams_not_sent", "not sent", &datagram_echo_counters::not_sent}};

/// "echoed 3 of 5 datagrams, 12 bytes, 0 lost; not answered: 1 truncated, 1 looping".
std::string datagram_text(const datagram_echo_counters& counters) {
  std::string text = fmt::format("echoed {} of {} datagrams, {} bytes, {} lost", counters.echoed,
                                 counters.received, counters.bytes_echoed, counters.lost);
  std::string_view before = "; not answered: ";
  for (const auto& [key, words, count] : unanswered) {
    if (counters.*count == 0) continue;
    text += fmt::format("{}{} {}", before, counters.*count, words);
    before = ", ";
  }
  return text;
}

std::vector<json_field> fields_of(const echo_counters& streams,
                                  const datagram_echo_counters& datagrams) {
  std::vector<json_field> fields{{"accepted", streams.accepted},
                                 {"bytes_echoed", streams.bytes_echoed},
                                 {"failed", streams.failed},
                                 {"accept_pauses", streams.accept_pauses},
                                 {"datagrams_received", datagrams.received},
                                 {"datagrams_echoed", datagrams.echoed},
                                 {"datagram_bytes_echoed", datagrams.bytes_echoed}};
  for (const auto& [key, words, count] : unanswered) fields.push_back({key, datagrams.*count});
  fields.push_back({"datagrams_lost", datagrams.lost});
  return fields;
}

}  // namespace

serve_report::serve_report(const serve_options& options, console& to) noexcept
    : options_(options), console_(to), maker_(os::sys::getpid()) {}

void serve_report::listening(const std::vector<endpoint>& bound,
                             const std::vector<endpoint>& metrics) {
  // What is asked for is not all: sockets may have been handed in.
  streams_ = std::ranges::any_of(bound, &endpoint::is_stream);
  datagrams_ = !std::ranges::all_of(bound, &endpoint::is_stream);
  if (!options_.port_file.empty()) {
    std::string ports;
    for (const endpoint& each : bound) ports += port_line(each);
    write_atomically(options_.port_file, ports);
  }
  for (const endpoint& each : bound) ready("listening", each);
  for (const endpoint& each : metrics) ready("metrics", each);
  console_.out.flush();
}

void serve_report::ready(std::string_view event, const endpoint& bound) {
  const std::string uri = bound.to_string();
  if (!options_.json) {
    console_.out.put(console_.good(event) + ' ' + printable(uri) + '\n');
    return;
  }
  console_.out.put(json_line(schema, event,
                             {{"endpoint", uri},
                              {"port", std::uint64_t{bound.port()}},
                              {"backend", std::string(backend_name(options_))},
                              {"model", std::string(model_name(options_))}}));
}

void serve_report::counters(const echo_counters& streams, const datagram_echo_counters& datagrams) {
  if (options_.json) {
    std::vector<json_field> fields = fields_of(streams, datagrams);
    fields.push_back({"active", streams.active});
    console_.out.put_now(json_line(schema, "counters", fields));
    return;
  }
  if (streams_) {
    console_.tell(fmt::format("so far: echoed {} bytes of {} connections, {} active, {} failed",
                              streams.bytes_echoed, streams.accepted, streams.active,
                              streams.failed));
  }
  if (datagrams_) console_.tell("so far: " + datagram_text(datagrams));
}

void serve_report::live(const echo_counters& streams, const datagram_echo_counters& datagrams) {
  console_.live(stats_.line(streams, datagrams, serve_stats::clock::now()));
}

void serve_report::worker(const supervisor_news& news) {
  const bool ended = news.event == supervisor_event::ended ||
                     news.event == supervisor_event::drained ||
                     news.event == supervisor_event::retired;
  const os::wait_status status{news.end.by_signal ? 0 : news.end.value,
                               news.end.by_signal ? news.end.value : 0,
                               news.end.by_signal && news.end.value == 0};
  if (options_.json && !options_.quiet) {
    const auto place = news.pid != 0 ? json_value(std::uint64_t{news.place}) : json_value(nullptr);
    const auto pid =
        news.pid > 0 ? json_value(static_cast<std::uint64_t>(news.pid)) : json_value(nullptr);
    const json_value why = news.error ? json_value(reason(news.error))
                           : ended    ? json_value(os::describe(status))
                                      : json_value(nullptr);
    console_.out.put_now(json_line(schema, "workers",
                                   {{"what", std::string(to_string(news.event))},
                                    {"place", place},
                                    {"pid", pid},
                                    {"reason", why}}));
  }
  std::string text(to_string(news.event));
  if (news.pid > 0) text = fmt::format("worker {} (pid {}) {}", news.place, news.pid, text);
  if (ended) text += ": " + os::describe(status);
  if (news.error) text += ": " + reason(news.error);
  if (news.pause.count() > 0) text += fmt::format(", again in {}", format_duration(news.pause));
  console_.notice(text);
}

void serve_report::draining(int signal, std::uint64_t connections) {
  console_.notice(fmt::format(
      "SIG{}: {}", ::sigabbrev_np(signal),
      connections == 0
          ? "stopping"
          : fmt::format("draining {} connection{}", connections, connections == 1 ? "" : "s")));
}

exit_code serve_report::finished(const echo_counters& streams,
                                 const datagram_echo_counters& datagrams, std::size_t cut,
                                 int second_signal) {
  console_.end_live();
  if (options_.json) {
    std::vector<json_field> fields = fields_of(streams, datagrams);
    fields.push_back({"cut", std::uint64_t{cut}});
    console_.out.put_now(json_line(schema, "summary", fields));
  }
  if (streams_) {
    console_.notice(fmt::format("echoed {} bytes of {} connections, {} failed, {} cut",
                                streams.bytes_echoed, streams.accepted, streams.failed, cut));
  }
  if (datagrams_) console_.notice(datagram_text(datagrams));
  if (second_signal != 0) return static_cast<exit_code>(128 + second_signal);
  return cut > 0 ? exit_code::failed : exit_code::done;
}

bool serve_report::wants_steps() const noexcept { return options_.trace; }

void serve_report::on_step(const flow_step& step) {
  console_.end_live();
  // Of a child: several processes write here, and nothing else says which.
  const auto pid = os::sys::getpid();
  const std::string whose = pid == maker_ ? std::string() : fmt::format("[pid {}] ", pid);
  console_.err.put_now(whose + trace_line(step) + '\n');
}

void serve_report::on_event(std::string_view event, const endpoint* where, std::error_code error) {
  if (options_.json && !options_.quiet) {
    const json_value peer = where != nullptr ? json_value(where->to_string()) : json_value(nullptr);
    const json_value why = error ? json_value(reason(error)) : json_value(nullptr);
    const std::size_t colon = event.find(": ");
    std::vector<json_field> fields{{"peer", peer}, {"error", why}};
    if (colon != event.npos) fields.push_back({"reason", std::string(event.substr(colon + 2))});
    console_.out.put_now(json_line(schema, event.substr(0, colon), fields));
  }
  if (event.starts_with("accept ")) {
    console_.notice(fmt::format("{}: {}", event, reason(error)));
  }
  if (event == "child failed")
    console_.notice(error ? fmt::format("{}: {}", event, reason(error)) : std::string(event));
  if (event.starts_with("not answered: ")) {
    console_.notice(where == nullptr
                        ? std::string(event)
                        : fmt::format("{} ({})", event, printable(where->to_string())));
  }
}

}  // namespace duet::apps::echo

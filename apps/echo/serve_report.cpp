// SPDX-License-Identifier: MIT
#include "echo/serve_report.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string>

#include "echo/schema.hpp"
#include "support/json_lines.hpp"
#include "support/printable.hpp"
#include "support/reason.hpp"
#include "support/text_file.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {
namespace {

std::string port_line(const endpoint& bound) {
  if (bound.is_ip()) return fmt::format("{}\n", bound.port());
  return bound.to_string().substr(std::string_view("unix:").size()) + '\n';
}

std::string_view backend_name(const common_options& options) {
  return options.backend == backend_choice::asio ? "asio" : "posix";
}

std::string_view model_name(const common_options& options) {
  return options.model == model::async ? "async" : "blocking";
}

}  // namespace

serve_report::serve_report(const serve_options& options, console& to) noexcept
    : options_(options), console_(to) {}

void serve_report::listening(const std::vector<endpoint>& bound) {
  if (!options_.port_file.empty()) {
    std::string ports;
    for (const endpoint& each : bound) ports += port_line(each);
    write_atomically(options_.port_file, ports);
  }
  for (const endpoint& each : bound) {
    const std::string uri = each.to_string();
    if (!options_.json) {
      console_.out.put(console_.good("listening") + ' ' + printable(uri) + '\n');
      continue;
    }
    console_.out.put(json_line(schema, "listening",
                               {{"endpoint", uri},
                                {"port", std::uint64_t{each.port()}},
                                {"backend", std::string(backend_name(options_))},
                                {"model", std::string(model_name(options_))}}));
  }
  console_.out.flush();
}

void serve_report::draining(int signal, std::uint64_t connections) {
  console_.notice(fmt::format(
      "SIG{}: {}", ::sigabbrev_np(signal),
      connections == 0
          ? "stopping"
          : fmt::format("draining {} connection{}", connections, connections == 1 ? "" : "s")));
}

exit_code serve_report::finished(const echo_counters& counters, std::size_t cut,
                                 int second_signal) {
  if (options_.json) {
    console_.out.put_now(json_line(schema, "summary",
                                   {{"accepted", counters.accepted},
                                    {"bytes_echoed", counters.bytes_echoed},
                                    {"failed", counters.failed},
                                    {"cut", std::uint64_t{cut}},
                                    {"accept_pauses", counters.accept_pauses}}));
  }
  console_.notice(fmt::format("echoed {} bytes of {} connections, {} failed, {} cut",
                              counters.bytes_echoed, counters.accepted, counters.failed, cut));
  if (second_signal != 0) return static_cast<exit_code>(128 + second_signal);
  return cut > 0 ? exit_code::failed : exit_code::done;
}

bool serve_report::wants_steps() const noexcept { return options_.trace; }

void serve_report::on_step(const flow_step& step) { console_.err.put_now(trace_line(step) + '\n'); }

void serve_report::on_event(std::string_view event, const endpoint* where, std::error_code error) {
  if (options_.json && !options_.quiet) {
    const json_value peer = where != nullptr ? json_value(where->to_string()) : json_value(nullptr);
    const json_value why = error ? json_value(reason(error)) : json_value(nullptr);
    console_.out.put_now(json_line(schema, event, {{"peer", peer}, {"error", why}}));
  }
  if (event.starts_with("accept ")) {
    console_.notice(fmt::format("{}: {}", event, reason(error)));
  }
}

}  // namespace duet::apps::echo

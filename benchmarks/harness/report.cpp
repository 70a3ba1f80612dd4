// SPDX-License-Identifier: MIT
// See report.hpp.
#include "harness/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "harness/terminal.hpp"

namespace duet::bench {

namespace {

constexpr const char* none = "-";

std::string us(const std::optional<double>& ns) {
  return ns ? fmt::format("{:.1f}", *ns / 1000) : none;
}
std::string whole(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f}", *value) : none;
}
std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.0f} %", *share * 100) : none;
}

std::string cpu_numbers(const std::vector<cpu>& cpus) {
  std::vector<int> ids;
  ids.reserve(cpus.size());
  for (const cpu& each : cpus) ids.push_back(each.id);
  return fmt::format("{}", fmt::join(ids, ","));
}

/// Warning flags change no code.
std::string without_warnings(const std::string& flags) {
  std::istringstream words(flags);
  std::string result;
  for (std::string word; words >> word;) {
    if (word.starts_with("-W")) continue;
    result += (result.empty() ? "" : " ") + word;
  }
  return result;
}

std::string where_text(const placement& where) {
  if (!where.pinned) return "not pinned";
  if (where.server_cpu == where.loader_cpu) return fmt::format("CPU {}", where.server_cpu);
  return fmt::format("CPU {} and CPU {}", where.server_cpu, where.loader_cpu);
}

std::string figures_table(const cell_summary& summary, const std::vector<arm>& arms, bool color) {
  constexpr const char* row = "  {:<12}{:>14}{:>14}{:>10}{:>10}{:>9}{:>9}{:>9}";
  std::string text = paint(fmt::format(row, "arm", "CPU ns/message", "messages/s", "CPU busy",
                                       "RTT p50", "p90", "p99", "p99.9 us"),
                           ink::dim, color) +
                     '\n';
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const latency_summary& trip = summary.round_trips[i];
    text += fmt::format(row, arms[i].name, whole(summary.cpu.figures[i]),
                        whole(summary.throughput.figures[i]), percent(summary.server_busy[i]),
                        us(trip.p50_ns), us(trip.p90_ns), us(trip.p99_ns), us(trip.p99_9_ns)) +
            '\n';
  }
  return text;
}

struct worded {
  std::string text;
  ink with = ink::plain;
};

worded verdict_words(const comparison& ratio, bool is_control) {
  if (is_control)
    return ratio.bounds ? worded{"noise floor", ink::dim} : worded{"insufficient", ink::yellow};
  const char* small = within_margin(ratio) ? ", < 3 %" : "";
  switch (ratio.decision) {
    case verdict::faster: return {fmt::format("faster{}", small), ink::green};
    case verdict::slower: return {fmt::format("slower{}", small), ink::red};
    case verdict::equal: return {"equal to 3 %", ink::green};
    case verdict::not_resolved: return {"NOT RESOLVED", ink::yellow};
    case verdict::insufficient: break;
  }
  return {"insufficient", ink::yellow};
}

/// Ratio, interval and verdict; padded for a column to follow if `width` is not 0.
std::string ratio_columns(const std::optional<comparison>& ratio, bool is_control,
                          std::string_view mark, std::size_t width, bool color) {
  if (!ratio) return fmt::format("{:<{}}", "    not measured", width);
  const std::string bounds =
      ratio->bounds ? fmt::format("{:.3f} .. {:.3f}", ratio->bounds->low, ratio->bounds->high)
                    : none;
  const worded words = verdict_words(*ratio, is_control);
  const std::string start = fmt::format("{:>7.3f}{:<1} {:<14}  ", ratio->ratio, mark, bounds);
  const std::size_t used = start.size() + words.text.size();
  return start + paint(words.text, words.with, color) +
         std::string(width > used ? width - used : 0, ' ');
}

std::string ratios_table(const cell_result& cell, const cell_summary& summary,
                         const std::vector<arm>& arms, bool color) {
  constexpr const char* over = "  {:<12}{:<41}{}";
  constexpr std::size_t column_width = 41;
  constexpr const char* columns = "  ratio  interval        verdict";
  std::string text =
      paint(fmt::format(over, "", "  CPU per message", "  messages per second"), ink::dim, color) +
      '\n' + paint(fmt::format(over, "against raw", columns, columns), ink::dim, color) + '\n';
  for (std::size_t i = 1; i < arms.size(); ++i) {
    const bool is_control = arms[i].name == control_name;
    text += fmt::format(over, arms[i].name,
                        ratio_columns(summary.cpu.ratios[i], is_control, "", column_width, color),
                        ratio_columns(summary.throughput.ratios[i], is_control,
                                      is_loader_bound(cell, summary, i) ? "~" : "", 0, color)) +
            '\n';
  }
  return text;
}

std::vector<std::string> unresolved_arms(const metric_summary& metric,
                                         const std::vector<arm>& arms) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < arms.size(); ++i) {
    const auto& ratio = metric.ratios[i];
    if (arms[i].name == control_name || !ratio) continue;
    if (ratio->decision == verdict::not_resolved) names.push_back(arms[i].name);
  }
  return names;
}

std::string rounds_note(const cell_summary& summary) {
  std::string text = fmt::format("{} blocks, {} rounds", summary.blocks, summary.rounds);
  if (summary.kept_rounds == summary.rounds) return text + ", all kept";
  std::vector<std::string> reasons;
  reasons.reserve(summary.dropped_by.size());
  for (const auto& [gate, count] : summary.dropped_by)
    reasons.push_back(fmt::format("{} {}", gate, count));
  return text + fmt::format("; {} rounds dropped ({})", summary.rounds - summary.kept_rounds,
                            fmt::join(reasons, ", "));
}

std::string environment_line(const char* name, const std::string& value) {
  return fmt::format("  {:<11}{}\n", name, value);
}

}  // namespace

bool is_loader_bound(const cell_result& cell, const cell_summary& summary, std::size_t arm) {
  if (cell.what.same_core) return false;
  return std::min(summary.server_busy[arm].value_or(1), summary.server_busy[0].value_or(1)) <
         busy_server;
}

std::vector<std::string> objections(const cell_result& cell, const cell_summary& summary,
                                    const std::vector<arm>& arms) {
  std::vector<std::string> notes = cell.warnings;
  if (!cell.where.warning.empty()) notes.push_back(cell.where.warning);
  if (!cell.failure.empty()) notes.emplace_back("this cell broke off: " + cell.failure);
  if (summary.indicative && summary.blocks > 0) {
    notes.emplace_back(
        "no round passed the gates: these figures are of disturbed rounds, take them as a hint");
  }
  if (summary.kept_blocks < summary.blocks_needed) {
    notes.push_back(fmt::format(
        "insufficient: {} usable blocks, {} are needed for an interval; more --blocks{}",
        summary.kept_blocks, summary.blocks_needed,
        summary.kept_rounds < summary.rounds ? ", or a quieter machine" : ""));
  }
  if (summary.rounds > 0 && summary.kept_rounds * 2 < summary.rounds) {
    notes.emplace_back(
        "more than half of the rounds were dropped: this machine is busy with something else");
  }
  for (const metric_summary* metric : {&summary.cpu, &summary.throughput}) {
    const std::string name = metric == &summary.cpu ? "CPU per message" : "messages per second";
    if (metric->floor && !metric->floor->contains(1)) {
      notes.push_back(fmt::format(
          "{}: raw' differs from raw, which is the same binary: distrust this cell", name));
    }
    if (const auto open = unresolved_arms(*metric, arms); !open.empty()) {
      notes.push_back(fmt::format(
          "{}: not resolved to the 3 % wanted: {}; more --blocks narrow interval and noise floor",
          name, fmt::join(open, ", ")));
    }
  }
  return notes;
}

std::string machine_text(const environment& e, bool color) {
  const auto line = environment_line;
  return paint("Environment", ink::bold, color) + '\n' +
         line("kernel",
              fmt::format("{}, {}, clock {}", e.kernel, e.virtualisation, e.clock_source)) +
         line("CPU", fmt::format("{}; allowed: {}", e.cpu_model, cpu_numbers(e.allowed_cpus))) +
         line("compiler",
              fmt::format("{}, {}: {}", e.compiler, e.build_type, without_warnings(e.flags))) +
         line("duet",
              fmt::format("{}, revision {}; Asio {}", e.duet_version, e.revision, e.asio_version)) +
         line("load", fmt::format("{} at the start, {}", e.load_before, e.started_at));
}

std::string environment_text(const environment& e, const arm_settings& settings, bool color) {
  const auto line = environment_line;
  return machine_text(e, color) +
         line(
             "fairness",
             fmt::format("TCP_NODELAY, {} (system default {}), read buffer {} B; of "
                         "datagrams receive buffer {} B as far as allowed; same flags for all arms",
                         settings.congestion_control, e.default_congestion_control,
                         settings.buffer_bytes, settings.receive_buffer_bytes)) +
         line("scope", "loopback: the software path only, no network card");
}

std::string cell_text(const cell_result& cell, const cell_summary& summary,
                      const std::vector<arm>& arms, bool color) {
  std::string text = fmt::format("{}  {} ({})\n", paint(cell.what.scenario, ink::bold, color),
                                 cell.what.description(), where_text(cell.where));
  if (cell.skipped) return text + paint("  skipped: " + cell.failure, ink::yellow, color) + '\n';
  if (summary.blocks > 0) {
    text += '\n' + figures_table(summary, arms, color);
    text += '\n' + ratios_table(cell, summary, arms, color) + '\n';
  }
  text += paint("  " + rounds_note(summary), ink::dim, color) + '\n';
  for (std::size_t i = 1; i < arms.size() && summary.blocks > 0; ++i) {
    if (!is_loader_bound(cell, summary, i)) continue;
    text += paint(
                "  ~ a server core was under 97 % busy: the loader sets this throughput, CPU per "
                "message decides",
                ink::dim, color) +
            '\n';
    break;
  }
  for (const auto& note : objections(cell, summary, arms)) {
    text += paint("  ! " + note, ink::yellow, color) + '\n';
  }
  return text;
}

std::string legend_text(std::size_t comparisons, bool color) {
  return paint(fmt::format("Ratios are paired in the round; medians in the block; exact sign-test "
                           "intervals over blocks, 95 % shared\n"
                           "by the {} comparisons of a column. raw' is raw again: its interval is "
                           "the noise floor. \"faster\" and\n"
                           "\"slower\" need an interval without 1 and a ratio outside that floor; "
                           "else it is equal or not resolved.",
                           comparisons),
               ink::dim, color) +
         '\n';
}

}  // namespace duet::bench

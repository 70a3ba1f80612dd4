// SPDX-License-Identifier: MIT
// The sections of the cells. See html_parts.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "arms/catalogue.hpp"
#include "report/document.hpp"
#include "report/html_parts.hpp"
#include "report/summary_md.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

/// Calls rarer than one in 200 messages go into no column.
constexpr double least_per_message = 0.005;

std::string whole_cell(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f}", *value) : "–";
}

std::string us_or_dash(const std::optional<double>& ns) {
  return ns ? fmt::format("{:.1f}", *ns / 1000) : "–";
}

std::string ratio_cells(const json& cell, const std::string& arm, const char* metric) {
  const compared c = compared_in(cell, arm, metric);
  const std::string ratio = c.ratio ? fmt::format("{:.3f}", *c.ratio) : "";
  const std::string bounds = c.low && c.high ? fmt::format("{:.3f} … {:.3f}", *c.low, *c.high) : "";
  return fmt::format(
      "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"v "
      "{}\">{}</td>",
      whole_cell(c.figure), ratio, bounds, escaped(arm == control_name ? std::string() : c.verdict),
      escaped(verdict_in_words(cell, arm, metric)));
}

std::string figures_html(const json& document, const json& cell) {
  std::string text =
      "<div class=\"wide\"><table>\n<thead><tr><th></th><th colspan=\"4\">CPU ns a message, of the "
      "server</th>"
      "<th colspan=\"4\">messages a second</th><th colspan=\"4\">round trip, µs</th></tr>\n"
      "<tr><th>arm</th><th></th><th>to raw</th><th>95 %</th><th></th><th></th><th>to "
      "raw</th><th>95 %</th>"
      "<th></th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th></tr></thead>\n<tbody>\n";
  for (const std::string& arm : arm_names(document)) {
    const json& trip =
        object_in(object_in(object_in(object_in(cell, "summary"), "arms"), arm), "round_trip_ns");
    text += fmt::format("<tr><th scope=\"row\">{}</th>{}{}", escaped(arm),
                        ratio_cells(cell, arm, cpu_metric), ratio_cells(cell, arm, rate_metric));
    for (const char* name : {"p50", "p90", "p99", "p99_9"})
      text += fmt::format("<td class=\"n\">{}</td>", us_or_dash(number_in(trip, name)));
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::set<std::string> call_names(const json& counts) {
  std::set<std::string> names;
  for (const json& each : counts) {
    const double messages = number_in(each, "messages").value_or(0);
    for (const auto& [name, count] : object_in(each, "calls").items()) {
      if (name != "all" && messages > 0 && count.get<double>() / messages >= least_per_message)
        names.insert(name);
    }
  }
  return names;
}

std::string per_message(const json& counts, const char* name) {
  const auto value = number_in(counts, name);
  if (value) return fmt::format("{:.4g}", *value);
  const std::string reason = text_in(object_in(counts, "reasons"), name);
  return reason.empty() ? "–"
                        : fmt::format("<span title=\"{}\">not measured</span>", escaped(reason));
}

std::string counts_html(const json& document, const json& cell) {
  const json& counts = object_in(cell, "counts");
  if (counts.empty()) return {};
  const auto names = call_names(counts);
  std::string text =
      "<h3>Counts a message</h3>\n<div class=\"wide\"><table>\n<thead><tr><th>arm</th><th>system "
      "calls</th>";
  for (const std::string& name : names) text += fmt::format("<th>{}</th>", escaped(name));
  text += "<th>switches</th><th>allocations</th><th>user instructions</th></tr></thead>\n<tbody>\n";
  for (const std::string& arm : arm_names(document)) {
    const json& each = object_in(counts, arm);
    const double messages = number_in(each, "messages").value_or(0);
    if (each.empty() || messages <= 0) continue;
    text += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(arm));
    const std::string reason = text_in(each, "not_measured");
    const json& calls = object_in(each, "calls");
    if (reason.empty()) {
      text += fmt::format("<td class=\"n\">{:.2f}</td>",
                          number_in(calls, "all").value_or(0) / messages);
      for (const std::string& name : names)
        text += fmt::format("<td class=\"n\">{:.2f}</td>",
                            number_in(calls, name).value_or(0) / messages);
    } else {
      text += fmt::format("<td colspan=\"{}\">not measured: {}</td>", names.size() + 1,
                          escaped(reason));
    }
    for (const char* name : {"voluntary_switches_per_message", "allocations_per_message",
                             "user_instructions_per_message"})
      text += fmt::format("<td class=\"n\">{}</td>", per_message(each, name));
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string chart(std::size_t cell, const char* kind, const char* title) {
  return fmt::format(
      "<figure><figcaption>{}</figcaption><div class=\"chart {}\"><canvas data-cell=\"{}\" "
      "data-chart=\"{}\" "
      "role=\"img\" aria-label=\"{}\"></canvas></div></figure>\n",
      title, kind, cell, kind, title);
}

std::string charts_html(std::size_t index, const json& cell) {
  std::string text = "<div class=\"charts\">\n";
  text += chart(index, "forest", "Ratio to raw with its interval; grey: the noise floor");
  text += chart(index, "ladder", "CPU ns a message, from the barest loop up");
  text += chart(index, "latency", "Round trips by percentile");
  text += chart(index, "rounds", "CPU a message to raw, round by round; crosses were dropped");
  if (!object_in(cell, "counts").empty())
    text += chart(index, "calls", "System calls a message, by name");
  return text + "</div>\n";
}

std::string cell_html(const json& document, std::size_t index, const json& cell) {
  std::string text =
      fmt::format("<section id=\"cell-{}\">\n<h2>{}</h2>\n<p>{}</p>\n", index,
                  escaped(text_in(cell, "id")), escaped(text_in(cell, "description")));
  if (cell.value("skipped", false))
    return text + fmt::format("<p class=\"note\">Skipped: {}</p>\n</section>\n",
                              escaped(text_in(cell, "failure")));
  const json& summary = object_in(cell, "summary");
  for (const std::string& note : notes_in(cell))
    text += fmt::format("<p class=\"note\">{}</p>\n", escaped(note));
  if (number_in(summary, "blocks").value_or(0) > 0)
    text += figures_html(document, cell) + charts_html(index, cell);
  text += counts_html(document, cell);
  const json& ladder = object_in(cell, "ladder");
  if (!ladder.empty()) text += "<h3>Where the cost comes from</h3>\n<ul>\n";
  for (const json& step : ladder)
    text += fmt::format("<li>{} to {}: {}</li>\n", escaped(text_in(step, "from")),
                        escaped(text_in(step, "to")), escaped(text_in(step, "sentence")));
  if (!ladder.empty()) text += "</ul>\n";
  for (const json& line : object_in(cell, "sanity"))
    text += fmt::format("<p>sanity: {} {}: {}</p>\n", escaped(text_in(line, "tool")),
                        escaped(text_in(line, "version")), escaped(text_in(line, "text")));
  std::string dropped;
  for (const auto& [gate, count] : object_in(summary, "dropped_by").items())
    dropped += fmt::format("; {} {}", escaped(gate), count.dump());
  return text +
         fmt::format("<p class=\"small\">{} blocks, {} rounds, {} of them kept{}</p>\n</section>\n",
                     summary.value("blocks", 0), summary.value("rounds", 0),
                     summary.value("kept_rounds", 0), dropped);
}

}  // namespace

std::string cells_html(const json& document) {
  const json& cells = object_in(document, "cells");
  std::string text = "<nav><ul>\n";
  std::size_t index = 0;
  for (const json& cell : cells)
    text += fmt::format("<li><a href=\"#cell-{}\">{}</a></li>\n", index++,
                        escaped(text_in(cell, "id")));
  text +=
      "<li><a href=\"#method\">Method</a></li><li><a "
      "href=\"#environment\">Environment</a></li>\n</ul></nav>\n";
  index = 0;
  for (const json& cell : cells) text += cell_html(document, index++, cell);
  return text;
}

}  // namespace duet::bench

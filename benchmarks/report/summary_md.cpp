// SPDX-License-Identifier: MIT
// See summary_md.hpp.
#include "report/summary_md.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arms/catalogue.hpp"
#include "report/document.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

std::string ratio_markdown(const compared& c) {
  if (!c.ratio) return "-";
  if (!c.low || !c.high) return fmt::format("{:.3f}", *c.ratio);
  return fmt::format("{:.3f} ({:.3f} .. {:.3f})", *c.ratio, *c.low, *c.high);
}

std::string whole_markdown(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f}", *value) : "-";
}

std::string us_markdown(const std::optional<double>& ns) {
  return ns ? fmt::format("{:.1f}", *ns / 1000) : "-";
}

std::string cell_markdown(const json& document, const json& cell) {
  std::string text =
      "| arm | CPU ns/message | to raw | | messages/s | to raw | | p50 us | p99 us | p99.9 us |\n"
      "|---|---:|---|---|---:|---|---|---:|---:|---:|\n";
  for (const std::string& arm : arm_names(document)) {
    const compared cpu = compared_in(cell, arm, cpu_metric);
    const compared rate = compared_in(cell, arm, rate_metric);
    const json& trip =
        object_in(object_in(object_in(object_in(cell, "summary"), "arms"), arm), "round_trip_ns");
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", arm,
                        whole_markdown(cpu.figure), ratio_markdown(cpu),
                        verdict_in_words(cell, arm, cpu_metric), whole_markdown(rate.figure),
                        ratio_markdown(rate), verdict_in_words(cell, arm, rate_metric),
                        us_markdown(number_in(trip, "p50")), us_markdown(number_in(trip, "p99")),
                        us_markdown(number_in(trip, "p99_9")));
  }
  return text;
}

std::string counts_markdown(const json& document, const json& cell) {
  const json& counts = object_in(cell, "counts");
  if (counts.empty()) return {};
  std::string text = "\n| arm | system calls/message | by name |\n|---|---:|---|\n";
  for (const std::string& arm : arm_names(document)) {
    const json& each = object_in(counts, arm);
    const auto messages = number_in(each, "messages");
    if (each.empty() || !messages || *messages <= 0) continue;
    if (const std::string reason = text_in(each, "not_measured"); !reason.empty()) {
      text += fmt::format("| {} | - | not measured: {} |\n", arm, reason);
      continue;
    }
    const json& calls = object_in(each, "calls");
    std::string names;
    for (const auto& [name, count] : calls.items()) {
      const double per_message = count.get<double>() / *messages;
      if (name != "all" && per_message >= 0.005)
        names += fmt::format("{}{} {:.2f}", names.empty() ? "" : ", ", name, per_message);
    }
    text += fmt::format("| {} | {:.2f} | {} |\n", arm,
                        number_in(calls, "all").value_or(0) / *messages, names);
  }
  return text;
}

std::string cell_section(const json& document, const json& cell) {
  std::string text =
      fmt::format("\n## {}\n\n{}\n\n", text_in(cell, "id"), text_in(cell, "description"));
  if (cell.value("skipped", false))
    return text + fmt::format("Skipped: {}\n", text_in(cell, "failure"));
  const json& summary = object_in(cell, "summary");
  if (number_in(summary, "blocks").value_or(0) > 0) text += cell_markdown(document, cell);
  text += counts_markdown(document, cell);
  for (const json& step : object_in(cell, "ladder"))
    text += fmt::format("\n{} to {}: {}\n", text_in(step, "from"), text_in(step, "to"),
                        text_in(step, "sentence"));
  for (const json& line : object_in(cell, "sanity"))
    text += fmt::format("\nsanity: {} {}: {}\n", text_in(line, "tool"), text_in(line, "version"),
                        text_in(line, "text"));
  text += fmt::format("\n{} blocks, {} rounds, {} of them kept.\n", summary.value("blocks", 0),
                      summary.value("rounds", 0), summary.value("kept_rounds", 0));
  for (const std::string& note : notes_in(cell)) text += fmt::format("\n**{}**\n", note);
  return text;
}

}  // namespace

std::string verdict_in_words(const json& cell, const std::string& arm, const std::string& metric) {
  const compared c = compared_in(cell, arm, metric);
  if (!c.ratio) return arm == reference_name ? "" : "not measured";
  if (arm == control_name) return c.low ? "noise floor" : "insufficient";
  const json& arms = object_in(object_in(cell, "summary"), "arms");
  const json& to_raw = object_in(object_in(object_in(arms, arm), metric), "to_raw");
  const bool is_small = to_raw.value("within_3_percent", false);
  std::string text = c.verdict;
  if (text == "equal") text = "equal to 3 %";
  if ((text == "faster" || text == "slower") && is_small) text += ", < 3 %";
  const json& bound = object_in(cell, "loader_bound");
  const bool is_bound = std::find(bound.begin(), bound.end(), arm) != bound.end();
  return metric == rate_metric && is_bound ? text + " ~" : text;
}

std::vector<std::string> caveats(const json& document) {
  std::size_t columns = 0;
  bool any_bound = false;
  for (const json& cell : object_in(document, "cells")) {
    for (const char* metric : {cpu_metric, rate_metric}) {
      const json& floor = object_in(object_in(object_in(cell, "summary"), "floor"), metric);
      columns += floor.empty() ? 0 : 1;
    }
    any_bound = any_bound || !object_in(cell, "loader_bound").empty();
  }
  std::vector<std::string> result{
      "Loopback has no network card: this is the software path only.",
      "Ratios are paired in the round, medians in the block, exact sign-test intervals over "
      "blocks, "
      "95 % shared by the comparisons of a column (Bonferroni). raw' is the same binary as raw: "
      "its "
      "interval is the noise floor. A ratio is faster or slower only if its interval leaves out 1 "
      "and it lies outside of that floor; it is equal only if the interval lies within 3 %."};
  if (columns > 0) {
    result.push_back(fmt::format(
        "Of {} columns of intervals, {:.2g} at the most are expected to miss the truth by chance.",
        columns, 0.05 * static_cast<double>(columns)));
  }
  if (any_bound) {
    result.emplace_back(
        "~ a server core was under 97 % busy: the loader sets this throughput, CPU per message "
        "decides.");
  }
  return result;
}

std::string summary_markdown(const json& document) {
  const json& e = object_in(document, "environment");
  const json& plan = object_in(document, "plan");
  std::string text = fmt::format(
      "# duet-bench: Asio against raw sockets\n\n"
      "{}; {} ({} CPUs); {}, {}; duet {}, revision {}; Asio {}; {}; seed {}.\n",
      text_in(e, "kernel"), text_in(e, "cpu_model"), object_in(e, "allowed_cpus").size(),
      text_in(e, "compiler"), text_in(e, "build_type"), text_in(e, "duet_version"),
      text_in(e, "revision"), text_in(e, "asio_version"), text_in(e, "started_at"),
      plan.value("seed", std::uint64_t{0}));
  if (!document.value("complete", false)) text += "\n**This run is not complete.**\n";
  for (const json& cell : object_in(document, "cells")) text += cell_section(document, cell);
  text += "\n## How to read this\n\n";
  for (const std::string& each : caveats(document)) text += fmt::format("* {}\n", each);
  return text;
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// The parts of the page that are alike in every report, and what is said about machine and method. See html_parts.hpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/document.hpp"
#include "report/html_parts.hpp"
#include "report/page_text.hpp"
#include "report/summary_md.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

std::string row(const std::string& name, const std::string& value) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name),
                     escaped(value));
}

std::string plain(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? fmt::format("{:.4g}", value.get<double>()) : value.dump();
}

std::string facts_table(const std::string& title, const json& facts) {
  if (facts.empty()) return {};
  std::string text = fmt::format("<h3>{}</h3>\n<table class=\"facts\">\n", title);
  for (const auto& [name, value] : facts.items()) text += row(name, plain(value));
  return text + "</table>\n";
}

std::string machine_table(const json& e) {
  std::string text = "<table class=\"facts\">\n";
  const std::pair<const char*, const char*> names[] = {{"host", "Host"},
                                                       {"kernel", "Kernel"},
                                                       {"cpu_model", "CPU"},
                                                       {"virtualisation", "Virtualisation"},
                                                       {"memory", "Memory"},
                                                       {"clock_source", "Clock source"},
                                                       {"compiler", "Compiler"},
                                                       {"build_type", "Build"},
                                                       {"flags", "Flags"},
                                                       {"libraries", "Libraries"},
                                                       {"duet_version", "duet"},
                                                       {"revision", "Revision"},
                                                       {"asio_version", "Asio"},
                                                       {"started_at", "Started"},
                                                       {"load_before", "Load before"},
                                                       {"load_after", "Load after"}};
  for (const auto& [name, title] : names) text += row(title, text_in(e, name));
  if (const auto steal = number_in(e, "steal_ns"))
    text += row("Stolen by the hypervisor", fmt::format("{:.0f} ms", *steal / 1e6));
  return text + "</table>\n";
}

std::string fairness_html(const json& document) {
  const json& plan = object_in(document, "plan");
  const json& e = object_in(document, "environment");
  std::string text = fmt::format(
      "<h2 id=\"fairness\">Fairness contract</h2>\n<p>The same for every arm: payloads handled "
      "alike; TCP_NODELAY; "
      "congestion control {} on listener and client (the system's default is {}); a read buffer of "
      "{} B; for "
      "datagrams a receive buffer of {} B as far as the kernel allows; compiler flags; the way a "
      "connection is "
      "closed. The raw arm passes the same conformance suite as the Asio arm.</p>\n<table "
      "class=\"facts\">\n",
      escaped(text_in(plan, "congestion_control")),
      escaped(text_in(e, "default_congestion_control")), plain(plan.value("buffer_bytes", json())),
      plain(plan.value("datagram_receive_buffer_bytes", json())));
  for (const json& arm : object_in(document, "arms"))
    text += row(text_in(arm, "name"), text_in(arm, "summary"));
  return text + "</table>\n";
}

std::string method_html(const json& document) {
  const json& plan = object_in(document, "plan");
  const auto number = [&](const char* name) { return plain(plan.value(name, json())); };
  std::string text = fmt::format(
      "<h2 id=\"method\">Method</h2>\n<p>One process for each arm, all started before a block and "
      "asleep when it is "
      "not their turn; a loader drives one of them for a slot of {} ms, the first {} ms of which "
      "count for nothing. "
      "A round is a slot of each arm; a block {} Latin square(s) of rounds with one set of "
      "processes, from a random "
      "permutation (seed {}); {} blocks a cell. A round in which the machine did something else is "
      "dropped for all "
      "arms, counted, and kept in result.json.</p>\n<ul>\n",
      number("slot_ms"), number("warm_up_ms"), number("squares_per_block"), number("seed"),
      number("blocks"));
  for (const std::string& each : caveats(document))
    text += fmt::format("<li>{}</li>\n", escaped(each));
  return text + "</ul>\n";
}

}  // namespace

std::string_view page_style() { return page_text::style; }
std::string_view page_script() { return page_text::script; }

std::string about_html(const json& document) {
  const json& e = object_in(document, "environment");
  return "<section>\n" + method_html(document) + fairness_html(document) +
         "<h2 id=\"environment\">Environment</h2>\n" + machine_table(e) +
         facts_table("Probes of the machine", object_in(e, "probes")) +
         "<details><summary>Sysctls, limits, mitigations</summary>\n" +
         facts_table("Sysctls", object_in(e, "sysctls")) +
         facts_table("Limits", object_in(e, "limits")) +
         facts_table("Mitigations", object_in(e, "mitigations")) +
         "</details>\n<h2>Files</h2>\n<p>Beside this page: result.json has every slot of every "
         "round, rounds.csv the "
         "same as a table, compare.csv the ratios, summary.md the tables, hgrm/ the round trips "
         "for HdrHistogram's "
         "plotter.</p>\n</section>\n";
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// duet-bench report and compare: what is made of results that are there.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "commands.hpp"
#include "harness/result_json.hpp"
#include "harness/terminal.hpp"
#include "report/compare.hpp"
#include "report/document.hpp"
#include "report/files.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json number_json(const std::optional<double>& value) { return value ? json(*value) : json(); }

std::string ratio_words(const std::optional<double>& ratio, const std::optional<double>& low,
                        const std::optional<double>& high) {
  if (!ratio) return "-";
  if (!low || !high) return fmt::format("{:.3f}", *ratio);
  return fmt::format("{:.3f} ({:.3f} .. {:.3f})", *ratio, *low, *high);
}

void print_change_lines(const result_change& found) {
  for (const ratio_change& each : found.ratios) {
    print_line({{"type", "ratio"},
                {"id", each.cell},
                {"arm", each.arm},
                {"metric", each.metric},
                {"older", number_json(each.older)},
                {"newer", number_json(each.newer)},
                {"change", to_string(each.what)}});
  }
  for (const count_change& each : found.counts) {
    print_line({{"type", "count"},
                {"id", each.cell},
                {"arm", each.arm},
                {"name", each.name},
                {"older", each.older},
                {"newer", each.newer},
                {"gated", each.gated},
                {"risen", each.risen}});
  }
  print_line({{"type", "end"},
              {"compatible", found.compatible ? json(*found.compatible) : json()},
              {"arms_counted", found.counted},
              {"only_in_one", found.only_in_one}});
}

ink ink_of(change what) {
  switch (what) {
    case change::better: return ink::green;
    case change::worse:
    case change::contradicts: return ink::red;
    case change::unknown: return ink::yellow;
    case change::same: break;
  }
  return ink::plain;
}

void print_change_table(const result_change& found, bool color) {
  std::string cell;
  for (const ratio_change& each : found.ratios) {
    if (each.cell != cell) {
      cell = each.cell;
      fmt::print("{}\n", paint(cell, ink::bold, color));
    }
    fmt::print("  {:<12}{:<20}{:<26}{:<26}{}\n", each.arm, each.metric,
               ratio_words(each.older, each.older_low, each.older_high),
               ratio_words(each.newer, each.newer_low, each.newer_high),
               paint(to_string(each.what), ink_of(each.what), color));
  }
  if (found.counted == 0) {
    fmt::print("\nNo arm has counts in both: nothing to say of them\n");
  } else if (found.counts.empty()) {
    fmt::print("\nThe counts of {} arms are the same\n", found.counted);
  } else {
    fmt::print("\nCounts a message\n");
  }
  for (const count_change& each : found.counts) {
    fmt::print("  {} {} {}: {:.3f}, now {:.3f}{}\n", each.cell, each.arm, each.name, each.older,
               each.newer,
               each.risen ? paint("  RISEN", ink::red, color)
                          : std::string(each.gated ? "" : "  (hangs on scheduling: no gate)"));
  }
  for (const std::string& each : found.only_in_one) fmt::print("  {}\n", each);
  if (!found.compatible) {
    fmt::print("\nNo ratio has an interval in both: whether the results agree is open\n");
    return;
  }
  fmt::print(
      "\nThe results are {}compatible (no cell faster in one and slower in the other, 95 % of the "
      "intervals overlap)\n",
      *found.compatible ? "" : "not ");
}

}  // namespace

int compare_command(const options& o) {
  json older, newer;
  try {
    older = load_result(o.older);
    newer = load_result(o.newer);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return exit_usage;
  }
  const auto unlike = unlike_results(older, newer);
  if (!unlike.empty() && !o.force) {
    fmt::print(stderr, "duet-bench: the results are unlike ({}); --force compares them anyway\n",
               fmt::join(unlike, "; "));
    return exit_usage;
  }
  for (const std::string& each : unlike) fmt::print(stderr, "unlike: {}\n", each);
  const result_change found = compare_results(older, newer, o.tolerance_percent);
  if (o.json) {
    print_change_lines(found);
  } else {
    print_change_table(found, use_color(o.color, STDOUT_FILENO));
  }
  const bool has_risen = std::any_of(found.counts.begin(), found.counts.end(),
                                     [](const count_change& each) { return each.risen; });
  return has_risen ? exit_mismatch : 0;
}

int report_command(const options& o) {
  json document;
  fs::path folder;
  try {
    document = load_result(o.report_of);
    folder = !o.out.empty()                  ? fs::path(o.out)
             : fs::is_directory(o.report_of) ? fs::path(o.report_of)
                                             : fs::path(o.report_of).parent_path();
    if (!o.out.empty()) fs::create_directories(folder);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return exit_usage;
  }
  const written files = write_report_files(document, folder);
  for (const std::string& problem : files.problems) fmt::print(stderr, "duet-bench: {}\n", problem);
  for (const std::string& remark : files.remarks) fmt::print(stderr, "{}\n", remark);
  for (const std::string& name : files.names) {
    if (o.json) {
      print_line({{"type", "file"}, {"path", (folder / name).string()}});
    } else {
      fmt::print("{}\n", (folder / name).string());
    }
  }
  if (files.names.empty()) return exit_failed;
  return files.problems.empty() ? 0 : exit_partly_failed;
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See files.hpp.
#include "report/files.hpp"

#include <fmt/format.h>

#include <exception>
#include <functional>

#include "harness/output.hpp"
#include "report/csv.hpp"
#include "report/document.hpp"
#include "report/hgrm.hpp"
#include "report/html.hpp"
#include "report/summary_md.hpp"

namespace duet::bench {

namespace fs = std::filesystem;

written write_report_files(const nlohmann::json& document, const fs::path& folder) {
  written result;
  const auto write = [&](const std::string& name, const std::function<std::string()>& text) {
    try {
      write_file(folder / name, text());
      result.names.push_back(name);
    } catch (const std::exception& error) {
      result.problems.push_back(fmt::format("{}: {}", name, error.what()));
    }
  };
  write("rounds.csv", [&] { return rounds_csv(document); });
  write("compare.csv", [&] { return compare_csv(document); });
  write("summary.md", [&] { return summary_markdown(document); });
  std::error_code ec;
  fs::create_directory(folder / "hgrm", ec);
  for (const hgrm_file& each : hgrm_files(document))
    write("hgrm/" + each.name, [&] { return each.text; });
  const chart_library library = find_chart_library();
  if (library.text.empty())
    result.remarks.push_back("report.html is without charts: " + library.reason);
  write("report.html", [&] { return report_html(document, library); });
  return result;
}

}  // namespace duet::bench

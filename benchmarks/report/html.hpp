// SPDX-License-Identifier: MIT
// A result as one HTML page that needs nothing else: tables, words and, where the library is installed, charts. It is
// complete without a script, too: the charts show what the tables say.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace duet::bench {

/// Chart.js, to be put into the page. @see chartjs.org; Debian: libjs-chart.js
struct chart_library {
  std::string text;    ///< empty: not found
  std::string reason;  ///< why it is not, and what to do
};

/// Where Debian installs it; the environment variable DUET_CHART_JS names another file.
chart_library find_chart_library();

std::string report_html(const nlohmann::json& document, const chart_library&);

}  // namespace duet::bench

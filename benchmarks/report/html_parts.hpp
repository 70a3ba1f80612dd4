// SPDX-License-Identifier: MIT
// What the page is put together from; for the files html*.cpp only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace duet::bench {

/// `text` as it may stand in an element or an attribute.
std::string escaped(std::string_view text);

/// JSON as it may stand in a script element: no "</".
std::string script_json(const nlohmann::json&);

/// The style sheet and the script of the page, from page/.
std::string_view page_style();
std::string_view page_script();

/// The sections of the cells, figures and verdicts in tables, a place for each chart.
std::string cells_html(const nlohmann::json& document);

/// What the charts draw, by the names that page/report.js reads.
nlohmann::json chart_data(const nlohmann::json& document);

/// Environment, method, fairness contract, files.
std::string about_html(const nlohmann::json& document);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See html.hpp.
#include "report/html.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/document.hpp"
#include "report/html_parts.hpp"

namespace duet::bench {

namespace {

using nlohmann::json;

constexpr const char* debian_place = "/usr/share/javascript/chart.js/chart.min.js";

std::string library_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? std::move(text).str() : std::string();
}

std::string head_html(const json& document) {
  const json& e = object_in(document, "environment");
  std::string text = fmt::format(
      "<header><h1>duet-bench: Asio against raw sockets</h1>\n<p>{}, {} CPUs; {}; revision {}; "
      "{}</p>\n",
      escaped(text_in(e, "cpu_model")), object_in(e, "allowed_cpus").size(),
      escaped(text_in(e, "kernel")), escaped(text_in(e, "revision")),
      escaped(text_in(e, "started_at")));
  if (!document.value("complete", false))
    text +=
        "<p class=\"note\">This run is not complete: it was stopped, or a cell broke off.</p>\n";
  return text + "</header>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string script_json(const json& value) {
  std::string result;
  for (const char c : value.dump()) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

chart_library find_chart_library() {
  const char* wish = std::getenv("DUET_CHART_JS");
  const std::string file = wish && *wish != '\0' ? wish : debian_place;
  chart_library result{library_text(file), {}};
  if (result.text.find("</script") != std::string::npos) result.text.clear();
  if (result.text.empty()) {
    result.reason = fmt::format(
        "Chart.js was not found at {} (Debian: libjs-chart.js); with it, duet-bench report draws "
        "them",
        file);
  }
  return result;
}

std::string report_html(const json& document, const chart_library& library) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>duet-bench</title>\n<style>\n";
  page += page_style();
  page += "</style>\n</head>\n<body>\n" + head_html(document);
  if (library.text.empty())
    page += fmt::format("<p class=\"note\">This page is without charts: {}.</p>\n",
                        escaped(library.reason));
  page += cells_html(document) + about_html(document);
  if (!library.text.empty()) {
    page += fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n",
                        script_json(chart_data(document)));
    page += "<script>\n" + library.text + "\n</script>\n<script>\n";
    page += page_script();
    page += "</script>\n";
  }
  return page + "</body>\n</html>\n";
}

}  // namespace duet::bench

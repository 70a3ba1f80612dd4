// SPDX-License-Identifier: MIT
#include "echo/metrics_http.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace duet::apps::echo {
namespace {

std::string response(std::string_view status, std::string_view type, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      status, type, body.size(), body);
}

std::string error(std::string_view status) {
  return response(status, "text/plain; charset=utf-8", fmt::format("{}\n", status));
}

/// RFC 9112, 2.2: a line may end in a bare LF.
std::size_t end_of_head(std::string_view received) noexcept {
  return std::min(received.find("\r\n\r\n"), received.find("\n\n"));
}

}  // namespace

bool is_whole_request(std::string_view received) noexcept {
  return end_of_head(received) != received.npos || received.size() > largest_request_bytes;
}

std::string metrics_response(std::string_view request, std::string_view metrics) {
  if (end_of_head(request) == request.npos) return error("431 Request Header Fields Too Large");
  const std::string_view line = request.substr(0, request.find_first_of("\r\n"));
  const std::size_t method = line.find(' ');
  const std::size_t version = line.rfind(' ');
  if (method == line.npos || version == method || !line.substr(version + 1).starts_with("HTTP/1."))
    return error("400 Bad Request");
  const std::string_view target = line.substr(method + 1, version - method - 1);
  if (line.substr(0, method) != "GET" || target.substr(0, target.find('?')) != "/metrics")
    return error("404 Not Found");
  return response("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics);
}

}  // namespace duet::apps::echo

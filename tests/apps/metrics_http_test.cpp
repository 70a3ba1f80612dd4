// SPDX-License-Identifier: MIT
// metrics_http: requests and their responses, as text.
#include <doctest/doctest.h>

#include <string>

#include "echo/metrics_http.hpp"

using namespace duet::apps::echo;

namespace {

std::string status_of(const std::string& request) {
  const std::string all = metrics_response(request, "x 1\n");
  return all.substr(0, all.find("\r\n"));
}

}  // namespace

TEST_CASE("metrics http: a request is whole at its empty line") {
  CHECK_FALSE(is_whole_request(""));
  CHECK_FALSE(is_whole_request("GET /metrics HTTP/1.1\r\nHost: x\r\n"));
  CHECK(is_whole_request("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(is_whole_request("GET /metrics HTTP/1.0\n\n"));
  CHECK_FALSE(is_whole_request(std::string(largest_request_bytes, 'x')));
  CHECK(is_whole_request(std::string(largest_request_bytes + 1, 'x')));
}

TEST_CASE("metrics http: metrics are plain text of format 0.0.4") {
  CHECK(metrics_response("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "x 1\n") ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        "Content-Length: 4\r\nConnection: close\r\n\r\nx 1\n");
  CHECK(status_of("GET /metrics?name=x HTTP/1.0\n\n") == "HTTP/1.1 200 OK");
}

TEST_CASE("metrics http: everything else is an error that says what") {
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == "HTTP/1.1 404 Not Found");
  CHECK(status_of("GET /metricsx HTTP/1.1\r\n\r\n") == "HTTP/1.1 404 Not Found");
  CHECK(status_of("POST /metrics HTTP/1.1\r\n\r\n") == "HTTP/1.1 404 Not Found");
  CHECK(status_of("nonsense\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status_of("GET /metrics\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status_of("GET /metrics SPDY/3\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status_of("\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status_of(std::string(9000, 'x')) == "HTTP/1.1 431 Request Header Fields Too Large");
}

// SPDX-License-Identifier: MIT
// metrics_http: what `serve --metrics` answers to an HTTP request. As much of RFC 9112 as a scraper needs: one request a connection, GET
// /metrics, no body. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace duet::apps::echo {

/// A request whose head is longer is refused.
inline constexpr std::size_t largest_request_bytes = 8192;

/// Whether `received` has a whole head, up to its empty line, or is already more than a head may be.
bool is_whole_request(std::string_view received) noexcept;

/// The whole response. `metrics`: in Prometheus' text exposition format 0.0.4.
std::string metrics_response(std::string_view request, std::string_view metrics);

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// busy_retry: when to try again at a UNIX listener whose queue is full. Linux refuses such a connect with EAGAIN and tells nobody when there is
// room again; a blocking one sleeps for as long as it takes. It waits for nothing itself. Source: connect(2), unix(7).
#pragma once

#include <algorithm>
#include <chrono>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"

namespace duet::policy {

class busy_retry {
 public:
  /// Whether an attempt's error is one that passes when the listener accepts.
  [[nodiscard]] static bool is_busy(const endpoint& at, std::error_code error) noexcept {
    return at.is_unix() && is(error, std::errc::resource_unavailable_try_again);
  }

  /// How long to wait before the next attempt: 1 ms, twice that each time, 64 ms at most.
  [[nodiscard]] std::chrono::milliseconds next() noexcept {
    const std::chrono::milliseconds now = wait_;
    wait_ = std::min(wait_ * 2, longest);
    return now;
  }

 private:
  static constexpr std::chrono::milliseconds longest{64};
  std::chrono::milliseconds wait_{1};
};

}  // namespace duet::policy

// SPDX-License-Identifier: MIT
// token_bucket: a rate with a burst, in one number. It reads no clock. The number is when the bucket will be full again, as the generic cell
// rate algorithm keeps it (ITU-T I.371): nothing has to be refilled.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace duet::policy {

/// How many, and how many at once.
struct token_rate {
  std::uint32_t per_second = 10'000;  ///< Range: >= 1.
  std::uint32_t burst = 1'000;        ///< Range: >= 1.
};

class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes so many tokens, if there are as many; a bucket begins full. Time does not run backwards.
  [[nodiscard]] bool take(const token_rate& rate, time_point now,
                          std::uint32_t tokens = 1) noexcept {
    using std::chrono::nanoseconds;
    const nanoseconds each = nanoseconds(std::chrono::seconds(1)) / rate.per_second;
    const time_point full_at = std::max(full_at_, now) + each * tokens;
    if (full_at - now > each * rate.burst) return false;
    full_at_ = full_at;
    return true;
  }

 private:
  time_point full_at_{};
};

}  // namespace duet::policy

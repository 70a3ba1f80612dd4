// SPDX-License-Identifier: MIT
#include "echo/retry_pauses.hpp"

#include "support/exit_code.hpp"

namespace duet::apps::echo {
namespace {

constexpr backoff_limits pause_limits{std::chrono::milliseconds(100),
                                      std::chrono::milliseconds(5'000)};

bool may_help(std::error_code why) noexcept {
  const exit_code code = exit_code_of(why, exit_code::not_connected);
  return code == exit_code::not_connected || code == exit_code::timed_out ||
         code == exit_code::not_resolved;
}

}  // namespace

retry_pauses::retry_pauses(std::uint64_t retries)
    : left_(retries), backoff_(pause_limits), random_(std::random_device()()) {}

std::optional<std::chrono::nanoseconds> retry_pauses::next(std::error_code why) {
  if (left_ == 0 || !may_help(why)) return std::nullopt;
  --left_;
  return backoff_.next(std::uniform_real_distribution<double>(0.0, 1.0)(random_));
}

}  // namespace duet::apps::echo

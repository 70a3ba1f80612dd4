// SPDX-License-Identifier: MIT
// retry_pauses: whether a client that could not connect tries again, and after which pause.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <system_error>

#include "duet/policy/backoff.hpp"

namespace duet::apps::echo {

class retry_pauses {
 public:
  /// `retries`: how often in all.
  explicit retry_pauses(std::uint64_t retries);

  /// The pause before the next attempt: 100 ms and more, at most 5 s. None: no retry is left, or none could help: a name that does not exist.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next(std::error_code why);

 private:
  std::uint64_t left_;
  policy::backoff backoff_;
  std::minstd_rand random_;
};

}  // namespace duet::apps::echo

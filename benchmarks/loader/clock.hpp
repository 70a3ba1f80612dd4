// SPDX-License-Identifier: MIT
// The clock of the loader. @see clock_gettime(2)
#pragma once

#include <cstdint>
#include <ctime>

namespace duet::bench {

inline std::uint64_t now_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  constexpr std::uint64_t ns_per_s = 1'000'000'000;
  return static_cast<std::uint64_t>(now.tv_sec) * ns_per_s +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace duet::bench

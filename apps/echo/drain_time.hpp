// SPDX-License-Identifier: MIT
// drain_time: how long a stopping server lets its connections finish.
#pragma once

#include <chrono>

namespace duet::apps::echo {

inline constexpr std::chrono::seconds drain_time{10};

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// What this process' epoll instances watch. Source: proc_pid_fdinfo(5), "tfd:".
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

#include "descriptors.hpp"

namespace duet::test {

/// How many descriptors are registered, in all of them together.
inline std::size_t watched_by_epoll() {
  std::size_t count = 0;
  for (const auto& [fd, target] : open_descriptors()) {
    if (target != "anon_inode:[eventpoll]") continue;
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
    for (std::string line; std::getline(info, line);) count += line.starts_with("tfd:") ? 1 : 0;
  }
  return count;
}

}  // namespace duet::test

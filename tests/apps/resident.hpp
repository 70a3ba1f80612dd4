// SPDX-License-Identifier: MIT
// resident: how much memory a program has. Source: proc(5), VmRSS.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace duet::test {

/// In KiB; 0 if the kernel does not tell.
inline std::int64_t resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    std::int64_t value = 0;
    if (word == "VmRSS:" && status >> value) return value;
  }
  return 0;
}

}  // namespace duet::test

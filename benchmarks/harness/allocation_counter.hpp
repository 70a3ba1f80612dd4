// SPDX-License-Identifier: MIT
// Counts the allocations of another program from outside: it is started with a library in front of malloc (preload/count_allocations.cpp)
// that counts into memory shared with this process. Exact; a program that is linked statically, or has an allocator of its own, has no count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "duet/os/unique_fd.hpp"

namespace duet::bench {

class allocation_counter {
 public:
  /// @param library the path of the one to load
  /// @throws std::system_error if the kernel gives no memory to share
  explicit allocation_counter(std::string library);

  /// What to put in front of a command so that it is counted.
  [[nodiscard]] std::vector<std::string> prefix() const;
  /// So far; nothing while no program has loaded the library.
  [[nodiscard]] std::optional<std::uint64_t> read() const;

 private:
  std::string library_;
  os::unique_fd memory_;
};

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// What a relay may be told, and what it tells, as values. The relay is relay.hpp of either column.
#pragma once

#include <cstddef>
#include <cstdint>

namespace duet {

struct relay_options {
  /// Of memory for each direction while bytes are on their way. Range: >= 1.
  std::size_t buffer_bytes = 16384;

  /// Leave the bytes in the kernel, by splice(2) through a pipe for each direction, once a direction has filled its buffer: what little
  /// comes at a time costs fewer calls without. Where the kernel refuses, or has no descriptors for pipes, memory does.
  bool splice = true;
};

/// Bytes that were read from one stream and written to the other one.
struct relay_result {
  std::uint64_t first_to_second = 0;
  std::uint64_t second_to_first = 0;
  std::uint64_t spliced = 0;  ///< of both, what never was in this process's memory
  bool operator==(const relay_result&) const = default;
};

}  // namespace duet

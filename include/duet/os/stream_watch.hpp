// SPDX-License-Identifier: MIT
// stream_watch: what a stream tells of its traffic to whoever bounds it: a server's session. Not an observer: it is told of bytes, not of
// calls, and in every build of a program.
#pragma once

#include <cstddef>

namespace duet::os {

/// Called on the stream's thread, from within its operations.
class stream_watch {
 public:
  virtual void has_read(std::size_t bytes) noexcept = 0;
  virtual void has_written(std::size_t bytes) noexcept = 0;
  /// A write has found no room and waits, or somebody waits to write.
  virtual void write_waits() noexcept = 0;

 protected:
  ~stream_watch() = default;
};

}  // namespace duet::os

// SPDX-License-Identifier: MIT
// unique_fd: sole owner of a file descriptor, closed when the owner goes. It knows nothing of what the descriptor is.
// Source: close(2).
#pragma once

#include <utility>

#include "duet/os/sys.hpp"

namespace duet::os {

/// Owns one descriptor or none (-1). Move-only. Not thread-safe, like the descriptor number itself.
class unique_fd {
 public:
  constexpr unique_fd() noexcept = default;
  constexpr explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() { reset(); }

  [[nodiscard]] constexpr int get() const noexcept { return fd_; }
  constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

  /// Gives the descriptor up without closing it.
  [[nodiscard]] constexpr int release() noexcept { return std::exchange(fd_, -1); }

  /// Closes what is owned and owns `fd` instead. close(2)'s error is ignored: Linux frees the number in any case, so there
  /// is nothing to retry.
  void reset(int fd = -1) noexcept {
    if (const int old = std::exchange(fd_, fd); old >= 0) sys::close(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace duet::os

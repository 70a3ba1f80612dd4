// SPDX-License-Identifier: MIT
// socket_file: the file that a bound UNIX socket leaves in the file system, removed by the one who made it and only as long as it
// is the same file. Source: unix(7), stat(2).
#pragma once

#include <sys/types.h>

#include <string>

#include "duet/endpoint.hpp"

namespace duet::os {

/// Remembers the file of a socket that was just bound, and removes it when it goes. Move-only.
class socket_file {
 public:
  socket_file() noexcept = default;
  /// `bound` is where a socket has just been bound; abstract names and IP endpoints have no file.
  explicit socket_file(const endpoint& bound);
  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&& other) noexcept;
  ~socket_file() { remove(); }

  /// Unlinks the file if its device and inode are still those remembered, once.
  void remove() noexcept;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace duet::os

// SPDX-License-Identifier: MIT
#include "duet/os/socket_file.hpp"

#include <utility>

#include "duet/os/sys.hpp"

namespace duet::os {

socket_file::socket_file(const endpoint& bound) {
  if (!bound.is_unix() || bound.is_abstract() || bound.path().empty()) return;
  struct stat file {};
  if (sys::fstatat(AT_FDCWD, bound.path().c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) return;
  path_ = bound.path();
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

socket_file& socket_file::operator=(socket_file&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void socket_file::remove() noexcept {
  if (path_.empty()) return;
  struct stat file {};
  const bool there = sys::fstatat(AT_FDCWD, path_.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && file.st_dev == device_ && file.st_ino == inode_) sys::unlink(path_.c_str());
  path_.clear();
}

}  // namespace duet::os

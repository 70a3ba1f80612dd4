// SPDX-License-Identifier: MIT
#include "duet/os/socket_file.hpp"

#include <utility>

#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

constexpr mode_t permission_bits = 07777;

bool has_file(const endpoint& at) {
  return at.is_unix() && !at.is_abstract() && !at.path().empty();
}

/// Of the file itself, not of what a link leads to. False: there is none to be seen.
bool look_at(const std::string& path, struct stat& file) {
  return sys::fstatat(AT_FDCWD, path.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Whether a connect to the file is refused: then no socket is bound to it any more, of whatever type.
bool nobody_listens(const endpoint& at) {
  std::error_code ec;
  const socket_address address = to_socket_address(at, ec);
  const unique_fd probe(sys::socket(AF_UNIX, type_of(at) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (ec || !probe) return false;
  return sys::connect(probe.get(), &address.generic, address.size) != 0 && errno == ECONNREFUSED;
}

void remove_stale(flow& steps, const endpoint& at) {
  struct stat before {};
  struct stat now {};
  const std::string& path = at.path();
  if (!look_at(path, before) || !S_ISSOCK(before.st_mode) || !nobody_listens(at)) return;
  const bool same =
      look_at(path, now) && now.st_dev == before.st_dev && now.st_ino == before.st_ino;
  if (!same) return;
  const int result = sys::unlink(path.c_str());
  // If it cannot be removed, bind says so.
  flow(steps.watcher()).took("unlink", result, sys::outcome(result), [&] {
    return path + " (stale)";
  });
}

}  // namespace

bool prepare_socket_file(flow& steps, int fd, const endpoint& at, const socket_options& options) {
  if (!has_file(at)) return true;
  remove_stale(steps, at);
  if (!options.file_mode) return true;
  const int result = sys::fchmod(fd, *options.file_mode & permission_bits);
  return steps.took("fchmod", result, sys::outcome(result), [&] { return std::to_string(fd); });
}

bool socket_file::set_access(flow& steps, const socket_options& options) {
  if (path_.empty()) return true;
  const char* const path = path_.c_str();
  const auto text = [&] { return path_; };
  if (options.file_mode) {
    struct stat file {};
    const mode_t wanted = *options.file_mode & permission_bits;
    const bool cut = look_at(path_, file) && (file.st_mode & permission_bits) != wanted;
    const int result = cut ? sys::chmod(path, wanted) : 0;
    if (!steps.took("chmod", result, sys::outcome(result), text)) return false;
  }
  if (!options.file_owner && !options.file_group) return true;
  constexpr auto unchanged = static_cast<unsigned>(-1);
  const int result = sys::lchown(path, options.file_owner.value_or(unchanged),
                                 options.file_group.value_or(unchanged));
  return steps.took("lchown", result, sys::outcome(result), text);
}

socket_file::socket_file(const endpoint& bound) {
  struct stat file {};
  if (!has_file(bound) || !look_at(bound.path(), file)) return;
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
  if (look_at(path_, file) && file.st_dev == device_ && file.st_ino == inode_)
    sys::unlink(path_.c_str());
  path_.clear();
}

}  // namespace duet::os

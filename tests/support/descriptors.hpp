// SPDX-License-Identifier: MIT
// Which descriptors this process has open, with what they are, so that a test can say which one was left. Source: proc_pid_fd(5).
#pragma once

#include <dirent.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <string>

namespace duet::test {

/// Number to target ("socket:[1234]", "anon_inode:[eventpoll]").
using descriptor_map = std::map<int, std::string>;

/// Of the processes that have this folder in /proc: "self", or a number.
inline descriptor_map descriptors_in(const std::string& process) {
  descriptor_map found;
  DIR* const folder = opendir(("/proc/" + process + "/fd").c_str());
  if (folder == nullptr) return found;
  while (const dirent* const each = readdir(folder)) {
    const int fd = std::atoi(each->d_name);
    if (each->d_name[0] == '.' || (process == "self" && fd == dirfd(folder))) continue;
    std::array<char, 256> target{};
    const ssize_t size = readlinkat(dirfd(folder), each->d_name, target.data(), target.size() - 1);
    found.emplace(fd, std::string(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  }
  closedir(folder);
  return found;
}

inline descriptor_map open_descriptors() { return descriptors_in("self"); }
inline descriptor_map descriptors_of(pid_t process) {
  return descriptors_in(std::to_string(process));
}

/// What `now` has beyond `before`, as text; empty if nothing.
inline std::string opened_since(const descriptor_map& before,
                                const descriptor_map& now = open_descriptors()) {
  std::string text;
  for (const auto& [fd, target] : now) {
    if (!before.contains(fd)) text += std::to_string(fd) + " -> " + target + "  ";
  }
  return text;
}

}  // namespace duet::test

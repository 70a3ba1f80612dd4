// SPDX-License-Identifier: MIT
// socket_file: the file that a bound UNIX socket leaves in the file system: what a dead server left there makes way, the new one gets its mode
// and owner, and is removed by the one who made it and only as long as it is the same file. Source: unix(7), stat(2), chmod(2).
#pragma once

#include <sys/types.h>

#include <string>

#include "duet/endpoint.hpp"
#include "duet/os/flow.hpp"
#include "duet/socket_options.hpp"

namespace duet::os {

/// Before `fd` is bound at `at`: removes a socket file there that nobody listens to any more (a connect is refused), and gives the socket the
/// mode that its file shall be born with. What is no socket, or alive, or cannot be told, stays, and bind(2) will say address_in_use. False:
/// the flow has failed. Two servers that start at the same moment at a stale file may still take it from each other: there is no call
/// that looks and replaces in one.
bool prepare_socket_file(flow& steps, int fd, const endpoint& at, const socket_options& options);

/// Remembers the file of a socket that was just bound, and removes it when it goes. Move-only.
class socket_file {
 public:
  socket_file() noexcept = default;
  /// `bound` is where a socket has just been bound; abstract names and IP endpoints have no file.
  explicit socket_file(const endpoint& bound);
  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&& other) noexcept;
  ~socket_file() { remove(); }

  /// Gives the file the mode that the umask may have cut, and its owner. False: the flow has failed.
  bool set_access(flow& steps, const socket_options& options);

  /// Unlinks the file if its device and inode are still those remembered, once.
  void remove() noexcept;

  /// Leaves the file to whoever has the socket now.
  void release() noexcept { path_.clear(); }

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace duet::os

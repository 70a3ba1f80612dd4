// SPDX-License-Identifier: MIT
// Who is at the other end of a UNIX stream, as the kernel knows it. A value.
#pragma once

namespace duet {

/// The process that connected, or that listened, as it was at that moment: it may have passed the socket on since, and its number may
/// belong to another by now. @see unix(7) SO_PEERCRED
struct peer_credentials {
  int process = 0;     ///< pid_t; 0: of another PID namespace
  unsigned user = 0;   ///< effective uid_t
  unsigned group = 0;  ///< effective gid_t

  bool operator==(const peer_credentials&) const = default;
};

}  // namespace duet

// SPDX-License-Identifier: MIT
// How a connection is to be made, as values. Not how it is made: that is connect.hpp of either column.
#pragma once

#include <chrono>
#include <optional>

#include "duet/address.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/socket_options.hpp"

namespace duet {

struct connect_options {
  /// Set on each socket before connect(2).
  socket_options socket{};

  /// How long resolving and all attempts together may take, in milliseconds; then error::timed_out. 0: as long as the kernel and
  /// the name servers take. Default 0.
  std::chrono::milliseconds deadline{0};

  /// Told each step, and handed on to the stream; nullptr: nobody. Outlives the stream.
  observer* watcher = nullptr;

  // Of a name only.
  /// How long resolving may take, in milliseconds; a family that has no answer then has error::resolve_timed_out, and the other one goes
  /// on. 0 (default): as long as the name servers take.
  std::chrono::milliseconds resolve_deadline{0};

  /// How long one attempt may take, in milliseconds; then error::attempt_timed_out. 0 (default): as long as the kernel takes, which can be
  /// two minutes.
  std::chrono::milliseconds attempt_deadline{0};

  /// How long an attempt is alone before the next address is tried beside it. Range: >= 0. @see RFC 8305, 5
  std::chrono::milliseconds attempt_delay{250};

  /// How long known IPv4 addresses wait for the answer about IPv6. Range: >= 0. @see RFC 8305, 3
  std::chrono::milliseconds resolution_delay{50};

  /// Addresses of this family only; nullopt (default): of both.
  std::optional<address::family> family{};

  // Of any endpoint.
  /// What each socket is bound to before it connects; nullopt (default): nothing. Numeric; port 0 lets the kernel choose. Of a name only the
  /// addresses of its family are tried; the wildcard is of both. Of UNIX an abstract name: a path is error::bad_endpoint, for nobody
  /// would remove its file. @see bind(2)
  std::optional<endpoint> local{};
};

}  // namespace duet

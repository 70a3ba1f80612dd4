// SPDX-License-Identifier: MIT
// What resolving ended with: libc's answers, each with its own error, and the endpoints that follow from them. A value.
#pragma once

#include <optional>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/host_entry.hpp"

namespace duet {

/// What one view says. After an error the host is empty.
struct resolve_answer {
  std::error_code error;  ///< equals a condition (name_not_found, ...) or is a system error
  host_entry host;

  bool operator==(const resolve_answer&) const = default;
};

struct resolve_result {
  /// getaddrinfo(3): official name (the end of a chain of aliases), no aliases, addresses in the order of RFC 6724. Of a reverse lookup
  /// getnameinfo(3): the name, and the address that was asked for. nullopt: this view was not wanted.
  std::optional<resolve_answer> addrinfo;

  /// gethostbyname2_r(3), of a reverse lookup gethostbyaddr_r(3): aliases too, addresses as the server ordered them.
  std::optional<resolve_answer> hostent;

  /// The addresses of the first view that has some, with the service's port. Empty after a reverse lookup.
  std::vector<endpoint> endpoints;

  /// The first view that succeeded; an empty entry if none did.
  [[nodiscard]] const host_entry& host() const noexcept {
    static const host_entry none;
    if (addrinfo && !addrinfo->error) return addrinfo->host;
    if (hostent && !hostent->error) return hostent->host;
    return none;
  }

  bool operator==(const resolve_result&) const = default;
};

}  // namespace duet

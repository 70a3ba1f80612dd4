// SPDX-License-Identifier: MIT
// file_access: who may use a file, as the command line says it: a mode like chmod(1)'s in digits, an owner like chown(1)'s. Users and groups
// are looked up here, for a name that nobody has is an error of the command line. Source: getpwnam(3), getgrnam(3), chmod(1), chown(1).
#pragma once

#include <optional>
#include <string_view>

namespace duet::apps {

/// Permission bits in octal, "0660" or "660", at most 0777.
unsigned mode_argument(std::string_view option, std::string_view text);

struct file_owner {
  unsigned user = 0;
  std::optional<unsigned> group;
};

/// USER or USER:GROUP, each a name or, if nobody has that name, a number. Throws usage_error, which names who is not known.
file_owner owner_argument(std::string_view option, std::string_view text);

}  // namespace duet::apps

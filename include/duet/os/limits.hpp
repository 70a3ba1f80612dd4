// SPDX-License-Identifier: MIT
// limits: the process's descriptor limit. A library changes no limits; these are named functions for applications to call.
// Source: getrlimit(2).
#pragma once

#include <cstddef>
#include <system_error>

namespace duet::os {

/// How many descriptors the process may have open (the soft RLIMIT_NOFILE).
std::size_t descriptor_limit(std::error_code& ec);

/// Raises the soft RLIMIT_NOFILE to the hard one and returns the new soft limit. Errors: setrlimit(2)'s.
std::size_t raise_descriptor_limit(std::error_code& ec);

}  // namespace duet::os

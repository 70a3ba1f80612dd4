// SPDX-License-Identifier: MIT
// What a system call's result says. Right after the call: errno is read.
#pragma once

#include <sys/types.h>

#include <system_error>

#include "duet/os/sys.hpp"

namespace duet::on_posix {

inline std::error_code outcome(ssize_t result) {
  return result >= 0 ? std::error_code() : os::sys::last_error();
}

}  // namespace duet::on_posix

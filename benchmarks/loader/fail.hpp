// SPDX-License-Identifier: MIT
// A system call that failed ends the loader.
#pragma once

#include <cerrno>
#include <system_error>

namespace duet::bench {

[[noreturn]] inline void fail(const char* call) {
  throw std::system_error(errno, std::system_category(), call);
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
#include "duet/os/limits.hpp"

#include "duet/os/sys.hpp"

namespace duet::os {

std::size_t descriptor_limit(std::error_code& ec) {
  ec.clear();
  rlimit limit{};
  if (sys::getrlimit(RLIMIT_NOFILE, &limit) != 0) ec = sys::last_error();
  return limit.rlim_cur;
}

std::size_t raise_descriptor_limit(std::error_code& ec) {
  ec.clear();
  rlimit limit{};
  if (sys::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    ec = sys::last_error();
    return 0;
  }
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur == limit.rlim_max) return limit.rlim_cur;
  if (sys::setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    ec = sys::last_error();
    return limit.rlim_cur;
  }
  return raised.rlim_cur;
}

}  // namespace duet::os

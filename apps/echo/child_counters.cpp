// SPDX-License-Identifier: MIT
#include "echo/child_counters.hpp"

#include <sys/mman.h>

#include <new>
#include <system_error>

#include "duet/os/sys.hpp"

namespace duet::apps::echo {

shared_child_counters::shared_child_counters() {
  void* const page = ::mmap(nullptr, sizeof(child_counters), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::system_error(os::sys::last_error(), "mmap");
  counters_ = new (page) child_counters;
}

shared_child_counters::~shared_child_counters() { ::munmap(counters_, sizeof(child_counters)); }

}  // namespace duet::apps::echo

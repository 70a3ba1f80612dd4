// SPDX-License-Identifier: MIT
#include "duet/os/fault.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>

namespace duet::os::faults {
namespace {

struct entry {
  std::optional<fault> plan;
  std::uint64_t calls = 0;
};

struct table {
  std::mutex mutex;
  std::array<entry, static_cast<std::size_t>(call::last)> entries;
  entry& operator[](call which) { return entries[static_cast<std::size_t>(which)]; }
};

table& plans() {
  static table instance;
  return instance;
}

}  // namespace

void plan(call which, const fault& what) {
  const std::lock_guard lock(plans().mutex);
  plans()[which] = {what, 0};
}

void clear() {
  const std::lock_guard lock(plans().mutex);
  plans().entries = {};
}

std::uint64_t count(call which) {
  const std::lock_guard lock(plans().mutex);
  return plans()[which].calls;
}

bool enter(call which, std::size_t& size) noexcept {
  const std::lock_guard lock(plans().mutex);
  entry& now = plans()[which];
  const std::uint64_t number = ++now.calls;
  if (!now.plan || number < now.plan->first || number - now.plan->first >= now.plan->times)
    return true;
  if (now.plan->error != 0) {
    errno = now.plan->error;
    return false;
  }
  size = std::min(size, now.plan->max_bytes);
  return true;
}

}  // namespace duet::os::faults

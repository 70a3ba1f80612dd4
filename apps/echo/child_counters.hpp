// SPDX-License-Identifier: MIT
// child_counters: what forked children count for their parent: one page that all of them share. Source: mmap(2), MAP_SHARED.
#pragma once

#include <atomic>
#include <cstdint>

namespace duet::apps::echo {

struct child_counters {
  std::atomic<std::uint64_t> bytes_echoed{0};
  std::atomic<std::uint64_t> cut{0};  ///< connections ended with bytes still to echo
};
// Others would take a lock, which is no other process's.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Made before fork, and the same memory in parent and children.
class shared_child_counters {
 public:
  /// Throws std::system_error.
  shared_child_counters();
  ~shared_child_counters();
  shared_child_counters(const shared_child_counters&) = delete;
  shared_child_counters& operator=(const shared_child_counters&) = delete;

  [[nodiscard]] child_counters& get() const noexcept { return *counters_; }

 private:
  child_counters* counters_ = nullptr;
};

}  // namespace duet::apps::echo

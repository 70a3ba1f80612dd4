// SPDX-License-Identifier: MIT
// cost: allocations of the thread that runs a loop. This program's operator new and aligned_alloc, in cost_test.cpp, count.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

#include "fixture.hpp"
#include "skip.hpp"

/// The thread sanitizer has an operator new of its own.
#define DUET_NEEDS_COUNTING() \
  if (!DUET_COUNTS_ALLOCATIONS) DUET_SKIP("allocations cannot be counted under tsan")

namespace duet::test {

/// Of this thread, so that a peer in another does not count; atomic, so that the peer can read them.
extern thread_local std::atomic<std::size_t> allocations;

inline constexpr int warm_up = 200;
inline constexpr int counted = 1000;

/// Allocations of this thread, which runs the loop, while `peer` talks to what it serves in a thread of its own: from when peer calls its
/// argument to its end. They are read from there, for a posted function's memory would itself go through Asio's cache of this thread's.
template <class Fixture, class Peer>
std::size_t allocations_of_loop(Fixture& f, Peer&& peer) {
  const std::atomic<std::size_t>& of_loop = allocations;
  std::size_t at_begin = 0;
  std::size_t at_end = 0;
  std::thread talker([&] {
    peer([&] { at_begin = of_loop; });
    at_end = of_loop;
    f.loop().stop();
  });
  // One run for all messages: Asio keeps the memory of operations for as long as a run lasts, and run_for() is a run for each handler.
  f.loop().restart();
  f.loop().run();
  talker.join();
  return at_end - at_begin;
}

}  // namespace duet::test

// SPDX-License-Identifier: MIT
// See allocation_counter.hpp. @see memfd_create(2)
#include "harness/allocation_counter.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "loader/fail.hpp"

namespace duet::bench {

namespace {

/// The count, and whether somebody counts.
using words = std::array<std::uint64_t, 2>;

}  // namespace

allocation_counter::allocation_counter(std::string library)
    : library_(std::move(library)), memory_(::memfd_create("duet-bench-allocations", MFD_CLOEXEC)) {
  if (!memory_) fail("memfd_create");
  if (::ftruncate(memory_.get(), sizeof(words)) != 0) fail("ftruncate");
}

std::vector<std::string> allocation_counter::prefix() const {
  return {"env", "LD_PRELOAD=" + library_,
          fmt::format("DUET_BENCH_ALLOCATIONS=/proc/{}/fd/{}", ::getpid(), memory_.get())};
}

std::optional<std::uint64_t> allocation_counter::read() const {
  words now{};
  if (::pread(memory_.get(), now.data(), sizeof now, 0) != static_cast<ssize_t>(sizeof now) ||
      now[1] == 0)
    return std::nullopt;
  return now[0];
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// A test case that cannot run here says so: DUET_SKIP("no IPv6 on this machine").
// doctest has no run-time skip. The macro prints the reason, marks the process and returns from the case;
// the main (main.cpp) then exits 77, which ctest counts as skipped, unless something failed.
#pragma once

namespace duet::test {

/// Prints "SKIPPED: reason" and makes the process exit 77 if nothing fails. Threads: the test's own only.
void mark_skipped(const char* reason);

/// What this build is instrumented with, for the rare case that cannot work under it.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_asan = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool under_asan = true;
#else
inline constexpr bool under_asan = false;
#endif
#else
inline constexpr bool under_asan = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_tsan = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif
#else
inline constexpr bool under_tsan = false;
#endif

/// Of the rounds of a long loop over values a sanitized build takes one in so many: it looks at memory, and takes five times as long. Odd, so
/// that a stride stays odd.
inline constexpr int one_round_in = under_asan || under_tsan ? 17 : 1;

}  // namespace duet::test

/// Ends the running test case (a function that returns void) as skipped, with a reason.
#define DUET_SKIP(reason)               \
  do {                                  \
    ::duet::test::mark_skipped(reason); \
    return;                             \
  } while (false)

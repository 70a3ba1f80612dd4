// SPDX-License-Identifier: MIT
// duet-test-NAME --each-apart=SECONDS: every case in a child of its own, forked behind the program's start, which under a sanitizer takes
// longer than most cases. A ctest test is then many cases, and ctest_summary.py counts them by what is printed here:
//
//   === server: it stops<posix/tcp>
//   (whatever the case prints)
//   === passed                        or skipped, or failed and how
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace duet::test {

inline constexpr int exit_skipped = 77;

/// How long a case may take, if the arguments have --each-apart=SECONDS.
std::optional<std::chrono::seconds> each_apart_limit(int argc, const char* const* argv);

/// Runs each of the cases by `run`, which gives the exit code, in a child. Call it before there is a second thread. Gives 1 if one failed,
/// was killed or took longer than the limit, 77 if all were skipped, else 0.
int run_each_apart(const std::vector<std::string>& names, std::chrono::seconds limit,
                   const std::function<int(const std::string& name)>& run);

}  // namespace duet::test

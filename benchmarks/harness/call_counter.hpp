// SPDX-License-Identifier: MIT
// Counts the system calls of a running process by name, with what the machine offers: perf's tracepoints (the process runs
// nearly undisturbed), else strace (every call stops it, so that batches grow: exact for what it sees, but it sees a slower
// server). Never during a measurement of time. @see perf-stat(1), strace(1)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace duet::bench {

class interrupt_source;

struct call_counts {
  std::string tool;    ///< "perf" or "strace"; empty if neither works
  std::string reason;  ///< then: why
  std::map<std::string, std::uint64_t> by_name;
};

/// Runs `work` while the calls of `pid` are counted. If nothing can count, `work` still runs.
call_counts count_calls(pid_t pid, const std::function<void()>& work, interrupt_source&);

/// From `perf stat -x,`; names without their prefix, the sum of all calls as "all". Only what is not 0.
std::map<std::string, std::uint64_t> parse_perf_counts(std::string_view text);
/// From the table of `strace -c`.
std::map<std::string, std::uint64_t> parse_strace_counts(std::string_view text);

}  // namespace duet::bench

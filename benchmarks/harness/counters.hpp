// SPDX-License-Identifier: MIT
// What the kernel counts, read and parsed: CPU clocks and run delay of processes, time stolen from CPUs, load.
// Each reader gives nothing where the kernel does not offer the counter; none throws.
// @see proc(5), clock_getcpuclockid(3), Documentation/scheduler/sched-stats.rst of the kernel
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet::bench {

/// CPU time of all threads of `pid` so far, in ns. The kernel brings it up to date when the process is switched
/// out: read it while the process sleeps.
std::optional<std::uint64_t> process_cpu_ns(pid_t pid);

/// The same of the process and of all that it has forked: those that run, and those that it has waited for, whose time the kernel tells in
/// clock ticks (10 ms as a rule).
std::optional<std::uint64_t> family_cpu_ns(pid_t pid);
/// The user and system ticks of children waited for, in the text of /proc/PID/stat.
std::optional<std::uint64_t> parse_children_ticks(std::string_view stat);

/// Time the process was ready to run and had no CPU, in ns: the second number of /proc/PID/schedstat.
std::optional<std::uint64_t> parse_run_delay_ns(std::string_view schedstat);
std::optional<std::uint64_t> run_delay_ns(pid_t pid);

/// One line of /proc/stat, in clock ticks (10 ms as a rule).
struct cpu_times {
  std::uint64_t busy = 0;   ///< user, nice, system, irq, softirq
  std::uint64_t steal = 0;  ///< the hypervisor ran someone else
};

/// The line of `cpu` in the text of /proc/stat.
std::optional<cpu_times> parse_cpu_times(std::string_view stat, int cpu);
std::optional<cpu_times> read_cpu_times(int cpu);

/// "nr_throttled" of a cgroup's cpu.stat (either version).
std::optional<std::uint64_t> parse_throttled(std::string_view cpu_stat);
std::optional<std::uint64_t> read_throttled();

/// How often the process has gone to sleep by itself: voluntary_ctxt_switches of /proc/PID/status.
std::optional<std::uint64_t> voluntary_switches(pid_t pid);

/// The first three numbers of /proc/loadavg, as printed there; empty if unreadable.
std::string read_load();

/// A small file, whole; empty if it cannot be read.
std::string read_text(const std::string& path);
/// The same without the newline at its end.
std::string read_first_line(const std::string& path);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// See call_counter.hpp.
#include "harness/call_counter.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "harness/interrupt.hpp"
#include "harness/process.hpp"

namespace duet::bench {

namespace {

using counts_by_name = std::map<std::string, std::uint64_t>;

constexpr std::chrono::seconds tool_limit{20};
constexpr std::string_view event_prefix = "syscalls:sys_enter_";
constexpr std::string_view all_calls_event = "raw_syscalls:sys_enter";

/// What servers call. The rest is the difference to the sum of all.
constexpr std::string_view event_names[] = {
    "accept4",    "close",   "epoll_ctl",       "epoll_pwait",
    "epoll_wait", "futex",   "io_uring_enter",  "ioctl",
    "poll",       "read",    "readv",           "recvfrom",
    "recvmmsg",   "recvmsg", "restart_syscall", "sendmmsg",
    "sendmsg",    "sendto",  "timerfd_settime", "write",
    "writev"};

/// Where the kernel lists its tracepoints; empty if nobody has mounted that.
std::string tracepoints() {
  for (const char* folder : {"/sys/kernel/tracing/events/", "/sys/kernel/debug/tracing/events/"}) {
    if (::access(fmt::format("{}raw_syscalls", folder).c_str(), F_OK) == 0) return folder;
  }
  return {};
}

/// Not every architecture has every call.
std::string perf_events() {
  std::string events(all_calls_event);
  const std::string folder = tracepoints();
  if (folder.empty()) return events;
  for (const auto name : event_names) {
    if (::access(fmt::format("{}syscalls/sys_enter_{}", folder, name).c_str(), F_OK) == 0)
      events += fmt::format(",{}{}", event_prefix, name);
  }
  return events;
}

/// The tools talk much on stderr; what they have to say is their exit.
std::vector<std::string> quietly(const std::string& redirection, std::vector<std::string> argv) {
  argv.insert(argv.begin(), {"sh", "-c", "exec \"$@\" " + redirection, "sh"});
  return argv;
}

std::string stop_and_read(child& tool) {
  ::kill(tool.pid(), SIGINT);
  return tool.read_all(tool_limit);
}

void await_ack(child& perf) {
  // perf ends an answer with a newline and a NUL, which then leads the next line.
  if (perf.read_line(tool_limit).find("ack") == std::string::npos)
    throw std::runtime_error("perf: no ack");
}

/// Without an init system nobody has mounted tracefs yet: perf does when it is first asked for a tracepoint. Else the first arm that is
/// counted would have a sum and no names.
void mount_tracepoints(interrupt_source& interrupts) {
  if (!tracepoints().empty()) return;
  child perf("perf",
             quietly("2>/dev/null",
                     {"perf", "stat", "--log-fd", "1", "-e", std::string(all_calls_event), "true"}),
             std::nullopt, interrupts);
  perf.read_all(tool_limit);
}

counts_by_name count_with_perf(pid_t pid, const std::function<void()>& work, bool& worked,
                               interrupt_source& interrupts) {
  mount_tracepoints(interrupts);
  child perf("perf",
             quietly("2>/dev/null", {"perf", "stat", "-x,", "--log-fd", "1", "-e", perf_events(),
                                     "-D", "-1", "--control", "fd:0,1", "-p", std::to_string(pid)}),
             std::nullopt, interrupts);
  perf.write_line("enable");
  await_ack(perf);
  worked = true;  // from here on an error is the work's own
  work();
  perf.write_line("disable");
  await_ack(perf);
  return parse_perf_counts(stop_and_read(perf));
}

counts_by_name count_with_strace(pid_t pid, const std::function<void()>& work, bool& worked,
                                 interrupt_source& interrupts) {
  child strace("strace", quietly("2>&1", {"strace", "-f", "-c", "-p", std::to_string(pid)}),
               std::nullopt, interrupts);
  if (strace.read_line(tool_limit).find("attached") == std::string::npos)
    throw std::runtime_error("strace: refused");
  worked = true;
  work();
  return parse_strace_counts(stop_and_read(strace));
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::map<std::string, std::uint64_t> parse_perf_counts(std::string_view text) {
  counts_by_name result;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const auto comma = line.find(",,");
    if (comma == std::string::npos) continue;
    const auto first = line.find_first_not_of('\0');
    const auto count = parse_number(std::string_view(line).substr(first, comma - first));
    if (!count || *count == 0) continue;  // "<not counted>" is a process that made no call
    std::string event = line.substr(comma + 2, line.find(',', comma + 2) - comma - 2);
    if (event == all_calls_event) {
      result["all"] = *count;
    } else if (event.starts_with(event_prefix)) {
      result[event.substr(event_prefix.size())] = *count;
    }
  }
  return result;
}

std::map<std::string, std::uint64_t> parse_strace_counts(std::string_view text) {
  counts_by_name result;
  std::istringstream lines{std::string(text)};
  // % time, seconds, usecs/call, calls, [errors], syscall
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    if (fields.size() < 5 || fields.size() > 6) continue;
    const auto calls = parse_number(fields[3]);
    if (!calls) continue;
    result[fields.back() == "total" ? "all" : fields.back()] = *calls;
  }
  return result;
}

call_counts count_calls(pid_t pid, const std::function<void()>& work,
                        interrupt_source& interrupts) {
  bool worked = false;
  for (const auto& [tool, count] :
       {std::pair{"perf", &count_with_perf}, std::pair{"strace", &count_with_strace}}) {
    try {
      auto counted = count(pid, work, worked, interrupts);
      if (counted.contains("all")) return {tool, {}, std::move(counted)};
    } catch (const std::runtime_error&) {
      if (worked) throw;
    }
    if (worked) return {{}, fmt::format("{} printed no counts", tool), {}};
  }
  work();
  return {{}, "neither perf nor strace may attach (not installed, or no permission to trace)", {}};
}

}  // namespace duet::bench

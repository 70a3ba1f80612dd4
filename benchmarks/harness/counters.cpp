// SPDX-License-Identifier: MIT
// See counters.hpp.
#include "harness/counters.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <sstream>

namespace duet::bench {

namespace {

/// Splits off the next number; nothing if there is none.
std::optional<std::uint64_t> next_number(std::string_view& text) {
  const auto start = text.find_first_not_of(' ');
  if (start == text.npos) return std::nullopt;
  text.remove_prefix(start);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// What follows `key` at the start of one of the lines.
std::optional<std::string_view> find_line(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (line.substr(0, key.size()) == key) return line.substr(key.size());
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> process_cpu_ns(pid_t pid) {
  clockid_t id{};
  timespec now{};
  if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &now) != 0) return std::nullopt;
  constexpr std::uint64_t ns_per_s = 1'000'000'000;
  return static_cast<std::uint64_t>(now.tv_sec) * ns_per_s +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::optional<std::uint64_t> parse_children_ticks(std::string_view stat) {
  // The second field, the program's name in parentheses, may hold anything.
  const auto name_end = stat.rfind(") ");
  if (name_end == stat.npos || stat.size() < name_end + 4) return std::nullopt;
  std::string_view rest = stat.substr(name_end + 3);  // behind the state, a letter
  constexpr int first_after_state = 4;
  constexpr int cutime = 16;
  std::uint64_t sum = 0;
  for (int field = first_after_state; field <= cutime + 1; ++field) {
    const auto start = rest.find_first_not_of(' ');
    if (start == rest.npos) return std::nullopt;
    rest.remove_prefix(start);
    std::int64_t value = 0;  // some of those passed over are negative
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc{}) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (field >= cutime) sum += static_cast<std::uint64_t>(value);
  }
  return sum;
}

std::optional<std::uint64_t> family_cpu_ns(pid_t pid) {
  auto sum = process_cpu_ns(pid);
  if (!sum) return std::nullopt;
  constexpr std::uint64_t ns_per_s = 1'000'000'000;
  const auto ticks = parse_children_ticks(read_text(fmt::format("/proc/{}/stat", pid)));
  const auto a_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  *sum += ticks.value_or(0) * (ns_per_s / a_second);
  const std::string living = read_text(fmt::format("/proc/{0}/task/{0}/children", pid));
  std::string_view rest = living;
  while (const auto child = next_number(rest))
    *sum += family_cpu_ns(static_cast<pid_t>(*child)).value_or(0);
  return sum;
}

std::optional<std::uint64_t> parse_run_delay_ns(std::string_view schedstat) {
  if (!next_number(schedstat)) return std::nullopt;
  return next_number(schedstat);
}

std::optional<std::uint64_t> run_delay_ns(pid_t pid) {
  return parse_run_delay_ns(read_text(fmt::format("/proc/{}/schedstat", pid)));
}

std::optional<cpu_times> parse_cpu_times(std::string_view stat, int cpu) {
  auto line = find_line(stat, fmt::format("cpu{} ", cpu));
  if (!line) return std::nullopt;
  // user nice system idle iowait irq softirq steal
  std::uint64_t field[8];
  for (auto& value : field) {
    const auto number = next_number(*line);
    if (!number) return std::nullopt;
    value = *number;
  }
  return cpu_times{field[0] + field[1] + field[2] + field[5] + field[6], field[7]};
}

std::optional<cpu_times> read_cpu_times(int cpu) {
  return parse_cpu_times(read_text("/proc/stat"), cpu);
}

std::optional<std::uint64_t> parse_throttled(std::string_view cpu_stat) {
  auto line = find_line(cpu_stat, "nr_throttled ");
  if (!line) return std::nullopt;
  return next_number(*line);
}

std::optional<std::uint64_t> read_throttled() {
  for (const char* path : {"/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"}) {
    if (const auto count = parse_throttled(read_text(path))) return count;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> voluntary_switches(pid_t pid) {
  const std::string text = read_text(fmt::format("/proc/{}/status", pid));
  auto line = find_line(text, "voluntary_ctxt_switches:\t");
  if (!line) return std::nullopt;
  return next_number(*line);
}

std::string read_load() {
  const std::string line = read_first_line("/proc/loadavg");
  std::size_t end = 0;
  for (int number = 0; number < 3 && end != line.npos; ++number) end = line.find(' ', end + 1);
  return line.substr(0, end);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  // Files of /proc end with their process, perhaps while they are read: a stream says so, its buffer alone would throw.
  std::ostringstream text;
  text << file.rdbuf();
  return file.is_open() ? text.str() : std::string();
}

std::string read_first_line(const std::string& path) {
  const std::string text = read_text(path);
  return text.substr(0, text.find('\n'));
}

}  // namespace duet::bench

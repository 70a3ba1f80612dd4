// SPDX-License-Identifier: MIT
// See environment.hpp.
#include "harness/environment.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <string_view>

#include "harness/build_info.hpp"
#include "harness/counters.hpp"
#include "harness/process.hpp"

namespace duet::bench {

namespace {

constexpr const char* default_congestion_file = "/proc/sys/net/ipv4/tcp_congestion_control";

/// The value of a "name : value" line of /proc/cpuinfo; the first one.
std::string cpuinfo_value(const std::string& text, std::string_view name) {
  const auto line = text.find(name);
  if (line == std::string::npos) return {};
  const auto colon = text.find(':', line);
  const auto end = text.find('\n', line);
  if (colon == std::string::npos || colon + 2 > end) return {};
  return text.substr(colon + 2, end - colon - 2);
}

std::string read_kernel() {
  utsname name{};
  if (::uname(&name) != 0) return "unknown";
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string read_revision(interrupt_source& interrupts) {
  const std::vector<std::string> git{"git", "-C", build_info::source_dir};
  auto revision = git;
  revision.insert(revision.end(), {"rev-parse", "--short=12", "HEAD"});
  const auto commit = output_of(revision, interrupts);
  if (!commit) return "unknown";
  auto status = git;
  status.insert(status.end(), {"status", "--porcelain"});
  const auto changes = output_of(status, interrupts);
  return first_line(*commit) + (!changes || !changes->empty() ? "-dirty" : "");
}

}  // namespace

environment read_environment(interrupt_source& interrupts) {
  const std::string cpuinfo = read_text("/proc/cpuinfo");
  environment result;
  result.kernel = read_kernel();
  result.cpu_model = cpuinfo_value(cpuinfo, "model name");
  result.allowed_cpus = read_topology();
  result.virtualisation =
      cpuinfo.find(" hypervisor") != std::string::npos ? "hypervisor present" : "none seen";
  result.clock_source =
      read_first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  result.default_congestion_control = read_first_line(default_congestion_file);
  result.compiler = build_info::compiler;
  result.build_type = build_info::build_type;
  result.flags = build_info::flags;
  result.asio_version = build_info::asio_version;
  result.duet_version = build_info::version;
  result.revision = read_revision(interrupts);
  result.started_at = utc_now();
  result.load_before = read_load();
  return result;
}

std::string usable_congestion_control() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return read_first_line(default_congestion_file);
  std::string usable;
  for (const std::string_view name : {"cubic", "reno"}) {
    const auto size = static_cast<socklen_t>(name.size());
    if (::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0) {
      usable = name;
      break;
    }
  }
  ::close(fd);
  // The default is allowed to everyone.
  return usable.empty() ? read_first_line(default_congestion_file) : usable;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace duet::bench

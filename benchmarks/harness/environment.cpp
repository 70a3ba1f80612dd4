// SPDX-License-Identifier: MIT
// See environment.hpp.
#include "harness/environment.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
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

namespace fs = std::filesystem;

std::string read_host() {
  utsname name{};
  return ::uname(&name) == 0 ? name.nodename : "unknown";
}

facts read_mitigations() {
  facts result;
  std::error_code ec;
  for (const auto& each : fs::directory_iterator("/sys/devices/system/cpu/vulnerabilities", ec)) {
    const std::string text = read_first_line(each.path().string());
    if (text != "Not affected") result[each.path().filename().string()] = text;
  }
  return result;
}

facts read_sysctls() {
  facts result;
  for (const char* name :
       {"net/core/somaxconn", "net/core/rmem_default", "net/core/rmem_max", "net/core/wmem_default",
        "net/core/wmem_max", "net/core/netdev_max_backlog", "net/core/busy_poll",
        "net/ipv4/tcp_rmem", "net/ipv4/tcp_wmem", "net/ipv4/tcp_max_syn_backlog",
        "net/ipv4/tcp_available_congestion_control", "net/ipv4/tcp_allowed_congestion_control",
        "net/ipv4/ip_local_port_range", "net/unix/max_dgram_qlen", "kernel/perf_event_paranoid",
        "kernel/yama/ptrace_scope"}) {
    const std::string text = read_first_line(std::string("/proc/sys/") + name);
    if (!text.empty()) result[name] = text;
  }
  return result;
}

facts read_limits() {
  facts result;
  const auto add = [&](const char* name, auto resource) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) return;
    const auto text = [](rlim_t value) {
      return value == RLIM_INFINITY ? std::string("unlimited") : std::to_string(value);
    };
    result[name] = fmt::format("{} of {}", text(limit.rlim_cur), text(limit.rlim_max));
  };
  add("open files", RLIMIT_NOFILE);
  add("processes", RLIMIT_NPROC);
  add("locked bytes", RLIMIT_MEMLOCK);
  return result;
}

std::string read_libraries() {
  return fmt::format("glibc {}, libstdc++ {}", ::gnu_get_libc_version(), __GLIBCXX__);
}

std::string read_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return "unknown";
  constexpr double gib = 1 << 30;
  return fmt::format("{:.1f} GiB",
                     static_cast<double>(pages) * static_cast<double>(page_bytes) / gib);
}

}  // namespace

std::vector<std::pair<const char*, std::string*>> texts_of(environment& e) {
  return {{"host", &e.host},
          {"kernel", &e.kernel},
          {"cpu_model", &e.cpu_model},
          {"virtualisation", &e.virtualisation},
          {"clock_source", &e.clock_source},
          {"default_congestion_control", &e.default_congestion_control},
          {"compiler", &e.compiler},
          {"build_type", &e.build_type},
          {"flags", &e.flags},
          {"asio_version", &e.asio_version},
          {"duet_version", &e.duet_version},
          {"revision", &e.revision},
          {"libraries", &e.libraries},
          {"memory", &e.memory},
          {"started_at", &e.started_at},
          {"load_before", &e.load_before}};
}

environment read_environment(interrupt_source& interrupts) {
  const std::string cpuinfo = read_text("/proc/cpuinfo");
  environment result;
  result.host = read_host();
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
  result.libraries = read_libraries();
  result.memory = read_memory();
  result.mitigations = read_mitigations();
  result.sysctls = read_sysctls();
  result.limits = read_limits();
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

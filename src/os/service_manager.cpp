// SPDX-License-Identifier: MIT
#include "duet/os/service_manager.hpp"

#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

constexpr int first_handed = 3;  // SD_LISTEN_FDS_START
constexpr int most_handed = 65536;

std::string_view variable(const char* name) noexcept {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Digits and nothing else.
std::optional<long long> number_of(std::string_view text) noexcept {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && value >= 0;
  return whole ? std::optional(value) : std::nullopt;
}

bool is_ours(const char* pid_variable) noexcept {
  const auto pid = number_of(variable(pid_variable));
  return pid && *pid == sys::getpid();
}

std::vector<handed_socket> take(int count, std::string_view names, std::error_code& ec) {
  std::vector<handed_socket> all;
  for (int fd = first_handed; fd < first_handed + count; ++fd) {
    const std::size_t end = std::min(names.find(':'), names.size());
    const std::string_view name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    if (sys::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      ec = sys::last_error();
      return {};
    }
    all.push_back({unique_fd(fd), std::string(name.empty() ? "unknown" : name)});
  }
  return all;
}

}  // namespace

std::vector<handed_socket> handed_sockets(std::error_code& ec) {
  ec.clear();
  if (variable("LISTEN_FDS").empty() || !is_ours("LISTEN_PID")) return {};
  const auto count = number_of(variable("LISTEN_FDS"));
  const std::string names(variable("LISTEN_FDNAMES"));
  for (const char* each : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(each);
  if (!count || *count > most_handed) {
    ec = std::make_error_code(std::errc::invalid_argument);
    return {};
  }
  return take(static_cast<int>(*count), names, ec);
}

void notify_manager(std::string_view what, std::error_code& ec) noexcept {
  ec.clear();
  const std::string_view path = variable("NOTIFY_SOCKET");
  if (path.empty()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool known = path.front() == '/' || path.front() == '@';
  if (!known || path.size() >= sizeof(to.sun_path)) {
    ec = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  std::memcpy(to.sun_path, path.data(), path.size());
  if (path.front() == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const unique_fd socket(sys::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* const address = reinterpret_cast<const sockaddr*>(&to);
  const bool sent = socket && sys::sendto(socket.get(), what.data(), what.size(), MSG_NOSIGNAL,
                                          address, size) >= 0;
  if (!sent) ec = sys::last_error();
}

std::chrono::microseconds watchdog_interval() noexcept {
  const auto limit = number_of(variable("WATCHDOG_USEC"));
  const bool ours = variable("WATCHDOG_PID").empty() || is_ours("WATCHDOG_PID");
  return std::chrono::microseconds(limit && ours ? *limit / 2 : 0);
}

}  // namespace duet::os

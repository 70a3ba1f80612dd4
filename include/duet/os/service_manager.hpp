// SPDX-License-Identifier: MIT
// service_manager: what a service and the manager that started it tell each other by the environment: sockets that are bound already, and
// how the service does. systemd's protocol, without its library. Source: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/os/unique_fd.hpp"

namespace duet::os {

/// A socket that was handed in, close-on-exec now. The name is the manager's (FileDescriptorName=), "unknown" if it gave none.
struct handed_socket {
  unique_fd fd{};
  std::string name{};
};

/// Those that were meant for this process (LISTEN_PID), once: the variables are removed, so that no child takes them for its own. None is no
/// error. Errors: invalid_argument if the variables make no sense; bad_file_descriptor if one that was promised is not there.
/// Threads: none may read the environment meanwhile.
std::vector<handed_socket> handed_sockets(std::error_code& ec);

/// Tells the manager: "READY=1", "STOPPING=1", "STATUS=...". Without one (NOTIFY_SOCKET) nothing happens, and that is no error. Never blocks.
/// Errors: invalid_argument for an address that is none; sendto(2)'s.
void notify_manager(std::string_view what, std::error_code& ec) noexcept;

/// How often the manager wants to hear "WATCHDOG=1" from this process; zero: never. Half of its limit, as it advises.
std::chrono::microseconds watchdog_interval() noexcept;

}  // namespace duet::os

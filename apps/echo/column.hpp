// SPDX-License-Identifier: MIT
// column: what main() sees of an implementation: its name and the commands on it. Each column is compiled in a file of its own
// (on_asio.cpp, on_posix.cpp), so that Asio is parsed once.
#pragma once

#include <string_view>

#include "echo/options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::echo {

struct column {
  std::string_view name;
  exit_code (*serve)(const serve_options&, console&);
  exit_code (*send)(const send_options&, console&);
  exit_code (*ping)(const ping_options&, console&);
  exit_code (*connect)(const connect_command_options&, console&);
};

extern const column on_asio_column;
extern const column on_posix_column;

/// "1.22.1 (epoll)": Asio's version and what its reactor waits with.
std::string asio_version();

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// handed_in: what `serve --handed-in` takes from the service manager that started it: sockets that are bound already. The one that is named
// "metrics" answers GET /metrics, the others are served. Source: systemd.socket(5), sd_listen_fds(3).
#pragma once

#include <vector>

#include "duet/endpoint.hpp"
#include "duet/os/unique_fd.hpp"
#include "echo/options.hpp"

namespace duet::apps::echo {

struct handed_in {
  struct socket {
    os::unique_fd fd;
    endpoint at;
  };
  std::vector<socket> served;
  std::vector<socket> metrics;
};

/// Nothing if the option was not given. Datagram sockets have --rcvbuf then. Throws usage_error if there is no socket to serve; std::system_error that names the variables, or the
/// descriptor and its name, if one is not what it should be.
handed_in take_handed_in(const serve_options& options);

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// The arms `raw` and `asio`: duet's echo server of one column, and nothing beside it. The two mains differ in the column's
// name only. It installs no signal handler: SIGTERM ends it.
#pragma once

#include <cstdio>
#include <exception>

#include "arms/arm_options.hpp"
#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"

namespace duet::bench {

template <class Loop, class EchoServer>
int run_duet_arm(int argc, char** argv) {
  try {
    const auto chosen = parse_arm_options(argc, argv);
    echo_server_options options;
    options.buffer_bytes = chosen.buffer_bytes;
    options.socket.nodelay = true;
    options.socket.congestion_control = chosen.congestion_control;
    Loop loop;
    EchoServer server(loop, options);
    const auto where = server.listen(endpoint::parse(chosen.listen));
    server.start();
    announce(where.to_string());
    loop.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// The peer `node`: opens the listening socket as every arm does, which node's net module cannot (it knows no TCP_CONGESTION), and becomes node
// with it as descriptor 3. The server is echo.mjs.
#include <unistd.h>

#include <string>

#include "arms/arm_options.hpp"
#include "arms/listen.hpp"

int main(int argc, char** argv) {
  const auto options = duet::bench::parse_arm_options(argc, argv);
  constexpr int listener = 3;
  const int fd = duet::bench::listen_as(options, 0);
  if (fd != listener) duet::bench::check(::dup2(fd, listener), "dup2");
  const std::string bytes = std::to_string(options.buffer_bytes);
  // No threads beside: the arms are compared on one core.
  ::execlp("node", "node", "--v8-pool-size=0", DUET_BENCH_NODE_SCRIPT, bytes.c_str(), nullptr);
  duet::bench::check(-1, "node");
}

// SPDX-License-Identifier: MIT
// The command line that every arm understands, so that all arms run under the same settings.
#pragma once

#include <cstddef>
#include <string>

namespace duet::bench {

struct arm_options {
  std::string listen = "tcp://127.0.0.1:0";
  std::size_t buffer_bytes = 65536;  ///< of the read buffer
  std::string congestion_control =
      "cubic";                  ///< of the listener; accepted sockets inherit it, tcp(7)
  std::size_t connections = 1;  ///< what the loader will open; only `limit` cares
};

/// Understands `--name=value`; anything else ends the process with a message and exit code 2.
arm_options parse_arm_options(int argc, char** argv);

/// Prints the ready line. The listener must take connections before this is called.
void announce(const std::string& endpoint);

}  // namespace duet::bench

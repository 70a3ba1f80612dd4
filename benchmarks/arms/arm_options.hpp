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

  // Of the arms for datagrams only; see scenarios/scenario.hpp.
  std::size_t batch = 64;
  std::size_t receive_buffer_bytes = 1 << 20;
  bool one_way = false;
  bool metadata = false;
  bool segments = false;
};

/// Whether a server of datagrams answers this one: all of them, or of those one way what the loader has marked, see loader/datagrams.cpp.
inline bool wants_answer(const arm_options& options, const void* bytes, std::size_t size) {
  constexpr std::size_t mark_at = 8;
  return !options.one_way || (size > mark_at && static_cast<const char*>(bytes)[mark_at] != 0);
}

/// Understands `--name=value`, and `--name` of what is on or off; anything else ends the process with a message and exit code 2.
arm_options parse_arm_options(int argc, char** argv);

/// Prints the ready line. The listener must take connections before this is called.
void announce(const std::string& endpoint);

}  // namespace duet::bench

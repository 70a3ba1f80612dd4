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
  bool spin = false;            ///< ask for events again and again instead of sleeping
  std::size_t sink_bytes = 0;   ///< not 0: answer every so many bytes with one, instead of echoing
  bool framed = false;          ///< echo message by message; only raw and asio do, see duet_arm.hpp

  // Of the arms for datagrams only; see scenarios/scenario.hpp.
  std::size_t batch = 64;
  std::size_t datagram_bytes = 2048;  ///< room for one
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

/// Of a connection whose bytes are swallowed: how many answers are due.
class sink_counter {
 public:
  explicit sink_counter(std::size_t bytes_each) : bytes_each_(bytes_each) {}

  /// @return the answers that are due once `bytes` more have come
  std::size_t take(std::size_t bytes) noexcept {
    const std::size_t all = rest_ + bytes;
    rest_ = all % bytes_each_;
    return all / bytes_each_;
  }

 private:
  std::size_t bytes_each_;
  std::size_t rest_ = 0;
};

/// Understands `--name=value`, and `--name` of what is on or off; anything else ends the process with a message and exit code 2.
arm_options parse_arm_options(int argc, char** argv);

/// Prints the ready line. The listener must take connections before this is called.
void announce(const std::string& endpoint);

}  // namespace duet::bench

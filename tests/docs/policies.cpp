// SPDX-License-Identifier: MIT
// The code of docs/policies.md: the blocks of the page are parts of this file, so that they compile. No Asio in it: policies need none.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

#include "duet/policy/backoff.hpp"
#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_text.hpp"
#include "duet/policy/token_bucket.hpp"

namespace guide {

using namespace std::chrono_literals;

/// Whether one more request of this client is served now.
bool may_serve(duet::policy::token_bucket& of_client, std::chrono::steady_clock::time_point now) {
  return of_client.take({100, 20}, now);  // 100 a second, 20 at once
}

std::chrono::nanoseconds pause_before_next_try(duet::policy::backoff& pauses, double random) {
  return pauses.next(random);  // from 100 ms to 30 s; pauses.reset() when it went well
}

/// The whole lines in bytes that came from anywhere: a file, a serial port, a test.
std::size_t count_lines(duet::policy::frame_buffer<duet::policy::line_framing>& buffer,
                        std::span<const std::byte> bytes) {
  std::size_t lines = 0;
  std::error_code ec;
  while (!bytes.empty()) {
    const std::span<std::byte> room = buffer.room();
    const std::size_t size = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), size, room.begin());
    buffer.filled(size);
    bytes = bytes.subspan(size);
    while (buffer.next(ec)) ++lines;
    if (ec) break;  // condition::frame_too_long
  }
  return lines;
}

}  // namespace guide

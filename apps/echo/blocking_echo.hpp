// SPDX-License-Identifier: MIT
// blocking_echo: one connection served with blocking calls until the client's end, a signal or a deadline of the switch. Who accepts it, and in
// which process, is its callers' business.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "duet/os/sockaddr.hpp"
#include "echo/blocking_io.hpp"
#include "echo/options.hpp"
#include "support/stop_switch.hpp"

namespace duet::apps::echo {

/// True: it had to be cut, with bytes still to echo. `echoed(size)` is called for what was, `interrupted()` after a signal. The caller holds a
/// guard of the switch.
template <class Connection, class Echoed, class Interrupted>
bool echo_until_end(Connection& client, io_calls io, std::span<std::byte> buffer,
                    const stop_switch& stop, std::error_code& ec, Echoed echoed,
                    Interrupted interrupted) {
  while (const std::size_t size = receive(client, io, buffer, 0, ec, interrupted)) {
    send_all(client, io, buffer.first(size), ec, interrupted);
    if (ec && (stop.expired() || stop.second_signal() != 0)) {
      // No clean end: the client must see that bytes are missing.
      os::reset_on_close(client.native_handle());
      return true;
    }
    if (ec) return false;
    echoed(size);
  }
  return false;
}

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// blocking_io: the notes' two pairs of calls over a blocking connection, read/write and recv/send, each made again as long as it was
// interrupted or moved too little. Source: read(2), write(2), recv(2), send(2).
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "duet/error.hpp"
#include "echo/options.hpp"

namespace duet::apps::echo {

/// One receive, at most to.size() bytes; 0 at the end of the stream. `flags` go with recv only.
template <class Connection>
std::size_t receive(Connection& from, io_calls io, std::span<std::byte> to, int flags,
                    std::error_code& ec) {
  for (;;) {
    const std::size_t size =
        io == io_calls::read_write ? from.read(to, ec) : from.recv(to, flags, ec);
    if (is(ec, std::errc::interrupted)) continue;
    if (ec == condition::end_of_stream) ec.clear();
    return size;
  }
}

/// Sends all of it.
template <class Connection>
void send_all(Connection& to, io_calls io, std::span<const std::byte> from, std::error_code& ec) {
  ec.clear();
  while (!from.empty()) {
    const std::size_t size = io == io_calls::read_write ? to.write(from, ec) : to.send(from, 0, ec);
    if (ec && !is(ec, std::errc::interrupted)) return;
    ec.clear();
    from = from.subspan(size);
  }
}

}  // namespace duet::apps::echo

// SPDX-License-Identifier: MIT
// stream_io: one recv(2) or send(2) on a stream socket that never blocks, whatever the descriptor's flags, and never raises SIGPIPE.
// Source: recv(2), send(2) (MSG_DONTWAIT, MSG_NOSIGNAL).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>

#include "duet/observer.hpp"

namespace duet::os {

/// Who watches, and what Asio calls the thing when it is Asio's; for traces.
struct told_to {
  observer* watcher = nullptr;
  const char* asio = "";
};

/// Bytes received, 1 to to.size(), or 0 if `to` is empty; nullopt: it would block. The peer's end is error::end_of_stream.
/// An interrupted call is made again.
std::optional<std::size_t> try_receive(int fd, std::span<std::byte> to, std::error_code& ec,
                                       told_to told = {});

/// Whether the peer's end is what a read would come to. Takes nothing but an error that is pending, which is in `ec` then.
bool at_end(int fd, std::error_code& ec);

/// Bytes the kernel took, 1 to from.size(), or 0 if `from` is empty; nullopt: it would block.
std::optional<std::size_t> try_send(int fd, std::span<const std::byte> from, std::error_code& ec,
                                    told_to told = {});
/// The same of several pieces, one after another, in one call; of more than max_pieces the first so many.
std::optional<std::size_t> try_send(int fd, std::span<const std::span<const std::byte>> from,
                                    std::error_code& ec, told_to told = {});
inline constexpr std::size_t max_pieces = 64;

}  // namespace duet::os

// SPDX-License-Identifier: MIT
// plain_io: reading and writing a descriptor that is somebody else's (a program's stdin and stdout) once it is ready, without touching
// its flags: O_NONBLOCK would be set for every process that shares it. Source: read(2), write(2), pipe(7).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>

namespace duet::os {

/// What is there, at most to.size(); error::end_of_stream at the end; nullopt: nothing after all. Call it when `fd` is readable.
std::optional<std::size_t> read_ready(int fd, std::span<std::byte> to,
                                      std::error_code& ec) noexcept;

/// Writes as much as a writable descriptor takes without blocking: everything to a file, to others PIPE_BUF bytes, which a pipe that
/// polls writable has room for. nullopt: no room after all. Call it when `fd` is writable.
std::optional<std::size_t> write_ready(int fd, std::span<const std::byte> from,
                                       std::error_code& ec) noexcept;

}  // namespace duet::os

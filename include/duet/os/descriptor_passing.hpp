// SPDX-License-Identifier: MIT
// descriptor_passing: open descriptors sent beside the bytes of a UNIX stream, and received close-on-exec. One call each, never blocking.
// Source: unix(7) SCM_RIGHTS, cmsg(3), recvmsg(2) MSG_CMSG_CLOEXEC.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "duet/os/stream_io.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::os {

/// What the kernel takes in one message (SCM_MAX_FD).
inline constexpr std::size_t most_descriptors = 253;

/// Sends at least one byte with all the descriptors, which the receiver gets copies of; the rest of the bytes is the caller's to write.
/// nullopt: it would block, and nothing was sent. Errors: invalid_argument without a byte to carry them, or with more than
/// most_descriptors; sendmsg(2)'s.
std::optional<std::size_t> try_send_descriptors(int fd, std::span<const std::byte> from,
                                                std::span<const int> descriptors,
                                                std::error_code& ec, told_to told = {});

/// Receives bytes, and appends the descriptors that came with them. Bytes and no descriptor is a success. The kernel never joins the
/// descriptors of two sends in one receive. If the process could not take all of them (too_many_files_open), none is kept, and the bytes,
/// whose number is returned with the error, have been received. nullopt: it would block. Errors: end_of_stream, recvmsg(2)'s.
std::optional<std::size_t> try_receive_descriptors(int fd, std::span<std::byte> to,
                                                   std::vector<unique_fd>& into,
                                                   std::error_code& ec, told_to told = {});

}  // namespace duet::os

// SPDX-License-Identifier: MIT
// datagram_io: one datagram or a batch of them through a socket, never blocking, whatever the descriptor's flags. What an error means is
// policy/datagram_errors'; here it is done: calls made again, failures counted, large sends cut by the kernel or, where it cannot, here.
// Source: recvmsg(2), sendmsg(2), recvmmsg(2), sendmmsg(2), udp(7), unix(7).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/observer.hpp"
#include "duet/os/datagram_batch.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/message_route.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::os {

/// Where one datagram is in memory, piece by piece; more than most_pieces is message_size.
using memory_pieces = std::span<const iovec>;
inline constexpr std::size_t most_pieces = 16;

/// What the calls on one datagram socket have in common.
struct datagram_setup {
  int family = AF_UNSPEC;
  std::size_t segment_bytes = 0;  ///< for routes that say none
  observer* watcher = nullptr;
  const char* asio = "";  ///< what Asio did for it, for traces
  std::optional<bool>
      cuts{};  ///< whether the kernel cuts into segments (UDP GSO); unset: not asked yet
  datagram_counters counters{};
};

/// A socket with its options, and what to bind it to; none, with the flow failed, on error.
unbound_socket open_datagram(flow& steps, const endpoint& at, int flags,
                             const datagram_options& options, std::string_view asio = {});

/// The next datagram, and what is known of it in `about`; how many bytes were stored. nullopt: there is none. Without `about` a
/// truncated one is message_size. Errors: recvmsg(2)'s; all but bad_file_descriptor are an earlier send's, or pass.
std::optional<std::size_t> receive_one(int fd, memory_pieces to, datagram_info* about,
                                       datagram_setup& setup, std::error_code& ec);

/// Sends what is in memory from `offset` on: all of it, or as many segments as one call takes. How many bytes that was; nullopt: there is
/// no room now. Errors: sendmsg(2)'s, when they are this datagram's; resource_unavailable_try_again if the queue of an unconnected UNIX
/// peer is full, for no readiness tells when it is not.
std::optional<std::size_t> send_one(int fd, memory_pieces from, std::size_t offset,
                                    message_route& by, datagram_setup& setup, std::error_code& ec);

/// As many datagrams as are there and fit; how many. nullopt: none is there. Errors: as receive_one.
std::optional<std::size_t> receive_batch(int fd, incoming_batch& into, datagram_setup& setup,
                                         std::error_code& ec);

/// Sends what is left in the batch; how many of it were sent in all. nullopt: there is no room now for those that are left. A datagram that
/// cannot be sent is counted and passed over. Errors: bad_file_descriptor.
std::optional<std::size_t> send_batch(int fd, outgoing_batch& from, datagram_setup& setup,
                                      std::error_code& ec);

/// For traces: "5, 64 bytes, 127.0.0.1:9000 (sin_port 0x2823)".
std::string describe_message(int fd, std::size_t bytes, const socket_address* peer, int flags = 0);

}  // namespace duet::os

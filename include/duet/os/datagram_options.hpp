// SPDX-License-Identifier: MIT
// datagram_options: which setsockopt(2) each field of datagram_options is, the options as the kernel has them, and the groups that a socket
// is a member of. Source: socket(7), ip(7), ipv6(7), udp(7), RFC 3678 (MCAST_JOIN_GROUP).
#pragma once

#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/flow.hpp"

namespace duet::os {

/// Applies what is set in `options` and has a meaning for the family, before bind(2) and connect(2). Stops at the first failure; an option
/// that was refused for want of a privilege has that in flow::failed_step. `coalesce` is left out if the kernel does not know it.
bool apply_datagram_options(flow& steps, int fd, int family, const datagram_options& options);

/// The options of a socket at `at`: the dual-stack wildcard takes both families, [::] its own only, whatever net.ipv6.bindv6only says.
datagram_options binding_options(const endpoint& at, const datagram_options& options);

/// The options as the kernel has them now; those that the socket's family has not stay unset, and so do those that are not the kernel's
/// (segment_bytes, batch_size, max_datagram_bytes) or that it does not tell (multicast_interface of IPv4). Errors: getsockopt(2)'s.
datagram_options effective_datagram_options(int fd, std::error_code& ec);

enum class membership { join, leave };

/// Becomes a member of a group, or is one no longer. Errors: setsockopt(2)'s; no_such_device if there is no such interface.
bool change_membership(flow& steps, int fd, membership what, const multicast_group& group);

}  // namespace duet::os

// SPDX-License-Identifier: MIT
// connect_socket: what comes before connect(2): the socket, its options, its own address. Not the connecting. Source: socket(2), bind(2),
// ip(7) IP_BIND_ADDRESS_NO_PORT.
#pragma once

#include <string_view>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::os {

/// A stream socket that is to connect to `to`: with the options, bound to `options.local`. `flags` is SOCK_NONBLOCK or 0; `asio` names the
/// Asio call that takes it. None, with the flow failed, on error.
unique_fd open_connecting_socket(flow& steps, const socket_address& to, int flags,
                                 const connect_options& options, std::string_view asio = {});

/// Whether an address that a name has is one to try: of the family, and of the local address's.
bool is_wanted(const endpoint& found, const connect_options& options) noexcept;

}  // namespace duet::os

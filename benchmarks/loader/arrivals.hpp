// SPDX-License-Identifier: MIT
// The loader's connections that come and go: connect, one round trip, close, so many of them under way at a time. Over TCP each comes from
// the next address of 127.0.0.0/8, because a port that waits in TIME_WAIT cannot be used again to the same server from the same address.
#pragma once

#include "loader/traffic.hpp"

namespace duet::bench {

/// Connects nothing yet.
opened_traffic open_arrivals(const endpoint& server, const connection_settings&);

}  // namespace duet::bench

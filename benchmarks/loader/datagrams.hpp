// SPDX-License-Identifier: MIT
// The loader's datagrams to one arm: two bursts are under way all the time, so that the arm finds the next one while this process handles
// the last. What is under way fits into the receive buffers, so that nothing is lost; if a datagram is, that is an error after
// a second of silence, not a result. Bursts are as long as a batch; over UNIX as short as its queue. Several sockets share
// each. Or one datagram goes to and fro (pingpong).
#pragma once

#include <memory>

#include "duet/endpoint.hpp"
#include "loader/traffic.hpp"

namespace duet::bench {

/// @throws std::system_error; std::runtime_error if messages are too short for number and mark
std::unique_ptr<traffic> open_datagrams(const endpoint& server, const connection_settings&);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// The loader's traffic at a fixed rate: messages are due at times that do not depend on the server, on one connection after the other, and
// their latency counts from then, so that a server which stalls cannot hide what it kept waiting (coordinated omission). The loader spins:
// a sleeping one would be late by itself, which the lag tells. Without a rate it is a closed loop, to find the capacity.
#pragma once

#include <memory>
#include <vector>

#include "duet/os/unique_fd.hpp"
#include "loader/traffic.hpp"

namespace duet::bench {

std::unique_ptr<traffic> make_open_loop(std::vector<os::unique_fd> connected,
                                        const connection_settings&);

}  // namespace duet::bench

// SPDX-License-Identifier: MIT
// The loader's traffic with several messages under way on each connection: small ones pipelined, or large ones in bulk, echoed or swallowed
// (the server then answers each with one byte). Never blocks in a send while echoes wait to be read, so that both directions flow.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "duet/os/unique_fd.hpp"
#include "loader/traffic.hpp"

namespace duet::bench {

/// @param active so many of the connections send
std::unique_ptr<traffic> make_pipeline(std::vector<os::unique_fd> connected, std::size_t active,
                                       const connection_settings&);

}  // namespace duet::bench

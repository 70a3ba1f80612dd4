// SPDX-License-Identifier: MIT
// The code of docs/addresses.md that is not run by tests/examples/page.py: part of this file, so that it compiles.
#include "duet/address.hpp"
#include "duet/network.hpp"

namespace guide::addresses {

constexpr auto lan = duet::network::parse("192.168.0.0/16").value();
static_assert(lan.contains(duet::address::v4({192, 168, 1, 10})));
static_assert(!duet::network::parse("192.168.0.1/16"));  // bits behind the prefix: a slip

}  // namespace guide::addresses

// SPDX-License-Identifier: MIT
// The arm `asio` of the scenario `resolve`: the resolver of duet::on_asio. See resolve_arm.hpp.
#include "arms/resolve_arm.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/resolver.hpp"

int main(int argc, char** argv) {
  return duet::bench::run_resolve_arm<duet::on_asio::loop, duet::on_asio::resolver>(argc, argv);
}

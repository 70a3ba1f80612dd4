// SPDX-License-Identifier: MIT
// The arm `raw` of the scenario `resolve`: the resolver of duet::on_posix. See resolve_arm.hpp.
#include "arms/resolve_arm.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/resolver.hpp"

int main(int argc, char** argv) {
  return duet::bench::run_resolve_arm<duet::on_posix::loop, duet::on_posix::resolver>(argc, argv);
}

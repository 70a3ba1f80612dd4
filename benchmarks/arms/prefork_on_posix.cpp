// SPDX-License-Identifier: MIT
// The arm `prefork`: two workers of duet::on_posix. See prefork_arm.hpp.
#include "arms/prefork_arm.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/on_posix/loop.hpp"

namespace {

struct posix_workers {
  using loop = duet::on_posix::loop;
  using echo_server = duet::on_posix::echo_server;
};

}  // namespace

int main(int argc, char** argv) { return duet::bench::run_prefork_arm<posix_workers>(argc, argv); }

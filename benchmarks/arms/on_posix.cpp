// SPDX-License-Identifier: MIT
// The arm `raw`: the echo server of duet::on_posix. See duet_arm.hpp.
#include "arms/duet_arm.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/on_posix/loop.hpp"

int main(int argc, char** argv) {
  return duet::bench::run_duet_arm<duet::on_posix::loop, duet::on_posix::echo_server>(argc, argv);
}
